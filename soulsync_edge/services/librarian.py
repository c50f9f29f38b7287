"""Keeps the catalogue: what is known at once, then what scans find, and nothing forgotten."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Protocol, TypeVar

from soulsync_edge.domain.events import Part, PartReported
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track, catalogue_of
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Post, Store
from soulsync_edge.settings import LibrarySettings

logger = logging.getLogger(__name__)

T = TypeVar("T")
Found = Track | SkippedFile | None

PRESENCE_S = 2.0
"""Seconds between looks whether the stick is there; an empty folder is looked into as often."""

ANSWER_S = 10.0
"""Seconds a disk may take to answer such a look."""

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
        post: Told how the library and the store are.
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
        post: Post,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._music = music
        self._store = store
        self._worker = worker
        self._swap = swap
        self._post = post
        self._clock = clock
        # Apart from the store's worker: a stick that hangs must not keep choices from being kept.
        self._looker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="library")
        self._unanswered: asyncio.Future[object] | None = None
        self._wake = asyncio.Event()
        self._has_new_settings = False
        self._where: tuple[str, int] | None = None
        self._last_library = ""
        self._has_tracks = False
        self._fingerprint = ""
        self._looked_s = float("-inf")
        self._try_again_s = float("-inf")
        self._wait_s = _FIRST_WAIT_S
        self._said: tuple[bool, str] | None = None
        self._store_failed = False

    async def run(self) -> None:
        """Look after the library until cancelled."""
        try:
            while True:
                await self.look()
                self._wake.clear()
                try:
                    async with asyncio.timeout(min(PRESENCE_S, self._settings.rescan_s)):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            self._looker.shutdown(wait=False, cancel_futures=True)

    def apply(self, settings: LibrarySettings) -> None:
        """Look after the folder of `settings` from now on; a scan under way ends soon."""
        self._settings = settings
        self._has_new_settings = True
        self._wake.set()

    async def look(self) -> None:
        """See whether the library is there and changed, and scan it where needed."""
        if self._has_new_settings:
            self._has_new_settings, self._where, self._last_library = False, None, ""
        settings, folder = self._settings, Path(self._settings.folder)
        try:
            where = await self._whereabouts(folder)
            if where != self._where:
                await self._arrive(where, folder)
            pause_s = settings.rescan_s if self._has_tracks else min(PRESENCE_S, settings.rescan_s)
            now_s = self._clock()
            if now_s < max(self._looked_s + pause_s, self._try_again_s):
                return
            fingerprint = await self._answer(self._music.fingerprint, folder)
        except Unavailable as error:
            self._where = None
            self._show_away(str(error))
            return
        self._looked_s = now_s
        if fingerprint != self._fingerprint:
            await self._scan(folder, fingerprint)

    async def _whereabouts(self, folder: Path) -> tuple[str, int]:
        if not folder.is_absolute():
            raise Unavailable(
                f"the library folder “{self._settings.folder}” is no whole path; set one from / on"
            )
        return await self._answer(self._music.whereabouts, folder)

    async def _arrive(self, where: tuple[str, int], folder: Path) -> None:
        """Show what is known of the library that is there now."""
        tracks, skipped = await self._kept(where[0])
        self._where = where
        self._fingerprint = ""
        self._looked_s = self._try_again_s = float("-inf")
        self._show(tracks, skipped, notice="" if tracks else f"reading the music in {folder}")

    async def _scan(self, folder: Path, fingerprint: str) -> None:
        """Take the finds of one scan, and keep them when it looked at everything."""
        where = self._where
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
        self._wait_s = _FIRST_WAIT_S
        self._fingerprint = fingerprint
        if tracks and where is not None:
            self._last_library = where[0]
            await self._keep(where[0], tracks, skipped)
        logger.info("the library has %d tracks; %d files were skipped", len(tracks), len(skipped))
        self._finish(folder, tracks, skipped)

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
        wait_s = random.uniform(self._wait_s / 2, self._wait_s)  # noqa: S311
        self._wait_s = min(self._wait_s * 2, _LONGEST_WAIT_S)
        self._try_again_s = self._clock() + wait_s
        self._looked_s = float("-inf")
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

    async def _answer(self, question: Callable[[Path], T], folder: Path) -> T:
        """Return what the disk answers, or give up on it for now."""
        silent = f"the library folder {folder} does not answer; pull the stick and plug it in again"
        if self._unanswered is not None and not self._unanswered.done():
            raise Unavailable(silent)
        asked = asyncio.get_running_loop().run_in_executor(self._looker, question, folder)
        done, _ = await asyncio.wait({asked}, timeout=ANSWER_S)
        if done:
            return asked.result()
        asked.add_done_callback(lambda late: late.cancelled() or late.exception())
        self._unanswered = asked  # type: ignore[assignment]  # only ever asked whether it is done
        raise Unavailable(silent)

    async def _kept(self, library: str) -> tuple[tuple[Track, ...], tuple[SkippedFile, ...]]:
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._worker, self._store.tracks, library
            )
        except Unavailable as error:
            self._report_store(error)
            return (), ()

    async def _keep(self, library: str, tracks: list[Track], skipped: list[SkippedFile]) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(
                self._worker, self._store.keep_tracks, library, tracks, skipped
            )
        except Unavailable as error:
            self._report_store(error)
        else:
            self._report_store(None)

    def _report_store(self, error: Unavailable | None) -> None:
        if error is not None:
            logger.warning("the library will be read anew at the next start: %s", error)
        elif not self._store_failed:
            return
        self._store_failed = error is not None
        message = str(error) if error is not None else ""
        self._post(PartReported(self._clock(), Part.STORE, is_ok=error is None, message=message))
