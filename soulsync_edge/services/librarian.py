"""Keeps the catalogue: what is known at once, then what scans find, and nothing forgotten."""

import asyncio
import logging
import random
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path, PurePath
from typing import Protocol, TypeVar

from soulsync_edge.domain.events import Part, PartReported, ScanMoved
from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.library import Found, FoundAgain, Known, Stick, Unread
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track, catalogue_of
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Post, Store
from soulsync_edge.settings import LibrarySettings

logger = logging.getLogger(__name__)

# Its own, since the shared one of the module belongs to whoever seeds it.
CHANCE = random.SystemRandom()

T = TypeVar("T")
Met = Found | FoundAgain | SkippedFile | Unread | Stick | ScanProgress

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

KEEP_S = 5.0
"""Seconds between two times that finds are kept, each a commit on a card: so much of a scan that
is cut short is to be read again."""

PROGRESS_S = 1.0
"""Seconds between two reports of progress at least."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
"""Seconds before a scan that was cut short is tried again, doubling."""

_MOST_SKIPPED = 1000
"""Skipped files that are listed: a stick full of other things must not fill the memory."""


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

    async def _whereabouts(self, folder: Path) -> tuple[Stick, ...]:
        silent = f"the library folder {folder} does not answer; pull the stick and plug it in again"
        if self._unanswered is not None and not self._unanswered.done():
            raise Unavailable(silent)
        self._unanswered = _asked(self._music.whereabouts, folder)
        if not await _answered(self._unanswered, ANSWER_S):
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
        await self._show(self._known.values(), skipped[:_MOST_SKIPPED], notice=notice)

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
        """Take the finds of one scan, and keep them as they come."""
        self._must_scan = True
        self._settle(is_complete=False)
        scan = _Scan(folder, self._sticks[0])
        try:
            await self._collect(scan)
        except Unavailable as error:
            if scan.is_growing and scan.tracks.keys() - self._known.keys():
                await self._show((self._known | scan.tracks).values(), scan.skipped)
            self._known |= scan.tracks
            self._put_off(error)
            return
        finally:
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

    async def _collect(self, scan: "_Scan") -> None:
        """Fill `scan`; what is new on a stick never looked through is shown as it comes."""
        batch_s, shown_s, kept_s = _FIRST_BATCH_S, self._clock(), self._clock()
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

    async def _finish(self, folder: Path, scan: "_Scan") -> None:
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

    async def _keep(self, scan: "_Scan") -> None:
        """Keep what a scan has read since the last time."""
        fresh, scan.fresh = scan.fresh, []
        try:
            for stick, group in groupby(fresh, key=itemgetter(0)):
                found = [one for _, one in group]
                await self._on_worker(self._store.keep_found, stick, found)
        except Unavailable as error:
            self._tell(f"the library will be read anew at the next start: {error}")
        else:
            if fresh:
                self._tell("")

    async def _keep_complete(self, scan: "_Scan") -> None:
        """Keep that all was looked at; of a stick without music that is not worth knowing."""
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
            self._tell("")
        self._complete |= complete

    async def _on_worker(self, ask: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, ask, *arguments)


@dataclass(slots=True)
class _Scan:
    """What a scan has found so far.

    Attributes:
        folder: Where.
        stick: What its finds lie on now.
        sticks: What was met so far.
        tracks: All tracks, by name.
        skipped: What cannot be played.
        seen: The names of the tracks on each stick, by its library.
        skipped_on: What cannot be played there.
        unread: What could not be read now.
        fresh: What was read and is not kept yet, each with its stick.
        is_growing: Something new was found on a stick that was never looked through.
    """

    folder: Path
    stick: Stick
    sticks: list[Stick] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)
    skipped: list[SkippedFile] = field(default_factory=list)
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    skipped_on: dict[str, list[SkippedFile]] = field(default_factory=lambda: defaultdict(list))
    unread: list[SkippedFile] = field(default_factory=list)
    fresh: list[tuple[Stick, Found]] = field(default_factory=list)
    is_growing: bool = False

    def take(
        self,
        met: Found | FoundAgain | SkippedFile | Unread | Stick,
        known: Mapping[str, Track],
        complete: frozenset[str],
    ) -> None:
        """Take note of what was met, with the tracks and complete sticks that are known."""
        match met:
            case Stick():
                self.stick = met
                if met not in self.sticks:
                    self.sticks.append(met)
            case Found(track):
                self._add(track)
                self.fresh.append((self.stick, met))
                self.is_growing |= self.stick.library not in complete
            case FoundAgain(name):
                if name in known:
                    self._add(known[name])
            case Unread(skipped):
                self.unread.append(skipped)
                self._skip(skipped)
            case SkippedFile():
                self._skip(met)

    def spare(self, known: Mapping[str, Track]) -> None:
        """Take in what is known of files and folders that could not be read now."""
        if not self.unread:
            return
        libraries = {stick.folder: stick.library for stick in self.sticks}
        hidden = {file.path for file in self.unread}
        for track in known.values():
            path = PurePath(shown(track.path))
            if track.track_id in self.tracks or hidden.isdisjoint(map(str, (path, *path.parents))):
                continue
            self.tracks[track.track_id] = track
            folders = (folder for folder in map(str, path.parents) if folder in libraries)
            self.seen[libraries[next(folders, self.stick.folder)]].add(track.track_id)

    def _add(self, track: Track) -> None:
        self.tracks[track.track_id] = track
        self.seen[self.stick.library].add(track.track_id)

    def _skip(self, skipped: SkippedFile) -> None:
        if len(self.skipped) < _MOST_SKIPPED:
            self.skipped.append(skipped)
            self.skipped_on[self.stick.library].append(skipped)


def _indexed(tracks: tuple[Track, ...], skipped: tuple[SkippedFile, ...], notice: str) -> Catalogue:
    return catalogue_of(tracks, skipped, notice=notice).indexed()


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
