"""The librarian with real scans and a real store, while the stick is pulled and plugged."""

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import pytest

from soulsync_edge.adapters.library_scan import Met, ScannedFolder
from soulsync_edge.adapters.store_copy import copied_store
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.domain.library import Found, FoundAgain
from soulsync_edge.domain.track import Catalogue
from soulsync_edge.services import librarian
from soulsync_edge.services.librarian import Librarian, MusicFolder
from soulsync_edge.settings import LibrarySettings
from tests.fuse_disk import FuseDisk
from tests.music_files import write_tone

_DEADLINE_S = 30.0
_BACK_S = 10.0
"""Seconds after which a stick that was plugged in again has to play."""

_FIRST_MUSIC_S = 5.0
_CALM_STOP_S = 5.0
_FILES = 60
_PULLS = 25
"""Of each kind of stick."""


class Stick:
    """A folder of music that comes and goes as a stick does: mounted where that is allowed."""

    def __init__(self, folder: Path) -> None:
        self.content = folder / "content"
        self.content.mkdir()
        self.place = folder / "media"
        self.place.mkdir()
        self._can_mount = self._mount()
        if self._can_mount:
            self._unmount()

    def plug(self) -> None:
        """Make the music appear in the place."""
        if not (self._can_mount and self._mount()):
            shutil.copytree(self.content, self.place, dirs_exist_ok=True)

    def pull(self) -> None:
        """Make it vanish, whoever has files of it open."""
        if self._can_mount:
            self._unmount()
        else:
            shutil.rmtree(self.place)
            self.place.mkdir()

    def _mount(self) -> bool:
        done = subprocess.run(
            ["mount", "--bind", str(self.content), str(self.place)],
            check=False,
            stderr=subprocess.DEVNULL,
        )
        return done.returncode == 0

    def _unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.place)], check=True)


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Stick]:
    stick = Stick(tmp_path)
    for number in range(5):
        write_tone(stick.content / f"{number}.wav", seconds=0.1)
    stick.plug()
    yield stick
    with suppress(subprocess.CalledProcessError):
        stick.pull()


