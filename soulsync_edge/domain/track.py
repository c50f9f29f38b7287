"""Tracks, and the catalogue of all that are known."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.sound import Sound


@dataclass(frozen=True, slots=True)
class Track:
    """One piece of music that can be played.

    Attributes:
        track_id: Stable name: the same file on the same stick has the same one.
        path: Where the file lies now, absolute.
        title: From its tags, or its file name.
        artist: From its tags; empty when unknown.
        album: From its tags; empty when unknown.
        duration_s: Playing time; 0 when unknown.
        affect: Where the music sits on the affect plane.
        affect_spread: How unsure that is.
        affect_source: What it was read from: words a person understands.
        sound: What it sounds like; None until it was analysed.
        year: When it came out, from its tags; None when unknown.
        replay_gain_db: How much to turn it up, after its tags, to be as loud as others; relative
            to -18 LUFS. Source: ReplayGain 2.0 specification. None when unknown.
    """

    track_id: str
    path: str
    title: str
    artist: str
    album: str
    duration_s: float
    affect: Affect
    affect_spread: Spread
    affect_source: str
    sound: Sound | None = None
    year: int | None = None
    replay_gain_db: float | None = None


def track_id(library: str, relative_path: bytes) -> str:
    """Return the name of the track at `relative_path` of `library`: 20 hexadecimal digits.

    Args:
        library: Names the stick, disk or folder the path is counted from.
        relative_path: As the file system holds it: not every name is text.
    """
    return hashlib.blake2b(
        relative_path, digest_size=10, key=hashlib.sha256(library.encode()).digest()
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file in the library that is not played, and why.

    Attributes:
        path: Where it lies.
        reason: One sentence a person understands.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Patch:
    """The tracks of one patch of the affect plane: they lie so close that any will do.

    Attributes:
        valence: Its middle, -1 to 1.
        arousal: Its middle, -1 to 1.
        spread: How unsure the surest group is, both axes together, about.
        groups: The tracks, grouped by how unsure they are, the surest first; none is empty.
    """

    valence: float
    arousal: float
    spread: float
    groups: tuple[tuple[Track, ...], ...]


PATCH = 0.1
"""Width of a patch: finer than what is known of most tracks, and 441 cover the plane."""

_SPREAD_STEP = 0.2
_MOST_SPREAD = 1.0  # a place known no better is not known


@dataclass(frozen=True)
class Catalogue:
    """All tracks that can be played now; frozen, swapped whole.

    Attributes:
        tracks: In a stable order (by `track_id`), without doubles.
        skipped: What was found but cannot be played.
        is_away: The folder or stick is not there; `tracks` is empty meanwhile.
        notice: What to tell a person about the library, or empty when all is well.
    """

    tracks: tuple[Track, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    is_away: bool = False
    notice: str = ""

    @cached_property
    def by_id(self) -> Mapping[str, Track]:
        """The tracks by their `track_id`."""
        return MappingProxyType({track.track_id: track for track in self.tracks})

    def indexed(self) -> "Catalogue":
        """Return itself, with what is looked up in it made: of many tracks that takes a while."""
        _ = self.by_id, self.patches
        return self

    @cached_property
    def patches(self) -> tuple[Patch, ...]:
        """The tracks by where they lie, for those who look for some near a place."""
        found: dict[tuple[int, int], dict[int, list[Track]]] = {}
        for track in self.tracks:
            affect, spread = track.affect, track.affect_spread
            unsure = min(math.hypot(spread.valence, spread.arousal), _MOST_SPREAD)
            place = (round(affect.valence / PATCH), round(affect.arousal / PATCH))
            groups = found.setdefault(place, {})
            groups.setdefault(round(unsure / _SPREAD_STEP), []).append(track)
        return tuple(
            Patch(
                valence=valence * PATCH,
                arousal=arousal * PATCH,
                spread=min(groups) * _SPREAD_STEP,
                groups=tuple(tuple(groups[unsure]) for unsure in sorted(groups)),
            )
            for (valence, arousal), groups in sorted(found.items())
        )


def catalogue_of(
    tracks: Iterable[Track],
    skipped: Iterable[SkippedFile] = (),
    *,
    is_away: bool = False,
    notice: str = "",
) -> Catalogue:
    """Return a catalogue of `tracks` in stable order; of doubles by id, the last one counts."""
    by_id = {track.track_id: track for track in tracks}
    return Catalogue(
        tracks=tuple(by_id[track_id] for track_id in sorted(by_id)),
        skipped=tuple(skipped),
        is_away=is_away,
        notice=notice,
    )
