"""What a track costs where it might be played: the same for a single choice and for a path.

Costs are told as the distance on the affect plane that would be as bad, so that they add up. They
are ours to tune, not measured; what they must bring about is tested.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.chance import share
from soulsync_edge.domain.freshness import ChoiceRules, Past
from soulsync_edge.domain.liking import Liking
from soulsync_edge.domain.track import Track

# Enough to prefer a neighbour, too little to cross into another mood.
ARTIST_PENALTY = 0.4
ALBUM_PENALTY = 0.2

LIKING_COST = 0.4
"""For what is disliked as much as can be; what is liked as much is as much cheaper."""

_TIRED_COST = 1.0  # heard just now; less the longer ago


def cost_at(track: Track, place: Affect, unsure: Spread | None = None) -> float:
    """Return what `track` costs where music should sit at `place`: its expected distance.

    That is the root of the mean square distance over all the places where the track may truly be,
    and, with `unsure`, over all those where the music should truly sit.
    """
    spread = track.affect_spread
    distance = math.hypot(track.affect.distance_to(place), spread.valence, spread.arousal)
    return distance if unsure is None else math.hypot(distance, unsure.valence, unsure.arousal)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Which artists and albums are held back; the empty ones are unknown.

    Attributes:
        artists: Of the last tracks, as many as the gap.
        albums: Likewise.
    """

    artists: tuple[str, ...]
    albums: tuple[str, ...]

    def cost(self, track: Track) -> float:
        """Return what it costs to play `track` next."""
        cost = ARTIST_PENALTY if track.artist and track.artist in self.artists else 0.0
        return cost + (ALBUM_PENALTY if track.album and track.album in self.albums else 0.0)


class Costs:
    """What tracks cost after all that was before, and as chance draws it.

    Args:
        rules: How free and how fresh.
        past: What was before.
        seed: What chance is drawn from.
        liking: How well tracks are liked; None: all alike.
    """

    def __init__(
        self, rules: ChoiceRules, past: Past, seed: str, liking: Liking | None = None
    ) -> None:
        self._rules = rules
        self._seed = seed
        self._liking = liking
        self._draw = None if liking is None else liking.draw(seed)
        self._chances: dict[str, float] = {}
        self.tired = past.tiredness(rules)
        """How tired each track is that still cools down."""

    def at(self, track: Track, place: Affect | None, unsure: Spread | None = None) -> float:
        """Return what `track` costs where the music should sit at `place`; None: anywhere."""
        cost = 0.0 if place is None else cost_at(track, place, unsure)
        cost += _TIRED_COST * self.tired.get(track.track_id, 0.0)
        if self._liking is not None:
            cost -= LIKING_COST * self._liking.expected(track, place)
        return cost

    def stray(self, track: Track, place: Affect | None) -> float:
        """Return what chance and trying out add together, 0 to `variety`.

        So what is chosen is never dearer than the best by more than that.
        """
        variety = self._rules.variety
        if self._draw is None or not variety:
            return self._chance(track)
        lead = LIKING_COST * self._draw.surprise(track, place) / variety
        return (self._chance(track) + variety * min(max(0.5 - lead, 0.0), 1.0)) / 2

    def spacing(self, names: Iterable[tuple[str, str]]) -> Spacing:
        """Return what is held back after tracks by these artists, from these albums."""
        names = tuple(names)
        gap, album_gap = self._rules.artist_gap, self._rules.album_gap
        return Spacing(
            tuple(artist for artist, _ in names[-gap:]) if gap else (),
            tuple(album for _, album in names[-album_gap:]) if album_gap else (),
        )

    def onwards(self, before: Spacing, track: Track) -> Spacing:
        """Return what is held back after `track`, with `before` held back until then."""
        gap, album_gap = self._rules.artist_gap, self._rules.album_gap
        return Spacing(
            (*before.artists, track.artist)[-gap:] if gap else (),
            (*before.albums, track.album)[-album_gap:] if album_gap else (),
        )

    def _chance(self, track: Track) -> float:
        """Return what chance alone adds, from 0 up to `variety`."""
        name = track.track_id
        if name not in self._chances:
            self._chances[name] = share(self._seed, name)
        return self._rules.variety * self._chances[name]
