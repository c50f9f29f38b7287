"""Keeps the catalogue: what is known at once, then what scans find, and nothing forgotten."""

import asyncio
import logging
import random
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, Future
from contextlib import aclosing
from pathlib import Path
from typing import Protocol, TypeVar

from soulsync_edge.domain.events import Part, PartReported
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track, catalogue_of
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Post, Store
from soulsync_edge.settings import LibrarySettings

logger = logging.getLogger(__name__)

# Its own, since the shared one of the module belongs to whoever seeds it.
CHANCE = random.SystemRandom()

T = TypeVar("T")
Found = Track | SkippedFile | None

PRESENCE_S = 2.0
"""Seconds between looks whether the stick is there; an empty folder is looked into as often."""

ANSWER_S = 10.0
"""Seconds a disk may take to answer such a look."""

HEAD_START_S = 1.0
"""Seconds a scan waits for the fingerprint, so that no change slips in between the two; a large
library takes longer, and its music does not wait for that."""

WALK_S = 600.0
"""Seconds after which it is odd that a fingerprint is not finished: a fast stick walks through a
hundred thousand files in this time even when each takes 5 ms."""

_FIRST_BATCH_S, _LONGEST_BATCH_S = 0.5, 10.0
"""Seconds between partial catalogues of a first scan: each costs a sort of all tracks so far."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
"""Seconds before a scan that was cut short is tried again, doubling."""

_MOST_SKIPPED = 1000
"""Skipped files that are listed: a stick full of other things must not fill the memory."""


class MusicFolder(Protocol):
    """Looks at folders of music; the first two block for as long as the disk does."""

    def whereabouts(self, folder: Path) -> tuple[str, int]:
        """Return the library's lasting name and its mount; raises `Unavailable` when not there."""

    def fingerprint(self, folder: Path) -> str:
        """Return what differs when files came or went; raises `Unavailable` when unreadable."""

    def scan(self, folder: Path) -> AsyncGenerator[Found]:
        """Yield what is there, None as a sign of life; raises `Unavailable` when cut short."""


class Settle(Protocol):
    """Takes note whether the catalogue is complete."""

    def __call__(self, *, is_complete: bool) -> None:
        """Take note whether a scan has looked at everything, or one has just begun."""


