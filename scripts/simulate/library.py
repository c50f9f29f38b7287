"""Made-up libraries: where each track truly sits, and where our ear takes it to sit.

Truth is drawn to lie on the plane as tagged music does; the ear's places are as far from it as
the shipped affect model's were in cross-validation with artists apart.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect, Spread, clamped
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of

# Mean and standard deviation of valence and of arousal per quadrant, of the 720 training clips of
# the 4Q Audio Emotion Dataset after the word norms of their tags (models/music_affect.md); as in
# that dataset the quadrants are equally full.
QUADRANTS = (
    (Affect(0.71, 0.61), Spread(0.26, 0.26)),
    (Affect(-0.63, 0.37), Spread(0.19, 0.17)),
    (Affect(-0.59, -0.41), Spread(0.22, 0.31)),
    (Affect(0.54, -0.59), Spread(0.20, 0.31)),
)

HOME = 0.92
"""Share of an artist's tracks in the artist's own quadrant.

Then two tracks of one artist share a quadrant as often as in those clips: 86 % of 445 pairs.
"""

TRACKS_PER_ARTIST = 8
TRACKS_PER_ALBUM = 10
LENGTH_S, LENGTH_SPREAD_S = 210.0, 40.0
SHORTEST_S, LONGEST_S = 120.0, 330.0
"""Ours, like what follows: a common playing time, and music whose tempo, mode and loudness go
with its affect a little."""

_TEMPO_BPM, _TEMPO_OCTAVES, _TEMPO_SPREAD = 110.0, 0.3, 0.3
_MINOR, _MINOR_BY_VALENCE = 0.4, 0.25
_LOUDNESS_LUFS, _LOUDNESS_SPREAD_LU = -13.0, 3.0


@dataclass(frozen=True, slots=True)
class Ear:
    """How well music is placed by its sound alone.

    Attributes:
        valence_r2: Share of the variance that is explained, 0 to 1.
        arousal_r2: Likewise.
    """

    valence_r2: float
    arousal_r2: float

    @property
    def spread(self) -> Spread:
        """What is left: standard deviation of the truth about where the ear places a track."""
        whole = spread_of_truth()
        return Spread(
            whole.valence * math.sqrt(1 - self.valence_r2),
            whole.arousal * math.sqrt(1 - self.arousal_r2),
        )

    def placed(self, truth: Affect, chance: random.Random) -> Affect:
        """Return where the ear takes a track at `truth` to sit.

        Drawn to the middle, as regression does: of all tracks placed somewhere, the truth lies
        there on average.
        """
        middle, whole = middle_of_truth(), spread_of_truth()
        axes = (
            (truth.valence, middle.valence, whole.valence, self.valence_r2),
            (truth.arousal, middle.arousal, whole.arousal, self.arousal_r2),
        )
        valence, arousal = (
            chance.gauss(mean + r2 * (value - mean), sd * math.sqrt(r2 * (1 - r2)))
            for value, mean, sd, r2 in axes
        )
        return clamped(valence, arousal)


@dataclass(frozen=True, slots=True)
class Library:
    """Music that was made up.

    Attributes:
        catalogue: The tracks, where our ear takes them to sit: all that steering may know.
        truth: Where each sits for the listener, by `track_id`.
    """

    catalogue: Catalogue
    truth: Mapping[str, Affect]


def some_library(size: int, ear: Ear, chance: random.Random) -> Library:
    """Return a library of `size` tracks."""
    artists = [chance.randrange(len(QUADRANTS)) for _ in range(max(size // TRACKS_PER_ARTIST, 1))]
    truth: dict[str, Affect] = {}
    tracks = []
    for number in range(size):
        artist = chance.randrange(len(artists))
        track_id = f"{number:06}"
        truth[track_id] = _truth(artists[artist], chance)
        tracks.append(
            Track(
                track_id=track_id,
                path=f"/music/{track_id}.flac",
                title=f"Track {number}",
                artist=f"Artist {artist}",
                album=f"Album {chance.randrange(max(size // TRACKS_PER_ALBUM, 1))}",
                duration_s=_length_s(chance),
                affect=ear.placed(truth[track_id], chance),
                affect_spread=ear.spread,
                affect_source="how it sounds",
                sound=_sound(truth[track_id], chance),
            )
        )
    return Library(catalogue_of(tracks), truth)


def middle_of_truth() -> Affect:
    """Return the mean of the truth over all quadrants."""
    places = [place for place, _ in QUADRANTS]
    return Affect(
        math.fsum(place.valence for place in places) / len(places),
        math.fsum(place.arousal for place in places) / len(places),
    )


def spread_of_truth() -> Spread:
    """Return the standard deviation of the truth over all quadrants, per axis."""
    middle = middle_of_truth()
    valence = [(p.valence - middle.valence) ** 2 + s.valence**2 for p, s in QUADRANTS]
    arousal = [(p.arousal - middle.arousal) ** 2 + s.arousal**2 for p, s in QUADRANTS]
    return Spread(
        math.sqrt(math.fsum(valence) / len(QUADRANTS)),
        math.sqrt(math.fsum(arousal) / len(QUADRANTS)),
    )


def _truth(home: int, chance: random.Random) -> Affect:
    others = [quadrant for quadrant in range(len(QUADRANTS)) if quadrant != home]
    quadrant = home if chance.random() < HOME else chance.choice(others)
    place, spread = QUADRANTS[quadrant]
    return clamped(
        chance.gauss(place.valence, spread.valence), chance.gauss(place.arousal, spread.arousal)
    )


def _length_s(chance: random.Random) -> float:
    return round(min(max(chance.gauss(LENGTH_S, LENGTH_SPREAD_S), SHORTEST_S), LONGEST_S))


def _sound(truth: Affect, chance: random.Random) -> Sound:
    return Sound(
        tempo_bpm=_TEMPO_BPM * 2 ** chance.gauss(_TEMPO_OCTAVES * truth.arousal, _TEMPO_SPREAD),
        key=chance.randrange(12),
        is_minor=chance.random() < _MINOR - _MINOR_BY_VALENCE * truth.valence,
        danceability=0.5,
        loudness_lufs=chance.gauss(_LOUDNESS_LUFS, _LOUDNESS_SPREAD_LU),
        true_peak_dbtp=-1.0,
    )
