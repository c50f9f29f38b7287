"""Keeps the catalogue: what is known at once, then what scans find, and nothing forgotten."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from contextlib import aclosing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Protocol, TypeVar

from soulsync_edge.domain.events import Part, PartReported, ScanMoved
from soulsync_edge.domain.library import Found, FoundAgain, Known, Stick, Unread
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track, catalogue_of
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Post, Store
from soulsync_edge.services.disk_questions import answered, asked
from soulsync_edge.services.finds import MOST_SKIPPED, Finds
from soulsync_edge.settings import LibrarySettings

logger = logging.getLogger(__name__)

# Its own, since the shared one of the module belongs to whoever seeds it.
CHANCE = random.SystemRandom()

T = TypeVar("T")
Met = Found | FoundAgain | SkippedFile | Unread | Stick | ScanProgress

PRESENCE_S = 1.0
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

KEEP_S = 5.0
"""Seconds between two times that finds are kept, each a commit on a card: so much of a scan that
is cut short is to be read again."""

KEEP_AGAIN_S = 60.0
"""Seconds until what a complete scan found, and could not be kept, is tried to be kept again."""

PROGRESS_S = 1.0
"""Seconds between two reports of progress at least."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
"""Seconds before a scan that was cut short is tried again, doubling."""


class MusicFolder(Protocol):
    """Looks at folders of music; the first two block for as long as the disk does."""

    def whereabouts(self, folder: Path) -> tuple[Stick, ...]:
        """Return what lies there and below; raises `Unavailable` when not there."""

    def fingerprint(self, folder: Path) -> str:
        """Return what differs when files came or went; raises `Unavailable` when unreadable."""

    def scan(self, folder: Path, known: Mapping[str, str]) -> AsyncGenerator[Met | None]:
        """Yield what is there, None as a sign of life; raises `Unavailable` when cut short.

        What is `known` by `track_id` and still has that stamp is not read again.
        """


class Settle(Protocol):
    """Takes note whether the catalogue is complete."""

    def __call__(self, *, is_complete: bool) -> None:
        """Take note whether a scan has looked at everything, or one has just begun."""


