"""What the room has been found to like: of tracks, of artists, and in general.

The room's, not a person's: nobody is told apart, and nothing of a face is in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.preference import Preference, Tally
from soulsync_edge.domain.track import Track

MOST_REGARDS = 3000
"""Tracks of which something is known; of more, those without a word said go first, oldest first."""

MOST_ARTISTS = 1000

SAID_SPREAD = 0.15
"""How unsure a place is that somebody corrected: surer than any estimate of ours."""

SAID_SOURCE = "what you said of it"

TRACK_DOUBT, ARTIST_DOUBT = 2.0, 4.0
"""Observations before a track, or an artist, is believed by half. Ours to tune."""

LIKED = 0.4
"""What a like counts for as long as it stands, beside what is learnt from it."""

_CORRECTION = 0.3  # a clear step for the ear
_PROMISING = 0.1


class Sign(StrEnum):
    """What happened to a track; each is counted."""

    FINISH = "finish"
    SKIP = "skip"
    REPLAY = "replay"
    TURNED_DOWN = "turned down"


@dataclass(frozen=True, slots=True)
class Regard:
    """What is known of how one track is liked.

    Attributes:
        track_id: Which one; it may be on a stick that is away.
        title: As last known, for people.
        artist: Likewise.
        is_liked: Someone said so.
        liked_day: When, as the number of the day (`datetime.date.toordinal`); 0: unknown.
        is_never: Someone wants it never to be played.
        valence: Where someone said that it sits, -1 to 1; None: nobody did.
        arousal: Likewise.
        tally: How it was met, beyond what was expected.
        finishes: How often it was heard out.
        skips: How often it was not.
        replays: How often it was wanted again.
        turned_down: How often the volume was turned down during it.

    Raises:
        ValueError: A place is outside the plane, or a number is below 0.
    """

    track_id: str
    title: str = ""
    artist: str = ""
    is_liked: bool = False
    liked_day: int = 0
    is_never: bool = False
    valence: float | None = None
    arousal: float | None = None
    tally: Tally = Tally()
    finishes: int = 0
    skips: int = 0
    replays: int = 0
    turned_down: int = 0

    def __post_init__(self) -> None:
        Affect(self.valence or 0.0, self.arousal or 0.0)  # holds the rules for both
        if min(self.liked_day, self.finishes, self.skips, self.replays, self.turned_down) < 0:
            raise ValueError(f"days and counts must be 0 or more, got {self}")

    @property
    def is_corrected(self) -> bool:
        """Someone said where it sits."""
        return self.valence is not None or self.arousal is not None

    @property
    def is_said(self) -> bool:
        """It holds a word somebody said, which stands until it is taken back."""
        return self.is_liked or self.is_never or self.is_corrected

    def with_sign(self, sign: Sign) -> "Regard":
        """Return it with one more count."""
        match sign:
            case Sign.FINISH:
                return replace(self, finishes=self.finishes + 1)
            case Sign.SKIP:
                return replace(self, skips=self.skips + 1)
            case Sign.REPLAY:
                return replace(self, replays=self.replays + 1)
            case Sign.TURNED_DOWN:
                return replace(self, turned_down=self.turned_down + 1)


@dataclass(frozen=True, slots=True)
class ArtistTally:
    """How the tracks of an artist were met, beyond what was expected."""

    artist: str
    tally: Tally


@dataclass(frozen=True)
class Taste:
    """What the room has been found to like; frozen, swapped whole.

    Attributes:
        regards: What is known of tracks, the latest touched last, each once.
        artists: What is known of artists, likewise.
        preference: What is preferred in general.
    """

    regards: tuple[Regard, ...] = ()
    artists: tuple[ArtistTally, ...] = ()
    preference: Preference = Preference()

    @cached_property
    def by_id(self) -> Mapping[str, Regard]:
        """The regards by track."""
        return MappingProxyType({regard.track_id: regard for regard in self.regards})

    @cached_property
    def never(self) -> frozenset[str]:
        """The tracks that are never to be played."""
        return frozenset(regard.track_id for regard in self.regards if regard.is_never)

    @cached_property
    def words(self) -> frozenset[tuple[str, bool, bool, float | None, float | None]]:
        """All that was said of tracks: each with liked, never, valence and arousal."""
        return frozenset(
            (one.track_id, one.is_liked, one.is_never, one.valence, one.arousal)
            for one in self.regards
            if one.is_said
        )

    @cached_property
    def tally_of_artist(self) -> Mapping[str, Tally]:
        """The tallies by artist."""
        return MappingProxyType({one.artist: one.tally for one in self.artists})

    def regard_of(self, track: Track) -> Regard:
        """Return what is known of `track`, with its title and artist as they are now."""
        known = self.by_id.get(track.track_id) or Regard(track.track_id)
        return replace(known, title=track.title, artist=track.artist)

    def corrected(self, track: Track) -> Track:
        """Return `track` where it sits after what somebody said of it: that counts, at once."""
        known = self.by_id.get(track.track_id)
        if known is None or not known.is_corrected:
            return track
        affect, spread = track.affect, track.affect_spread
        return replace(
            track,
            affect=Affect(
                affect.valence if known.valence is None else known.valence,
                affect.arousal if known.arousal is None else known.arousal,
            ),
            affect_spread=Spread(
                spread.valence if known.valence is None else min(spread.valence, SAID_SPREAD),
                spread.arousal if known.arousal is None else min(spread.arousal, SAID_SPREAD),
            ),
            affect_source=SAID_SOURCE,
        )

    def with_correction(self, track: Track, *, valence: int = 0, arousal: int = 0) -> "Taste":
        """Return the taste once somebody said that `track` lies further that way.

        Args:
            track: As the catalogue has it.
            valence: 1 brighter, -1 darker than it is taken for, 0: nothing said.
            arousal: 1 livelier, -1 calmer.
        """
        place = self.corrected(track).affect
        regard = self.regard_of(track)
        if valence:
            regard = replace(regard, valence=_moved(place.valence, valence))
        if arousal:
            regard = replace(regard, arousal=_moved(place.arousal, arousal))
        return self.with_regard(regard)

    def with_regard(self, regard: Regard) -> "Taste":
        """Return the taste with this known of a track; when that is too much, without another."""
        others = [one for one in self.regards if one.track_id != regard.track_id]
        if len(others) >= MOST_REGARDS:
            others.remove(next((one for one in others if not one.is_said), others[0]))
        return replace(self, regards=(*others, regard))

    def with_artist(self, artist: str, tally: Tally) -> "Taste":
        """Return the taste with this known of an artist."""
        others = [one for one in self.artists if one.artist != artist]
        return replace(self, artists=(*others[-MOST_ARTISTS + 1 :], ArtistTally(artist, tally)))

    def is_promising(self, regard: Regard, day: int) -> bool:
        """Return whether a track is liked clearly enough to be looked for."""
        if regard.is_liked:
            return True
        return regard.tally.total > 0.0 and regard.tally.mean(TRACK_DOUBT, day) >= _PROMISING


def _moved(axis: float, direction: int) -> float:
    return min(max(axis + direction * _CORRECTION, -1.0), 1.0)
