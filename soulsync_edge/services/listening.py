"""Listens to the library in the background, and makes the catalogue better known as it goes."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from itertools import islice
from typing import Protocol, TypeVar

from soulsync_edge.domain.doubles import as_skipped, one_of_each
from soulsync_edge.domain.events import ListeningMoved
from soulsync_edge.domain.hearing import Analysis, FilePrint, Hearing, ListeningProgress
from soulsync_edge.domain.hints import Placed, fused
from soulsync_edge.domain.track import Catalogue, Track
from soulsync_edge.errors import MediaError, ModelError, Unavailable
from soulsync_edge.ports import Clock, Post, Store
from soulsync_edge.services.finds import MOST_SKIPPED
from soulsync_edge.settings import LibrarySettings

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_BATCH = 5
"""Tracks after which the first ones are placed."""

GROWTH = 0.1
"""A tenth more tracks heard, and all are placed anew: by what is usual among them, which changes
ever less. So a library of any size is placed a few dozen times in all."""

BATCH_S = 10.0
"""Seconds between two batches at least: each is a new catalogue, and a commit on a card."""

KEEP_AGAIN_S = 60.0
"""Seconds until what was heard last, and could not be kept, is tried to be kept again."""

PROGRESS_S = 1.0
"""Seconds between two reports of progress at least."""

HEARD_FOR_ESTIMATE = 3
"""Tracks that were listened to before it is said how long the rest takes."""


class Ear(Protocol):
    """Listens to one file at a time, outside this program."""

    async def identify(self, track_id: str, path: str, known: FilePrint | None) -> FilePrint:
        """Return by what the file is known again; `known` when that is still true.

        Raises:
            MediaError: The file is to blame.
            Unavailable: Nothing can be listened to.
        """

    async def listen(self, track_id: str, path: str) -> Analysis:
        """Return what the file sounds like.

        Raises:
            MediaError: The file is to blame.
            Unavailable: Nothing can be listened to.
        """

    async def close(self) -> None:
        """Let go of everything until asked again."""


class Places(Protocol):
    """Places music on the affect plane."""

    @property
    def version(self) -> str:
        """Names the descriptors it takes."""

    def placed(self, library: Sequence[str]) -> list[Placed]:
        """Return where each piece of a library sits, by its descriptors; takes a while."""


class Listening:
    """Listens to every track once a scan is complete, and places what it heard; on core's loop.

    A catalogue is in force as it came before anything else is done: music never waits for this.
    What is heard is kept by content, so that a file is listened to once, whatever it is called.
    A file that cannot be listened to is tried again after the next scan. Of several tracks that
    turn out to be the same music one stays: that which plays, or else that with the shortest
    path; and as long as it is there, it goes on being the one.

    Args:
        settings: Whether to listen at all.
        ear: Listens.
        open_places: Returns who places what was heard; called once, in a thread.
        store: Remembers what was heard; used on `worker` alone.
        worker: Runs what may block on the store.
        swap: Puts a catalogue into force.
        refine: Puts the same music, better known, into force.
        playing: Returns which track plays, or None.
        post: Told how far it has got.
        tell: Told what is wrong with the store, and nothing once it works again.
        clock: Paces batches, and tells how long the rest takes.
    """

    def __init__(  # noqa: PLR0913  # all that listening needs, said once in core
        self,
        settings: LibrarySettings,
        *,
        ear: Ear,
        open_places: Callable[[], Places],
        store: Store,
        worker: Executor,
        swap: Callable[[Catalogue], None],
        refine: Callable[[Catalogue], None],
        playing: Callable[[], str | None],
        post: Post,
        tell: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._ear = ear
        self._open_places = open_places
        self._store = store
        self._worker = worker
        self._swap = swap
        self._refine = refine
        self._playing = playing
        self._post = post
        self._tell = tell
        self._clock = clock
        self._wake = asyncio.Event()
        self._places: Places | None = None
        self._base = Catalogue()
        self._is_complete = False
        self._hearings: dict[str, Hearing] = {}
        self._unheard: set[str] = set()
        self._stayed: frozenset[str] = frozenset()
        self._asked: set[str] = set()
        self._checked: set[str] = set()
        self._to_keep: dict[str, Hearing] = {}
        self._kept_s = float("-inf")
        self._refined: Catalogue | None = None
        self._refined_s = float("-inf")
        self._placed = 0
        self._news = 0
        self._spent_s, self._heard = 0.0, 0
        self._said: ListeningProgress | None = None
        self._said_s = float("-inf")

    def show(self, catalogue: Catalogue) -> None:
        """Put `catalogue` into force, and soon after what is known of it by ear."""
        self._base = catalogue
        self._swap(catalogue)
        self._wake.set()

    def settle(self, *, is_complete: bool) -> None:
        """Take note whether a scan has looked at everything; only then is listened."""
        self._is_complete = is_complete
        if is_complete:
            self._checked.clear()
        self._wake.set()

    def apply(self, settings: LibrarySettings) -> None:
        """Listen, or not, as `settings` say from now on."""
        self._settings = settings
        self._wake.set()

    async def run(self) -> None:
        """Listen whenever there is something to listen to, until cancelled."""
        try:
            while True:
                self._wake.clear()
                try:
                    await self.look()
                except (ModelError, Unavailable) as error:
                    self._report(None)
                    logger.warning("%s; the music is played by its tags until the next scan", error)
                await self._rest()
        finally:
            await self._ear.close()
            if self._to_keep and self._places is not None:
                self._worker.submit(
                    self._store.keep_hearings, self._to_keep.copy(), self._places.version
                )

    async def look(self) -> None:
        """Show what is known by ear of the catalogue in force, and listen to what is not.

        Raises:
            ModelError: What was heard cannot be placed.
            Unavailable: Nothing can be listened to.
        """
        base = self._base
        if not base.tracks:
            self._hearings.clear()  # the store has them; another library may come
            self._unheard.clear()
            self._asked.clear()
            self._report(None)
            return
        if self._places is None:
            self._places = await asyncio.to_thread(self._open_places)
        await self._recall(base, self._places)
        if self._refined is not base:
            await self._place(base, self._places)
        if not self._settings.listen:
            self._report(None)
        elif self._is_complete:
            try:
                await self._listen_to(base, self._places)
            finally:
                await self._ear.close()

    async def _rest(self) -> None:
        """Wait until there is something to do; a disk that was full may have room meanwhile."""
        while self._to_keep and self._places is not None:
            try:
                async with asyncio.timeout(KEEP_AGAIN_S):
                    await self._wake.wait()
            except TimeoutError:
                await self._keep(self._places)
            else:
                return
        await self._wake.wait()

    async def _recall(self, base: Catalogue, places: Places) -> None:
        """Take what the store knows of tracks that are new here."""
        new = [one.track_id for one in base.tracks if one.track_id not in self._asked]
        if not new:
            return
        self._asked.update(new)
        try:
            known = await self._on_worker(self._store.hearings, new, places.version)
        except Unavailable as error:
            self._tell(f"what was listened to before is not known: {error}")
            return
        self._hearings = known | self._hearings

    async def _listen_to(self, base: Catalogue, places: Places) -> None:
        """Go through the tracks that were not looked at since the last scan, new ones first."""
        waiting = [one for one in base.tracks if one.track_id not in self._checked]
        waiting.sort(
            key=lambda one: (one.track_id in self._unheard, one.track_id in self._hearings)
        )
        for track in waiting:
            if self._base is not base or not self._is_complete or not self._settings.listen:
                break
            await self._hear(track, places)
            self._show_progress(base)
            await self._keep_some(places)
            if self._is_time_to_place():
                await self._place(base, places)
        else:
            if self._news:
                await self._place(base, places)
            self._show_progress(base, is_end=True)
        await self._keep(places)

    async def _hear(self, track: Track, places: Places) -> None:
        """Learn what `track` sounds like, if it is not known or its file is another now."""
        name = track.track_id
        known = self._hearings.get(name)
        try:
            file = await self._ear.identify(name, track.path, None if known is None else known.file)
            if known is not None and known.file == file:
                self._checked.add(name)
                return
            analysis = await self._analysis(file.content, places)
            if analysis is None:
                analysis = await self._listened(track)
        except MediaError as error:
            logger.debug("%s cannot be listened to: %s", track.path, error)
            self._hearings.pop(name, None)
            self._unheard.add(name)
        else:
            self._hearings[name] = self._to_keep[name] = Hearing(file, analysis)
            self._unheard.discard(name)
            self._news += 1
        self._checked.add(name)

    async def _listened(self, track: Track) -> Analysis:
        begun_s = self._clock()
        analysis = await self._ear.listen(track.track_id, track.path)
        self._spent_s += self._clock() - begun_s
        self._heard += 1
        return analysis

    async def _analysis(self, content: str, places: Places) -> Analysis | None:
        """Return what is known of this content: a double, or a file that was moved or retagged."""
        for hearing in self._to_keep.values():
            if hearing.file.content == content:
                return hearing.analysis
        try:
            return await self._on_worker(self._store.analysis, content, places.version)
        except Unavailable as error:
            self._tell(f"what was listened to before is not known: {error}")
            return None

    def _is_time_to_place(self) -> bool:
        if self._news < max(FIRST_BATCH, GROWTH * self._placed):
            return False
        return not self._placed or self._clock() - self._refined_s >= BATCH_S

    async def _place(self, base: Catalogue, places: Places) -> None:
        """Show `base` with everything that is known by ear."""
        heard = {
            one.track_id: self._hearings[one.track_id]
            for one in base.tracks
            if one.track_id in self._hearings
        }
        self._refined, self._placed, self._news = base, len(heard), 0
        if not heard:
            return
        playing = self._playing()
        preferred = sorted(self._stayed) + ([] if playing is None else [playing])
        better, self._stayed = await asyncio.to_thread(
            _without_doubles, base, heard, preferred, places
        )
        self._refined_s = self._clock()
        if self._base is base:
            self._refine(better)

    async def _keep_some(self, places: Places) -> None:
        if self._clock() - self._kept_s >= BATCH_S:
            await self._keep(places)

    async def _keep(self, places: Places) -> None:
        """Keep what was heard since the last time."""
        if not self._to_keep:
            return
        self._kept_s = self._clock()
        try:
            await self._on_worker(self._store.keep_hearings, self._to_keep, places.version)
        except Unavailable as error:
            self._tell(f"what is listened to now will be listened to again: {error}")
        else:
            self._to_keep = {}
            self._tell("")

    def _show_progress(self, base: Catalogue, *, is_end: bool = False) -> None:
        if not is_end and self._clock() - self._said_s < PROGRESS_S:
            return
        done = sum(
            one.track_id in self._hearings or one.track_id in self._unheard for one in base.tracks
        )
        total, left_s = len(base.tracks), None
        if done < total and self._heard >= HEARD_FOR_ESTIMATE:
            left_s = (total - done) * self._spent_s / self._heard
        self._report(ListeningProgress(done, total, left_s))

    def _report(self, progress: ListeningProgress | None) -> None:
        if progress != self._said:
            self._said, self._said_s = progress, self._clock()
            self._post(ListeningMoved(self._said_s, progress))

    async def _on_worker(self, ask: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, ask, *arguments)


def _without_doubles(
    base: Catalogue, heard: Mapping[str, Hearing], preferred: Sequence[str], places: Places
) -> tuple[Catalogue, frozenset[str]]:
    """Return `base` better known, without doubles, and which tracks stay in the place of others."""
    content = {name: hearing.file.content for name, hearing in heard.items()}
    instead = one_of_each(base.tracks, content, preferred)
    better = refined(base, heard, instead, places).indexed()
    return better, frozenset(one.track_id for one in instead.values())


def refined(
    base: Catalogue, heard: Mapping[str, Hearing], instead: Mapping[str, Track], places: Places
) -> Catalogue:
    """Return `base` with its tracks placed by their hints and by ear together.

    Those in whose place another track stands `instead` are left out.
    """
    only = [track for track in base.tracks if track.track_id not in instead]
    doubles = (
        as_skipped(track, instead[track.track_id])
        for track in base.tracks
        if track.track_id in instead
    )
    tracks = [track for track in only if track.track_id in heard]
    placed = places.placed([heard[track.track_id].analysis.descriptors for track in tracks])
    better = {
        track.track_id: _known_better(track, heard[track.track_id].analysis, place)
        for track, place in zip(tracks, placed, strict=True)
    }
    return replace(
        base,
        tracks=tuple(better.get(one.track_id, one) for one in only),
        skipped=tuple(islice((*base.skipped, *doubles), MOST_SKIPPED)),
    )


def _known_better(track: Track, analysis: Analysis, heard: Placed) -> Track:
    both = fused(Placed(track.affect, track.affect_spread, track.affect_source), heard)
    return replace(
        track,
        affect=both.affect,
        affect_spread=both.spread,
        affect_source=both.source,
        sound=analysis.sound,
    )
