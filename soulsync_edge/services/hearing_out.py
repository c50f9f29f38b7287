"""Listens to a whole library at once, while somebody waits for it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from soulsync_edge.domain.hearing import Analysis, Hearing
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.errors import MediaError, Unavailable
from soulsync_edge.ports import Store
from soulsync_edge.services.listening import Ear

_BATCH = 20
"""Tracks after which what was heard is kept: whoever interrupts loses no more."""


@dataclass(frozen=True, slots=True)
class HeardOut:
    """What listening to a library came to.

    Attributes:
        hearings: By `track_id`, of every track that could be heard.
        unheard: The others, and why.
    """

    hearings: dict[str, Hearing] = field(default_factory=dict)
    unheard: list[SkippedFile] = field(default_factory=list)


class Memory:
    """What was heard before, as far as there is a store that works.

    Args:
        store: Where it is kept; None where nothing can be.
        version: Names the descriptors the ears make.
        tell: Told, once, when the store fails.
    """

    def __init__(self, store: Store | None, version: str, tell: Callable[[str], None]) -> None:
        self._store = store
        self._version = version
        self._tell = tell
        self._fresh: dict[str, Hearing] = {}

    def hearings(self, track_ids: Iterable[str]) -> dict[str, Hearing]:
        """Return what is known of tracks, by their names."""
        if self._store is None:
            return {}
        try:
            return self._store.hearings(track_ids, self._version)
        except Unavailable as error:
            self._lose(error)
            return {}

    def analysis(self, content: str) -> Analysis | None:
        """Return what is known of this content, whatever the file is called now."""
        if self._store is None:
            return None
        try:
            return self._store.analysis(content, self._version)
        except Unavailable as error:
            self._lose(error)
            return None

    def learn(self, track_id: str, hearing: Hearing) -> None:
        """Keep what was heard, with the next ones."""
        self._fresh[track_id] = hearing
        if len(self._fresh) >= _BATCH:
            self.keep()

    def keep(self) -> None:
        """Keep what was learnt and is not kept yet."""
        fresh, self._fresh = self._fresh, {}
        if self._store is not None and fresh:
            try:
                self._store.keep_hearings(fresh, self._version)
            except Unavailable as error:
                self._lose(error)

    def _lose(self, error: Unavailable) -> None:
        self._store = None
        self._tell(f"what is heard now will be heard again next time: {error}")


async def heard_out(
    tracks: Sequence[Track], ears: Sequence[Ear], memory: Memory, advance: Callable[[], None]
) -> HeardOut:
    """Return what all `tracks` sound like: from memory where they did not change, else by ear.

    Args:
        tracks: What to listen to.
        ears: Each listens to one file at a time, all of them side by side; they are closed.
        memory: Of what was heard before.
        advance: Called after each track.

    Raises:
        Unavailable: The ears cannot be had.
    """
    out = HeardOut(memory.hearings([track.track_id for track in tracks]))
    waiting = iter(tracks)
    try:
        async with asyncio.TaskGroup() as together:
            for ear in ears:
                together.create_task(_hear(waiting, ear, memory, out, advance))
    except ExceptionGroup as group:
        first = group.exceptions[0]
        raise (first if isinstance(first, Unavailable) else group) from None
    finally:
        memory.keep()
        for ear in ears:
            await ear.close()
    return out


async def _hear(
    waiting: Iterator[Track], ear: Ear, memory: Memory, out: HeardOut, advance: Callable[[], None]
) -> None:
    """Hear one track after another until none waits."""
    for track in waiting:
        known = out.hearings.pop(track.track_id, None)
        try:
            hearing = await _hearing(track, known, ear, memory)
        except MediaError as error:
            out.unheard.append(SkippedFile(track.path, str(error)))
        else:
            out.hearings[track.track_id] = hearing
            if hearing != known:
                memory.learn(track.track_id, hearing)
        advance()


async def _hearing(track: Track, known: Hearing | None, ear: Ear, memory: Memory) -> Hearing:
    name = track.track_id
    file = await ear.identify(name, track.path, None if known is None else known.file)
    if known is not None and known.file.content == file.content:
        return Hearing(file, known.analysis)
    analysis = memory.analysis(file.content)
    return Hearing(file, analysis or await ear.listen(name, track.path))
