"""The librarian with real scans and a real store, while the stick is pulled and plugged."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from soulsync_edge.adapters.library_scan import ScannedFolder
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.domain.track import Catalogue
from soulsync_edge.services.librarian import Librarian
from soulsync_edge.settings import LibrarySettings
from tests.music_files import write_tone

_DEADLINE_S = 30.0


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
async def _librarian(stick: Stick, state: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf()
    clock = asyncio.get_running_loop().time
    store = SqliteStore(state / "soulsync.db")
    with ThreadPoolExecutor(1) as worker:
        librarian = Librarian(
            LibrarySettings(folder=str(stick.place), rescan_s=1),
            music=ScannedFolder(),
            store=store,
            worker=worker,
            swap=shelf.swap,
            settle=lambda *, is_complete: None,  # noqa: ARG005  # nobody listens here
            post=lambda _event: None,
            tell=lambda _complaint: None,
            clock=clock,
        )
        running = asyncio.create_task(librarian.run())
        yield shelf
        running.cancel()
        await asyncio.wait({running})
    store.close()


def test_a_pulled_stick_is_noticed_and_all_of_it_is_back_when_plugged(
    stick: Stick, tmp_path: Path
) -> None:
    async def told() -> None:
        async with _librarian(stick, tmp_path) as shelf:
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
        async with _librarian(stick, tmp_path) as shelf:
            await shelf.until(lambda catalogue: len(catalogue.tracks) == 5)
            write_tone(stick.content / "new.wav", seconds=0.1)
            if not stick.place.samefile(stick.content):
                stick.plug()
            await shelf.until(lambda catalogue: len(catalogue.tracks) == 6)

    asyncio.run(told())