class Librarian:
    """Finds the music and keeps track of it; all on core's loop.

    What is known from the last time is played at once. A first scan shows its finds as they
    come, a later one when it is complete. A folder that goes away empties the catalogue, never
    the store.

    Args:
        settings: Which folder, and how often to look.
        music: Looks at it and scans it.
        store: Remembers what was found; used on `worker` alone.
        worker: Runs what may block on the store.
        swap: Puts a catalogue into force.
        settle: Told when a scan begins, and when it has looked at everything.
        post: Told how the library is.
        tell: Told what is wrong with the store, and nothing once it works again.
        clock: Paces looks and retries.
    """

    def __init__(  # noqa: PLR0913  # all that a librarian needs, said once in core
        self,
        settings: LibrarySettings,
        *,
        music: MusicFolder,
        store: Store,
        worker: Executor,
        swap: Callable[[Catalogue], None],
        settle: Settle,
        post: Post,
        tell: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._music = music
        self._store = store
        self._worker = worker
        self._swap = swap
        self._settle = settle
        self._post = post
        self._tell = tell
        self._clock = clock
        self._unanswered: Future[tuple[str, int]] | None = None
        self._walk: _Walk | None = None
        self._wake = asyncio.Event()
        self._has_new_settings = False
        self._where: tuple[str, int] | None = None
        self._last_library = ""
        self._has_tracks = False
        self._must_scan = False
        self._fingerprint: str | None = None
        self._looked_s = float("-inf")
        self._try_again_s = float("-inf")
        self._wait_s = _FIRST_WAIT_S
        self._said: tuple[bool, str] | None = None

    async def run(self) -> None:
        """Look after the library until cancelled."""
        while True:
            await self.look()
            self._wake.clear()
            try:
                async with asyncio.timeout(min(PRESENCE_S, self._settings.rescan_s)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def apply(self, settings: LibrarySettings) -> None:
        """Look after the folder of `settings` from now on; a scan of another ends soon."""
        self._has_new_settings |= settings.folder != self._settings.folder
        self._settings = settings
        self._wake.set()

    async def look(self) -> None:
        """See whether the library is there and changed, and scan it where needed."""
        if self._has_new_settings:
            self._has_new_settings, self._where, self._last_library = False, None, ""
            self._unanswered = None  # another disk may answer where the old one hangs
        folder = Path(self._settings.folder)
        try:
            where = await self._whereabouts(folder)
            if where != self._where:
                await self._arrive(where, folder)
            has_changed = await self._has_changed(folder)
        except Unavailable as error:
            self._where = None
            self._show_away(str(error))
            return
        if has_changed:
            await self._scan(folder)

    async def _whereabouts(self, folder: Path) -> tuple[str, int]:
        silent = f"the library folder {folder} does not answer; pull the stick and plug it in again"
        if self._unanswered is not None and not self._unanswered.done():
            raise Unavailable(silent)
        self._unanswered = _asked(self._music.whereabouts, folder)
        if not await _answered(self._unanswered, ANSWER_S):
            raise Unavailable(silent)
        return self._unanswered.result()

    async def _arrive(self, where: tuple[str, int], folder: Path) -> None:
        """Show what is known of the library that is there now."""
        tracks, skipped = await self._kept(where[0])
        self._where = where
        self._walk, self._fingerprint, self._must_scan = None, None, True
        self._try_again_s = float("-inf")
        self._show(tracks, skipped, notice="" if tracks else f"reading the music in {folder}")

    async def _has_changed(self, folder: Path) -> bool:
        """Return whether to scan now: something is new here, or differs since the last scan.

        A fingerprint that is not finished means that nothing is known to have changed.

        Raises:
            Unavailable: The folder cannot be read.
        """
        now_s = self._clock()
        often_s = min(PRESENCE_S, self._settings.rescan_s)
        pause_s = self._settings.rescan_s if self._has_tracks else often_s
        if now_s < self._try_again_s:
            return False
        if self._walk is None:
            if not self._must_scan and now_s < self._looked_s + pause_s:
                return False
            self._walk = _Walk(_asked(self._music.fingerprint, folder), now_s)
            await _answered(self._walk.fingerprint, HEAD_START_S)
        is_done = self._walk.fingerprint.done()
        if self._must_scan:
            self._fingerprint = self._walk_result() if is_done else None
            return True
        if not is_done:
            self._walk.warn_when_late(now_s, folder)
            return False
        before, self._fingerprint = self._fingerprint, self._walk_result()
        return before not in {None, self._fingerprint}

    def _walk_result(self) -> str:
        """Return the fingerprint that is finished, and be ready to take another."""
        if self._walk is None:
            raise AssertionError("no fingerprint is being taken")
        walk, self._walk = self._walk, None
        self._looked_s = self._clock()
        return walk.fingerprint.result()

    async def _scan(self, folder: Path) -> None:
        """Take the finds of one scan, and keep them when it looked at everything."""
        where, self._must_scan = self._where, True
        self._settle(is_complete=False)
        tracks: list[Track] = []
        skipped: list[SkippedFile] = []
        try:
            await self._collect(folder, tracks, skipped)
        except Unavailable as error:
            if tracks and not self._has_tracks:
                self._show(tracks, skipped)
            self._put_off(error)
            return
        if self._has_new_settings:
            return
        self._wait_s, self._must_scan = _FIRST_WAIT_S, False
        if tracks and where is not None:
            self._last_library = where[0]
            await self._keep(where[0], tracks, skipped)
        logger.info("the library has %d tracks; %d files were skipped", len(tracks), len(skipped))
        self._finish(folder, tracks, skipped)
        self._settle(is_complete=True)

    async def _collect(self, folder: Path, tracks: list[Track], skipped: list[SkippedFile]) -> None:
        """Fill `tracks` and `skipped` from a scan; the first one is shown as it grows."""
        is_first = not self._has_tracks
        batch_s, shown_s = _FIRST_BATCH_S, self._clock()
        async with aclosing(self._music.scan(folder)) as finds:
            async for found in finds:
                if self._has_new_settings:
                    return
                if isinstance(found, Track):
                    tracks.append(found)
                elif found is not None and len(skipped) < _MOST_SKIPPED:
                    skipped.append(found)
                if is_first and tracks and self._clock() - shown_s >= batch_s:
                    self._show(tracks, skipped)
                    batch_s, shown_s = min(batch_s * 2, _LONGEST_BATCH_S), self._clock()

    def _finish(self, folder: Path, tracks: list[Track], skipped: list[SkippedFile]) -> None:
        """Show a complete scan; one without music is no reason to forget what was here before."""
        if tracks:
            self._show(tracks, skipped)
        elif self._where is not None and self._last_library not in {"", self._where[0]}:
            self._show_away(
                f"the stick with the music was pulled out of {folder}; plug it in again"
            )
        else:
            but = f" ({len(skipped)} files cannot be played)" if skipped else ""
            notice = (
                f"the library folder {folder} holds no music{but}; put music files there, plug "
                "the stick in, or set another folder"
            )
            self._show(tracks, skipped, notice=notice, is_ok=False)

    def _put_off(self, error: Unavailable) -> None:
        # Jitter spreads knocks in time; nothing is guarded by it.
        wait_s = CHANCE.uniform(self._wait_s / 2, self._wait_s)
        self._wait_s = min(self._wait_s * 2, _LONGEST_WAIT_S)
        self._try_again_s = self._clock() + wait_s
        known = "; what is known so far is played meanwhile" if self._has_tracks else ""
        self._report(f"{error}; trying again{known}", is_ok=False)

    def _show(
        self,
        tracks: list[Track] | tuple[Track, ...],
        skipped: list[SkippedFile] | tuple[SkippedFile, ...],
        *,
        notice: str = "",
        is_ok: bool = True,
    ) -> None:
        self._has_tracks = bool(tracks)
        self._swap(catalogue_of(tracks, skipped, notice=notice))
        self._report(notice, is_ok=is_ok)

    def _show_away(self, why: str) -> None:
        """Show that the library is not there; what is known of it stays in the store."""
        self._has_tracks = False
        if self._said != (False, why):
            self._swap(Catalogue(is_away=True, notice=why))
        self._report(why, is_ok=False)

    def _report(self, message: str, *, is_ok: bool) -> None:
        """Tell how the library is, when that is news."""
        if self._said == (is_ok, message):
            return
        if not is_ok:
            logger.warning("%s", message)
        self._said = (is_ok, message)
        self._post(PartReported(self._clock(), Part.LIBRARY, is_ok=is_ok, message=message))

    async def _kept(self, library: str) -> tuple[tuple[Track, ...], tuple[SkippedFile, ...]]:
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._worker, self._store.tracks, library
            )
        except Unavailable as error:
            self._tell(f"the library is read anew: {error}")
            return (), ()

    async def _keep(self, library: str, tracks: list[Track], skipped: list[SkippedFile]) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(
                self._worker, self._store.keep_tracks, library, tracks, skipped
            )
        except Unavailable as error:
            self._tell(f"the library will be read anew at the next start: {error}")
        else:
            self._tell("")


class _Walk:
    """A fingerprint being taken.

    Attributes:
        fingerprint: What it will be.
        begun_s: Since when.
    """

    def __init__(self, fingerprint: Future[str], begun_s: float) -> None:
        self.fingerprint = fingerprint
        self.begun_s = begun_s
        self._has_warned = False

    def warn_when_late(self, now_s: float, folder: Path) -> None:
        """Say once that new files will be noticed late."""
        if self._has_warned or now_s < self.begun_s + WALK_S:
            return
        self._has_warned = True
        logger.warning(
            "the library folder %s has been looked through for %.0f min; new files are noticed "
            "when that ends. The stick may be slow or damaged",
            folder,
            (now_s - self.begun_s) / 60,
        )


def _asked(question: Callable[[Path], T], folder: Path) -> Future[T]:
    """Return what the disk will answer.

    Asked in a thread of its own that nobody waits for at the end: a stick that hangs must neither
    keep choices from being kept nor core from ending.
    """
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # from now on it cannot be cancelled by who waits

    def ask() -> None:
        try:
            answer.set_result(question(folder))
        except BaseException as error:  # noqa: BLE001  # raised again where it is awaited
            answer.set_exception(error)

    threading.Thread(target=ask, name="library", daemon=True).start()
    return answer


async def _answered(answer: Future[T], within_s: float) -> bool:
    """Return whether the answer is there within a time."""
    waited_for = asyncio.wrap_future(answer)
    waited_for.add_done_callback(lambda late: late.cancelled() or late.exception())
    await asyncio.wait({waited_for}, timeout=within_s)
    return answer.done()
