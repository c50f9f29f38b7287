"""The tracks that may play, by where they lie: some near a place, out of a hundred thousand."""

import math
import random
from collections.abc import Callable

from soulsync_edge.domain.affect import Affect, clamped
from soulsync_edge.domain.chance import share
from soulsync_edge.domain.rail import Rail
from soulsync_edge.domain.track import PATCH, Catalogue, Patch, Track

WIDTH = 48
"""Candidates for one place: more cost time and change little."""

_HELPING = 6  # of them from one patch while others are near: or there might be no place between
_REACH = PATCH / 2 + 1e-6  # of a patch from its middle
_DRAWS = 4  # tracks drawn for one that may play, before all are looked at


class Shelf:
    """The tracks that may play, nearest to a place first.

    Args:
        catalogue: What there is.
        seed: What chance is drawn from.
        may_play: Which of them are on the shelf.
        known: Those to look at by name, where they truly sit; the catalogue's own do not count.
        most: How many are looked at, of one patch and for one place.
        safe: No track beyond it may play; patches that lie beyond it are not looked into.
        wider: A shelf that holds all this one does, so that what is empty there is empty here.
    """

    def __init__(  # noqa: PLR0913  # what is on a shelf, all of it visible
        self,
        catalogue: Catalogue,
        seed: str,
        may_play: Callable[[Track], bool],
        *,
        known: Catalogue | None = None,
        most: int = WIDTH,
        safe: Rail | None = None,
        wider: "Shelf | None" = None,
    ) -> None:
        self.most = most
        self._safe = safe
        self._wider = wider
        self._catalogue = catalogue
        self._seed = seed
        self._may_play = may_play
        self._known = known or Catalogue()
        self._patches = (*self._known.patches, *catalogue.patches)
        self._some_of: dict[int, list[Track]] = {}
        self._has_any: dict[int, bool] = {}

    def without(self, is_out: Callable[[Track], bool], most: int = WIDTH) -> "Shelf":
        """Return a shelf that leaves some tracks out."""
        return Shelf(
            self._catalogue,
            self._seed,
            lambda track: self._may_play(track) and not is_out(track),
            known=self._known,
            most=most,
            safe=self._safe,
            wider=self,
        )

    def nearest(self, place: Affect, count: int) -> list[Track]:
        """Return up to `count` tracks, by the expected distance of their patch to `place`.

        A few of each patch; more of the same only where all patches together have too few.
        """
        numbers = sorted(
            range(len(self._patches)), key=lambda number: _distance(self._patches[number], place)
        )
        found: list[Track] = []
        for first in range(0, self.most, _HELPING):
            for number in numbers:
                found += self._some(number)[first : first + _HELPING]
                if len(found) >= count:
                    return found[:count]
        return found

    def anywhere(self, count: int) -> list[Track]:
        """Return up to `count` tracks, any as likely as any other."""
        tracks = self._catalogue.tracks
        # Chance decides between equals, it does not guard anything.
        chance = random.Random(self._seed)  # noqa: S311
        draws = chance.sample(range(len(tracks)), min(_DRAWS * count, len(tracks)))
        found = self._of([tracks[number] for number in draws])
        return (found or self._of(chance.sample(tracks, len(tracks))))[:count]

    def _of(self, tracks: list[Track]) -> list[Track]:
        truly = (self._known.by_id.get(track.track_id, track) for track in tracks)
        return [track for track in truly if self._may_play(track)]

    def _some(self, number: int) -> list[Track]:
        """Return up to `most` tracks of a patch: the surest, and of those as chance draws them."""
        if number not in self._some_of:
            some: list[Track] = []
            self._some_of[number] = some
            if not self._has(number):
                return some
            patch = self._patches[number]
            for tracks in patch.groups:
                first = int(share(self._seed, repr((patch.valence, patch.arousal))) * len(tracks))
                for other in range(first, first + len(tracks)):
                    if len(some) == self.most:
                        break
                    if self._holds(number, track := tracks[other % len(tracks)]):
                        some.append(track)
        return self._some_of[number]

    def _has(self, number: int) -> bool:
        """Return whether anything of a patch may play: none is looked through twice in vain."""
        if number not in self._has_any:
            patch = self._patches[number]
            if self._wider is not None:
                may_hold = self._wider._has(number)  # noqa: SLF001  # another of its own kind
            else:
                middle = clamped(patch.valence, patch.arousal)
                may_hold = self._safe is None or self._safe.allows_some(middle, _REACH)
            self._has_any[number] = may_hold and any(
                self._holds(number, track) for tracks in patch.groups for track in tracks
            )
        return self._has_any[number]

    def _holds(self, number: int, track: Track) -> bool:
        is_known = number < len(self._known.patches)
        is_its_own = is_known or track.track_id not in self._known.by_id
        return is_its_own and self._may_play(track)


def _distance(patch: Patch, place: Affect) -> float:
    return math.hypot(patch.valence - place.valence, patch.arousal - place.arousal, patch.spread)