class Shelf:
    """What the librarian shows, and the wait for it."""

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self._news = asyncio.Event()

    def swap(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._news.set()

    async def until(self, is_so: Callable[[Catalogue], bool]) -> Catalogue:
        """Return the catalogue once `is_so` holds for it."""
        async with asyncio.timeout(_DEADLINE_S):
            while not is_so(self.catalogue):
                self._news.clear()
                await self._news.wait()
        return self.catalogue


@asynccontextmanager
async def _librarian(
    place: Path, state: Path, music: MusicFolder | None = None
) -> AsyncIterator[Shelf]:
    shelf = Shelf()
    clock = asyncio.get_running_loop().time
    store = SqliteStore(state / "soulsync.db")
    with ThreadPoolExecutor(1) as worker:
        keeper = Librarian(
            LibrarySettings(folder=str(place), rescan_s=1),
            music=music or ScannedFolder(),
            store=store,
            worker=worker,
            swap=shelf.swap,
            settle=lambda *, is_complete: None,  # noqa: ARG005  # nobody listens here
            post=lambda _event: None,
            tell=lambda _complaint: None,
            clock=clock,
        )
        running = asyncio.create_task(keeper.run())
        yield shelf
        assert not running.done()
        running.cancel()
        _, late = await asyncio.wait({running}, timeout=_CALM_STOP_S)
        assert not late
    store.close()


class FailingStick:
    """A stick whose every read fails when it is pulled, and another one when it is plugged."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "media"
        self.place.mkdir()
        tone = write_tone(folder / "tone.wav", seconds=0.1).read_bytes()
        self._files = {f"{number:02}.wav": tone for number in range(_FILES)}
        self._disk: FuseDisk | None = None
        self._plugged = 0

    def plug(self) -> None:
        """Put in a disk of the same files, all written anew."""
        self.remove()
        disk = FuseDisk(self.place, self._files)
        self._plugged += 1
        disk.mtime_s += self._plugged
        if not disk.mount():
            pytest.skip("a disk of our own needs root and /dev/fuse")
        self._disk = disk

    def pull(self) -> None:
        """Let every read fail from now on."""
        if self._disk is not None:
            self._disk.failing = {"*"}

    def remove(self) -> None:
        """Let the mount go."""
        if self._disk is not None:
            self._disk.unmount()
        self._disk = None


class WornStick(Stick):
    """A file system of its own; some of its files are written anew before each plug."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        made = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(self.content)]
        if subprocess.run(made, check=False, stderr=subprocess.DEVNULL).returncode:
            pytest.skip("a file system of its own needs root")
        for number in range(_FILES):
            write_tone(self.content / f"{number:02}.wav", seconds=0.1)
        self._plugged = 0

    def plug(self) -> None:
        self._plugged += 1
        for number in range(self._plugged % 3, _FILES, 3):
            os.utime(self.content / f"{number:02}.wav", ns=(0, self._plugged))
        super().plug()

    def remove(self) -> None:
        """Let the mount go."""
        for folder in (self.place, self.content):
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


class PulledMeanwhile(ScannedFolder):
    """Scans a stick that is pulled after so many tracks, or when the scan has come to its end."""

    def __init__(self, pull: Callable[[], None]) -> None:
        super().__init__()
        self._pull = pull
        self.after: int | None = None
        self.is_pulled = asyncio.Event()

    async def scan(
        self, folder: Path, known: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Met | None]:
        count = 0
        async with aclosing(super().scan(folder, known)) as meetings:
            async for met in meetings:
                count += isinstance(met, Found | FoundAgain)
                if self.after is not None and count >= self.after:
                    self._pull_now()
                yield met
        if self.after is not None and count:
            self._pull_now()

    def _pull_now(self) -> None:
        self.after = None
        self._pull()
        self.is_pulled.set()


def test_a_new_stick_plays_long_before_all_of_it_is_read(stick: Stick, tmp_path: Path) -> None:
    stick.pull()
    tone = (stick.content / "0.wav").read_bytes()
    for number in range(1500):
        (stick.content / f"more {number}.wav").write_bytes(tone)

    async def told() -> None:
        clock = asyncio.get_running_loop().time
        async with _librarian(stick.place, tmp_path) as shelf:
            await shelf.until(lambda catalogue: "holds no music" in catalogue.notice)
            stick.plug()
            plugged_s = clock()
            first = await shelf.until(lambda catalogue: bool(catalogue.tracks))
            assert clock() - plugged_s <= _FIRST_MUSIC_S
            assert len(first.tracks) < 1505
            await shelf.until(lambda catalogue: len(catalogue.tracks) == 1505)

    asyncio.run(told())


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [WornStick, FailingStick])
def test_a_stick_pulled_at_any_moment_loses_nothing_and_is_soon_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[WornStick | FailingStick]
) -> None:
    monkeypatch.setattr(librarian, "PRESENCE_S", 0.2)
    monkeypatch.setattr(librarian, "HEAD_START_S", 0.1)
    monkeypatch.setattr(librarian, "KEEP_S", 0.05)
    chance = random.Random(50)  # noqa: S311  # no secret
    stick = kind(tmp_path)

    async def told() -> None:
        clock = asyncio.get_running_loop().time
        music, rows = PulledMeanwhile(stick.pull), 0
        async with _librarian(stick.place, tmp_path, music) as shelf:
            for _ in range(_PULLS):
                music.is_pulled.clear()
                music.after = chance.randrange(1, _FILES + 10)
                stick.plug()
                plugged_s = clock()
                if rows:
                    await shelf.until(lambda catalogue: bool(catalogue.tracks))
                    assert clock() - plugged_s <= _BACK_S
                async with asyncio.timeout(_DEADLINE_S):
                    await music.is_pulled.wait()
                gone = await shelf.until(lambda catalogue: not catalogue.tracks)
                assert gone.notice
                before, rows = rows, await asyncio.to_thread(_rows, tmp_path)
                assert rows >= before
            stick.plug()
            plugged_s = clock()
            await shelf.until(lambda catalogue: len(catalogue.tracks) == _FILES)
            assert clock() - plugged_s <= _BACK_S

    try:
        asyncio.run(told())
    finally:
        stick.remove()


def _rows(state: Path) -> int:
    """Return how many tracks are remembered, whoever has the store open."""
    with tempfile.TemporaryDirectory() as scratch:
        store = SqliteStore(copied_store(state / "soulsync.db", Path(scratch)))
        count = sum(len(store.stamps(stick.library)) for stick in store.sticks())
        store.close()
    return count


def test_a_pulled_stick_is_noticed_and_all_of_it_is_back_when_plugged(
    stick: Stick, tmp_path: Path
) -> None:
    async def told() -> None:
        async with _librarian(stick.place, tmp_path) as shelf:
            known = await shelf.until(lambda catalogue: len(catalogue.tracks) == 5)
            for _ in range(2):
                stick.pull()
                gone = await shelf.until(lambda catalogue: not catalogue.tracks)
                assert gone.notice
                stick.plug()
                back = await shelf.until(lambda catalogue: len(catalogue.tracks) == 5)
                assert back.by_id == known.by_id

    asyncio.run(told())


def test_a_file_that_is_added_is_found_while_running(stick: Stick, tmp_path: Path) -> None:
    async def told() -> None:
        async with _librarian(stick.place, tmp_path) as shelf:
            await shelf.until(lambda catalogue: len(catalogue.tracks) == 5)
            write_tone(stick.content / "new.wav", seconds=0.1)
            if not stick.place.samefile(stick.content):
                stick.plug()
            await shelf.until(lambda catalogue: len(catalogue.tracks) == 6)

    asyncio.run(told())