class Librarian:
    """Finds the music and keeps track of it; all on core's loop.

    What is known from the last time is played at once. A first scan shows its finds as they
    come, a later one when it is complete; finds are kept meanwhile, so that a scan that was cut
    short goes on where it was. What goes away, a stick or the whole folder, empties the
    catalogue, never the store.

    Args:
        settings: Which folder, and how often to look.
        music: Looks at it and scans it.
        store: Remembers what was found; used on `worker` alone.
        worker: Runs what may block on the store.
        swap: Puts a catalogue into force.
        settle: Told when a scan begins, and when it has looked at everything.
        post: Told how the library is, and how far a scan has got.
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
        self._unanswered: Future[tuple[Stick, ...]] | None = None
        self._glance: Future[tuple[Stick, ...]] | None = None
        self._walk: _Walk | None = None
        self._wake = asyncio.Event()
        self._has_new_settings = False
        self._sticks: tuple[Stick, ...] = ()
        self._had_music: frozenset[str] = frozenset()
        self._known: dict[str, Track] = {}
        self._complete: frozenset[str] = frozenset()
        self._has_tracks = False
        self._must_scan = False
        self._fingerprint: str | None = None
        self._looked_s = float("-inf")
        self._try_again_s = float("-inf")
        self._wait_s = _FIRST_WAIT_S
        self._unkept: Finds | None = None
        self._keep_again_s = float("-inf")
        self._said: tuple[bool, str] | None = None
        self._moved_s: float | None = None

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
            self._has_new_settings, self._sticks, self._had_music = False, (), frozenset()
            self._unanswered = None  # another disk may answer where the old one hangs
        folder = Path(self._settings.folder)
        try:
            sticks = await self._whereabouts(folder)
            if sticks != self._sticks:
                await self._arrive(sticks, folder)
            has_changed = await self._has_changed(folder)
        except Unavailable as error:
            self._sticks = ()
            self._show_away(str(error))
            return
        if has_changed:
            await self._scan(folder)
        elif self._unkept is not None and self._clock() >= self._keep_again_s:
            await self._keep_complete(self._unkept)

    async def _whereabouts(self, folder: Path) -> tuple[Stick, ...]:
        silent = f"the library folder {folder} does not answer; pull the stick and plug it in again"
        if self._unanswered is not None and not self._unanswered.done():
            raise Unavailable(silent)
        self._unanswered = asked(self._music.whereabouts, folder)
        if not await answered(self._unanswered, ANSWER_S):
            raise Unavailable(silent)
        return self._unanswered.result()

    async def _arrive(self, sticks: tuple[Stick, ...], folder: Path) -> None:
        """Show what is known of what is there now."""
        known = {stick.library: await self._remembered(stick) for stick in sticks}
        self._sticks = sticks
        self._known = {one.track_id: one for each in known.values() for one in each.tracks}
        self._complete = frozenset(name for name, each in known.items() if each.is_complete)
        self._had_music |= {name for name, each in known.items() if each.tracks}
        self._walk, self._fingerprint, self._must_scan = None, None, True
        self._try_again_s, self._wait_s = float("-inf"), _FIRST_WAIT_S
        skipped = [file for each in known.values() for file in each.skipped]
        notice = "" if self._known else f"reading the music in {folder}"
        await self._show(self._known.values(), skipped[:MOST_SKIPPED], notice=notice)

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
            self._walk = _Walk(asked(self._music.fingerprint, folder), now_s)
            await answered(self._walk.fingerprint, HEAD_START_S)
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
        """Take the finds of one scan, and keep them as they come."""
        self._must_scan, self._unkept = True, None
        self._settle(is_complete=False)
        scan = Finds(folder, self._sticks[0])
        try:
            await self._collect(scan)
        except Unavailable as error:
            if scan.is_growing and scan.tracks.keys() - self._known.keys():
                await self._show((self._known | scan.tracks).values(), scan.skipped)
            self._known |= scan.tracks
            self._put_off(error)
            return
        finally:
            self._glance = None
            await self._keep(scan)
            self._report_progress(None)
        if self._has_new_settings:
            return
        self._wait_s, self._must_scan = _FIRST_WAIT_S, False
        scan.spare(self._known)
        await self._keep_complete(scan)
        self._known = scan.tracks
        logger.info(
            "the library has %d tracks; %d files were skipped", len(scan.tracks), len(scan.skipped)
        )
        await self._finish(folder, scan)
        self._settle(is_complete=True)

    async def _collect(self, scan: Finds) -> None:
        """Fill `scan`; what is new on a stick never looked through is shown as it comes."""
        batch_s = _FIRST_BATCH_S
        shown_s = kept_s = looked_s = self._clock()
        stamps = await self._stamps()
        async with aclosing(self._music.scan(scan.folder, stamps)) as meetings:
            async for met in meetings:
                if self._has_new_settings:
                    return
                if isinstance(met, ScanProgress):
                    self._report_progress(met)
                elif met is not None:
                    scan.take(met, self._known, self._complete)
                now_s = self._clock()
                if scan.is_growing and now_s - shown_s >= batch_s:
                    await self._show((self._known | scan.tracks).values(), scan.skipped)
                    batch_s, shown_s = min(batch_s * 2, _LONGEST_BATCH_S), self._clock()
                if now_s - kept_s >= KEEP_S:
                    await self._keep(scan)
                    kept_s = self._clock()
                if now_s - looked_s >= PRESENCE_S:
                    self._glance_at_sticks(scan.folder)
                    looked_s = now_s

    def _glance_at_sticks(self, folder: Path) -> None:
        """Ask what is there now, and take in the answer to the time before.

        Raises:
            Unavailable: A stick came or went since the scan began.
        """
        if self._glance is not None and not self._glance.done():
            return
        before, self._glance = self._glance, asked(self._music.whereabouts, folder)
        if before is not None and before.result() != self._sticks:
            raise Unavailable(f"a stick came to {folder} or went while it was read")

    def _report_progress(self, progress: ScanProgress | None) -> None:
        """Tell how far a scan has got, at most once a second; None ends it."""
        now_s = self._clock()
        if progress is None:
            if self._moved_s is not None:
                self._post(ScanMoved(now_s, None))
            self._moved_s = None
        elif self._moved_s is None or now_s - self._moved_s >= PROGRESS_S:
            self._moved_s = now_s
            self._post(ScanMoved(now_s, progress))

    async def _finish(self, folder: Path, scan: Finds) -> None:
        """Show a complete scan; one without music is no reason to forget what was here before."""
        if scan.tracks:
            self._had_music |= {library for library, names in scan.seen.items() if names}
            await self._show(scan.tracks.values(), scan.skipped)
        elif self._had_music - {stick.library for stick in self._sticks}:
            self._show_away(
                f"the stick with the music was pulled out of {folder}; plug it in again"
            )
        else:
            but = f" ({len(scan.skipped)} files cannot be played)" if scan.skipped else ""
            notice = (
                f"the library folder {folder} holds no music{but}; put music files there, plug "
                "the stick in, or set another folder"
            )
            await self._show((), scan.skipped, notice=notice, is_ok=False)

    def _put_off(self, error: Unavailable) -> None:
        # Jitter spreads knocks in time; nothing is guarded by it.
        wait_s = CHANCE.uniform(self._wait_s / 2, self._wait_s)
        self._wait_s = min(self._wait_s * 2, _LONGEST_WAIT_S)
        self._try_again_s = self._clock() + wait_s
        known = "; what is known so far is played meanwhile" if self._has_tracks else ""
        self._report(f"{error}; trying again{known}", is_ok=False)

    async def _show(
        self,
        tracks: Iterable[Track],
        skipped: Iterable[SkippedFile],
        *,
        notice: str = "",
        is_ok: bool = True,
    ) -> None:
        # In a thread: a hundred thousand tracks take a while to sort and to index.
        catalogue = await asyncio.to_thread(_indexed, tuple(tracks), tuple(skipped), notice)
        self._has_tracks = bool(catalogue.tracks)
        self._swap(catalogue)
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

    async def _remembered(self, stick: Stick) -> Known:
        try:
            return await self._on_worker(self._store.known, stick)
        except Unavailable as error:
            self._tell(f"the library is read anew: {error}")
            return Known()

    async def _stamps(self) -> dict[str, str]:
        """Return the stamps of all tracks that need not be read again."""
        stamps: dict[str, str] = {}
        try:
            for stick in self._sticks:
                stamps |= await self._on_worker(self._store.stamps, stick.library)
        except Unavailable as error:
            self._tell(f"the library is read anew: {error}")
        return {name: stamp for name, stamp in stamps.items() if name in self._known}

    async def _keep(self, scan: Finds) -> None:
        """Keep what a scan has read since the last time; what cannot be kept stays fresh."""
        fresh, scan.fresh = scan.fresh, []
        try:
            for stick, group in groupby(fresh, key=itemgetter(0)):
                found = [one for _, one in group]
                await self._on_worker(self._store.keep_found, stick, found)
        except Unavailable as error:
            scan.fresh = fresh
            self._tell(f"the library will be read anew at the next start: {error}")
        else:
            if fresh:
                self._tell("")

    async def _keep_complete(self, scan: Finds) -> None:
        """Keep that all was looked at; of a stick without music that is not worth knowing.

        What cannot be kept waits: a disk that was full may have room later.
        """
        self._unkept, self._keep_again_s = scan, self._clock() + KEEP_AGAIN_S
        await self._keep(scan)
        if scan.fresh:
            return
        complete = set()
        try:
            for stick in scan.sticks:
                if names := scan.seen[stick.library]:
                    skipped = scan.skipped_on[stick.library]
                    await self._on_worker(self._store.keep_complete, stick, names, skipped)
                    complete.add(stick.library)
        except Unavailable as error:
            self._tell(f"the library will be read anew at the next start: {error}")
        else:
            self._unkept = None
            self._tell("")
        self._complete |= complete

    async def _on_worker(self, ask: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, ask, *arguments)


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


def _indexed(tracks: tuple[Track, ...], skipped: tuple[SkippedFile, ...], notice: str) -> Catalogue:
    return catalogue_of(tracks, skipped, notice=notice).indexed()
