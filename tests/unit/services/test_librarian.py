import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.events import Event, Part, PartReported, ScanMoved
from soulsync_edge.domain.library import Found, FoundAgain, Stick, Unread
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock, FakeStore
from soulsync_edge.services import librarian as subject
from soulsync_edge.services.librarian import Librarian, Met
from soulsync_edge.settings import LibrarySettings
from tests.stored import a_stick, kept

_SETTINGS = LibrarySettings(folder="/music", rescan_s=30)


def _track(name: str, folder: str = "/music") -> Track:
    return Track(
        name, f"{folder}/{name}.mp3", name, "", "", 30.0, Affect(0, 0), Spread(0.7, 0.7), "nothing"
    )


class FakeMusic:
    """A stick of music in words: what lies on it, or why it does not answer."""

    def __init__(self, *names: str) -> None:
        self.library = "stick"
        self.mount = 1
        self.names = list(names)
        self.skipped: list[SkippedFile] = []
        self.is_gone: Unavailable | None = None
        self.unread: list[str] = []
        self.breaks_after: int | None = None
        self.scans = 0
        self.looks = 0
        self.read: list[str] = []
        self.progress: list[ScanProgress] = []
        self.below: dict[str, list[str]] = {}
        self.between: Callable[[Met], Awaitable[None]] | None = None

    def whereabouts(self, folder: Path) -> tuple[Stick, ...]:
        if self.is_gone is not None:
            raise self.is_gone
        below = (Stick(name, f"{folder}/{name}", 9) for name in sorted(self.below))
        return (Stick(f"{self.library} {folder}", str(folder), self.mount), *below)

    def fingerprint(self, folder: Path) -> str:
        self.looks += 1
        return f"{folder} {self.names} {self.skipped}"

    async def scan(self, folder: Path, known: Mapping[str, str]) -> AsyncGenerator[Met | None]:
        self.scans += 1
        self.read = []
        names = {stick.library: list(self.names) for stick in self.whereabouts(folder)[:1]}
        names |= self.below
        for stick in self.whereabouts(folder):
            yield stick
            for number, name in enumerate(names[stick.library]):
                if number == self.breaks_after:
                    raise Unavailable(f"the scan of {folder} was cut short")
                if known.get(name) == f"stamp of {name}":
                    met: Met = FoundAgain(name)
                else:
                    self.read.append(name)
                    met = Found(_track(name, stick.folder), f"stamp of {name}")
                yield met
                if self.between is not None:
                    await self.between(met)
        for other in self._others():
            yield other

    def _others(self) -> Iterator[Met | None]:
        yield from self.skipped
        for path in self.unread:
            yield Unread(SkippedFile(path, f"{path} cannot be read"))
        yield from self.progress
        yield None


class Room:
    """A librarian with everything around it."""

    def __init__(self, music: FakeMusic, worker: Executor) -> None:
        self.music = music
        self.store = FakeStore()
        self.clock = FakeClock()
        self.posted: list[Event] = []
        self.said_of_store: list[str] = []
        self.swapped: list[Catalogue] = []
        self.settled: list[tuple[bool, int]] = []
        self.worker = worker
        self.librarian = self.another()

    def another(self) -> Librarian:
        """Return a librarian after a restart: it has the store and nothing else."""
        return Librarian(
            _SETTINGS,
            music=self.music,
            store=self.store,
            worker=self.worker,
            swap=self.swapped.append,
            settle=self._settle,
            post=self.posted.append,
            tell=self.said_of_store.append,
            clock=self.clock,
        )

    def _settle(self, *, is_complete: bool) -> None:
        """Note what was said, and how many tracks were shown by then."""
        self.settled.append((is_complete, len(self.swapped[-1].tracks) if self.swapped else 0))

    def look(self) -> None:
        asyncio.run(self.librarian.look())

    @property
    def shown(self) -> list[str]:
        return [track.track_id for track in self.swapped[-1].tracks]

    @property
    def said(self) -> PartReported:
        return [event for event in self.posted if isinstance(event, PartReported)][-1]


@pytest.fixture
def worker() -> Iterator[Executor]:
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


@pytest.fixture
def room(worker: Executor) -> Room:
    return Room(FakeMusic("a", "b", "c"), worker)


def test_a_first_scan_fills_the_catalogue(room: Room) -> None:
    room.look()

    assert room.shown == ["a", "b", "c"]
    assert (room.said.part, room.said.is_ok, room.said.message) == (Part.LIBRARY, True, "")


def test_the_catalogue_is_settled_when_a_scan_has_looked_at_everything(room: Room) -> None:
    room.look()

    assert room.settled == [(False, 0), (True, 3)]


def test_a_scan_that_is_cut_short_settles_nothing(room: Room) -> None:
    room.music.breaks_after = 2
    room.look()

    assert room.settled == [(False, 0)]


def test_other_settings_of_the_same_folder_bring_no_scan(room: Room) -> None:
    room.look()

    room.librarian.apply(_SETTINGS.model_copy(update={"listen": False}))
    room.look()

    assert room.music.scans == 1


def test_before_the_first_scan_a_person_reads_what_happens(room: Room) -> None:
    room.look()

    assert room.swapped[0].notice == "reading the music in /music"


def test_a_first_scan_shows_tracks_in_batches_while_it_runs(room: Room) -> None:
    async def slowly(_met: Met) -> None:
        room.clock.pass_time(0.5)

    room.music.names = [f"{number:02}" for number in range(20)]
    room.music.between = slowly

    room.look()

    sizes = [len(catalogue.tracks) for catalogue in room.swapped]
    assert sizes == [0, 2, 4, 8, 16, 20]


def test_a_later_scan_shows_its_finds_only_when_complete(room: Room) -> None:
    room.look()
    room.swapped.clear()

    async def slowly(_met: Met) -> None:
        room.clock.pass_time(60)

    room.music.names = ["a", "b", "c", "d"]
    room.music.between = slowly
    room.clock.pass_time(30)
    room.look()

    assert [len(catalogue.tracks) for catalogue in room.swapped] == [4]


def test_after_a_restart_known_music_is_shown_before_any_scan(room: Room) -> None:
    room.look()
    room.swapped.clear()

    async def shown_already(_met: Met) -> None:
        assert room.shown == ["a", "b", "c"]

    room.music.between = shown_already
    room.librarian = room.another()
    room.look()

    assert room.music.scans == 2


def test_nothing_is_scanned_again_while_nothing_changed(room: Room) -> None:
    room.look()
    for _ in range(10):
        room.clock.pass_time(30)
        room.look()

    assert room.music.scans == 1


def test_files_are_looked_for_as_often_as_set(room: Room) -> None:
    room.look()
    room.music.names.append("d")
    room.clock.pass_time(29.9)
    room.look()
    assert room.shown == ["a", "b", "c"]

    room.clock.pass_time(0.1)
    room.look()

    assert room.shown == ["a", "b", "c", "d"]


def test_a_pulled_stick_empties_the_catalogue_and_says_so(room: Room) -> None:
    room.look()

    room.music.is_gone = Unavailable("the library folder /music cannot be opened: plug it in")
    room.clock.pass_time(2)
    room.look()

    assert room.swapped[-1] == Catalogue(is_away=True, notice=str(room.music.is_gone))
    assert (room.said.is_ok, room.said.message) == (False, str(room.music.is_gone))


def test_a_pulled_stick_is_said_once(room: Room) -> None:
    room.music.is_gone = Unavailable("gone")

    for _ in range(5):
        room.look()

    assert len(room.swapped) == len(room.posted) == 1


def test_a_stick_that_returns_plays_at_once_from_what_is_known(room: Room) -> None:
    room.look()
    room.music.is_gone = Unavailable("gone")
    room.look()
    room.swapped.clear()

    room.music.is_gone = None
    room.look()

    assert [track.track_id for track in room.swapped[0].tracks] == ["a", "b", "c"]
    assert room.said.is_ok


def test_another_stick_does_not_show_the_music_of_the_first(room: Room) -> None:
    room.look()
    room.swapped.clear()

    room.music.library, room.music.mount, room.music.names = "other", 2, ["x"]
    room.look()

    assert [[t.track_id for t in catalogue.tracks] for catalogue in room.swapped] == [[], ["x"]]
    assert len(kept(room.store, "stick /music")[0]) == 3


def test_an_empty_mount_point_means_that_the_stick_is_away(room: Room) -> None:
    room.look()

    room.music.library, room.music.mount, room.music.names = "root", 2, []
    room.look()

    assert room.swapped[-1].is_away
    assert "pulled out of /music; plug it in again" in room.swapped[-1].notice
    assert not room.said.is_ok


def test_an_empty_mount_point_is_said_once(room: Room) -> None:
    room.look()
    room.music.library, room.music.mount, room.music.names = "root", 2, []
    room.look()
    swaps = len(room.swapped)

    for _ in range(10):
        room.clock.pass_time(2)
        room.look()

    assert len(room.swapped) == swaps


def test_an_empty_folder_says_what_to_do(room: Room) -> None:
    room.music.names = []
    room.music.skipped = [SkippedFile("/music/a.mp3", "a.mp3 is empty")]

    room.look()

    assert room.swapped[-1].notice == (
        "the library folder /music holds no music (1 files cannot be played); put music files "
        "there, plug the stick in, or set another folder"
    )
    assert not room.swapped[-1].is_away
    assert room.swapped[-1].skipped == tuple(room.music.skipped)
    assert not room.said.is_ok


def test_an_empty_folder_is_looked_into_often(room: Room) -> None:
    room.music.names = []
    room.look()

    room.music.names = ["a"]
    room.clock.pass_time(subject.PRESENCE_S)
    room.look()

    assert room.shown == ["a"]


def test_a_scan_cut_short_leaves_known_music_and_is_tried_again(room: Room) -> None:
    room.look()
    room.music.names, room.music.breaks_after = ["a", "z"], 1
    room.clock.pass_time(30)
    room.look()
    assert room.shown == ["a", "b", "c"]
    assert "cut short; trying again; what is known so far is played" in room.said.message

    room.music.breaks_after = None
    room.clock.pass_time(1)
    room.look()

    assert room.shown == ["a", "z"]
    assert room.said.is_ok


def test_a_first_scan_cut_short_shows_what_it_found(room: Room) -> None:
    room.music.breaks_after = 2

    room.look()

    assert room.shown == ["a", "b"]
    assert not room.said.is_ok


def test_a_scan_that_keeps_failing_is_tried_ever_more_rarely(room: Room) -> None:
    room.music.breaks_after = 0

    for _ in range(3600):
        room.look()
        room.clock.pass_time(1)

    assert 60 <= room.music.scans <= 130  # every 30 to 60 s once the waits have doubled up


def test_finds_of_a_scan_cut_short_are_kept_but_not_as_complete(room: Room) -> None:
    room.music.breaks_after = 2

    room.look()

    known = room.store.known(a_stick("stick /music"))
    assert [track.track_id for track in known.tracks] == ["a", "b"]
    assert not known.is_complete


def test_a_failing_store_is_reported_and_music_goes_on(room: Room) -> None:
    room.store.failing = Unavailable("the disk is full")

    room.look()

    assert room.shown == ["a", "b", "c"]
    assert set(room.said_of_store) == {
        "the library is read anew: the disk is full",
        "the library will be read anew at the next start: the disk is full",
    }


def test_a_store_that_works_again_is_reported(room: Room) -> None:
    room.store.failing = Unavailable("the disk is full")
    room.look()

    room.store.failing = None
    room.music.names.append("d")
    room.clock.pass_time(30)
    room.look()

    assert room.said_of_store[-1] == ""


def test_what_a_full_disk_did_not_take_is_kept_once_there_is_room(room: Room) -> None:
    room.store.failing = Unavailable("the disk is full")
    room.look()
    room.clock.pass_time(subject.KEEP_AGAIN_S)
    room.look()

    room.store.failing = None
    room.look()
    assert room.said_of_store[-1] != ""
    room.clock.pass_time(subject.KEEP_AGAIN_S)
    room.look()

    assert room.said_of_store[-1] == ""
    known = room.store.known(a_stick("stick /music"))
    assert [track.track_id for track in known.tracks] == ["a", "b", "c"]
    assert known.is_complete
    assert room.music.scans == 1


def test_a_disk_that_was_full_for_a_moment_of_a_scan_takes_all_of_it(room: Room) -> None:
    async def fill_and_clear(met: Met) -> None:
        assert isinstance(met, Found)
        full = Unavailable("the disk is full")
        room.store.failing = full if met.track.track_id == "b" else None
        room.clock.pass_time(subject.KEEP_S)

    room.music.between = fill_and_clear
    room.look()

    tracks, _ = kept(room.store, "stick /music")
    assert [track.track_id for track in tracks] == ["a", "b", "c"]


def test_a_stick_full_of_other_things_lists_only_so_many(room: Room) -> None:
    room.music.skipped = [SkippedFile(f"/music/{n}", "no") for n in range(1500)]

    room.look()

    assert len(room.swapped[-1].skipped) == 1000


def test_what_is_known_is_not_read_again(room: Room) -> None:
    room.look()
    room.music.names = ["a", "c", "d"]
    room.clock.pass_time(30)
    room.look()

    assert room.music.read == ["d"]
    assert room.shown == ["a", "c", "d"]
    assert set(room.store.stamps("stick /music")) == {"a", "c", "d"}


def test_a_first_scan_cut_short_goes_on_where_it_was_after_a_restart(room: Room) -> None:
    room.music.breaks_after = 2
    room.look()

    room.music.breaks_after = None
    room.librarian = room.another()
    room.swapped.clear()
    room.look()

    assert [track.track_id for track in room.swapped[0].tracks] == ["a", "b"]
    assert room.music.read == ["c"]
    assert room.shown == ["a", "b", "c"]
    assert room.store.known(a_stick("stick /music")).is_complete


def test_finds_are_kept_while_a_scan_goes_on(room: Room) -> None:
    kept_by_then: list[int] = []

    async def slowly(_met: Met) -> None:
        room.clock.pass_time(1)
        kept_by_then.append(len(room.store.stamps("stick /music")))

    room.music.names = [f"{number:02}" for number in range(20)]
    room.music.between = slowly
    room.look()

    assert kept_by_then[-1] >= 20 - 2 * subject.KEEP_S
    assert len(set(kept_by_then)) <= 20 / subject.KEEP_S + 1


def test_what_cannot_be_read_now_stays_known(room: Room) -> None:
    room.look()
    room.music.names, room.music.unread = ["a"], ["/music/b.mp3"]
    room.clock.pass_time(30)
    room.look()
    assert room.shown == ["a", "b"]

    room.music.unread, room.music.names = ["/music"], []
    room.music.skipped = [SkippedFile("/music/x", "no")]
    room.clock.pass_time(30)
    room.look()
    assert room.shown == ["a", "b"]
    assert set(room.store.stamps("stick /music")) == {"a", "b"}


def test_of_several_sticks_one_is_pulled_and_is_back_with_all_its_music(room: Room) -> None:
    room.music.names, room.music.below = [], {"red": ["r"], "blue": ["b1", "b2"]}
    room.look()
    assert room.shown == ["b1", "b2", "r"]
    blue = room.music.below.pop("blue")
    room.look()
    assert room.shown == ["r"]
    assert len(kept(room.store, "blue")[0]) == 2

    room.music.below["blue"] = blue
    room.swapped.clear()
    room.look()

    assert [track.track_id for track in room.swapped[0].tracks] == ["b1", "b2", "r"]
    assert room.music.read == []


def test_a_stick_that_comes_to_another_is_shown_as_it_is_read(room: Room) -> None:
    room.look()
    room.music.below = {"red": [f"r{number:02}" for number in range(10)]}
    room.swapped.clear()

    async def slowly(_met: Met) -> None:
        room.clock.pass_time(0.5)

    room.music.between = slowly
    room.look()

    sizes = [len(catalogue.tracks) for catalogue in room.swapped]
    assert sizes[0] == 3
    assert sizes[-1] == 13
    assert len(sizes) > 3
    assert sizes == sorted(sizes)


def test_the_first_music_of_a_stick_is_shown_long_before_its_scan_ends(room: Room) -> None:
    begun_s = room.clock.now_s
    first_s: list[float] = []

    async def slowly(_met: Met) -> None:
        room.clock.pass_time(0.2)
        if room.swapped[-1].tracks and not first_s:
            first_s.append(room.clock.now_s - begun_s)

    room.music.names = [f"{number:03}" for number in range(500)]
    room.music.between = slowly
    room.look()

    assert first_s[0] <= 1.0
    assert room.clock.now_s - begun_s == pytest.approx(100)


def _let_the_disk_answer() -> None:
    for thread in threading.enumerate():
        if thread.name == "library":
            thread.join(timeout=30)


def test_a_stick_that_comes_during_a_long_scan_is_not_kept_waiting(room: Room) -> None:
    async def slowly(_met: Met) -> None:
        room.clock.pass_time(1)
        if len(room.music.read) == 20:
            room.music.below = {"red": ["r"]}
        _let_the_disk_answer()

    room.music.names = [f"{number:03}" for number in range(500)]
    room.music.between = slowly
    room.look()
    before = set(room.music.read)
    assert 20 <= len(before) < 30
    assert "a stick came to /music or went while it was read" in room.said.message

    room.music.between = None
    room.look()
    assert len(room.shown) == 501
    assert before.isdisjoint(room.music.read)


def test_a_stick_plugged_in_elsewhere_keeps_its_tracks(room: Room) -> None:
    room.music.names, room.music.below = [], {"red": ["r"]}
    room.look()

    room.librarian.apply(LibrarySettings(folder="/other"))
    room.swapped.clear()
    room.look()

    assert [(one.track_id, one.path) for one in room.swapped[0].tracks] == [
        ("r", "/other/red/r.mp3")
    ]


def test_progress_is_told_once_a_second_and_ended(room: Room) -> None:
    steps = [ScanProgress(done, 100, 4.0, 25.0) for done in range(40)]
    room.music.progress = steps
    real = room.librarian._clock  # noqa: SLF001  # a clock that goes on by itself

    def quarter() -> float:
        room.clock.pass_time(0.125)
        return real()

    room.librarian._clock = quarter  # noqa: SLF001
    room.look()

    moves = [event for event in room.posted if isinstance(event, ScanMoved)]
    assert moves[0].progress == steps[0]
    assert moves[-1].progress is None
    times = [move.at_s for move in moves[:-1]]
    assert 3 < len(times) < 20
    assert min(later - sooner for sooner, later in pairwise(times)) >= subject.PROGRESS_S


def test_progress_ends_when_a_scan_is_cut_short(room: Room) -> None:
    async def pull(_met: Met) -> None:
        room.librarian._report_progress(ScanProgress(1, 3, 1.0, 2.0))  # noqa: SLF001  # as a scan does

    room.music.between, room.music.breaks_after = pull, 2
    room.look()

    moves = [event.progress for event in room.posted if isinstance(event, ScanMoved)]
    assert moves == [ScanProgress(1, 3, 1.0, 2.0), None]


@pytest.fixture
def answers(room: Room, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Whether the disk under /music answers: it hangs while this is cleared."""
    monkeypatch.setattr(subject, "ANSWER_S", 0.05)
    answers = threading.Event()
    answers.set()
    real = room.music.whereabouts

    def whereabouts(folder: Path) -> tuple[Stick, ...]:
        if folder == Path("/music"):
            answers.wait(timeout=30)
        return real(folder)

    monkeypatch.setattr(room.music, "whereabouts", whereabouts)
    yield answers
    answers.set()


def test_a_disk_that_does_not_answer_is_away_until_it_does(
    room: Room, answers: threading.Event
) -> None:
    room.look()

    async def through_a_hang() -> None:
        answers.clear()
        await room.librarian.look()
        await room.librarian.look()
        assert "does not answer" in room.swapped[-1].notice
        answers.set()
        async with asyncio.timeout(30):
            while room.swapped[-1].is_away:
                await asyncio.sleep(0)  # lets the late answer in
                await room.librarian.look()

    asyncio.run(through_a_hang())

    assert room.shown == ["a", "b", "c"]


def test_another_folder_is_asked_though_the_old_one_hangs(
    room: Room, answers: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.clear()
    room.look()
    assert room.swapped[-1].is_away

    monkeypatch.setattr(subject, "ANSWER_S", 30.0)
    room.librarian.apply(LibrarySettings(folder="/other"))
    room.look()

    assert not answers.is_set()
    assert room.shown == ["a", "b", "c"]


class SlowToWalk(FakeMusic):
    """A library so large that looking through it takes until the test says so."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names)
        self.is_walked = threading.Event()

    def fingerprint(self, folder: Path) -> str:
        seen = super().fingerprint(folder)
        assert self.is_walked.wait(timeout=30)
        return seen


@pytest.fixture
def slow_room(worker: Executor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(subject, "HEAD_START_S", 0.01)
    monkeypatch.setattr(subject, "ANSWER_S", 30.0)
    music = SlowToWalk("a", "b")
    yield Room(music, worker)
    music.is_walked.set()


def _walked(room: Room) -> None:
    """Let the fingerprint under way be finished."""
    assert isinstance(room.music, SlowToWalk)
    walking = [thread for thread in threading.enumerate() if thread.name == "library"]
    room.music.is_walked.set()
    for thread in walking:
        thread.join(timeout=30)
    room.music.is_walked.clear()


def test_music_does_not_wait_until_a_large_library_is_looked_through(slow_room: Room) -> None:
    for _ in range(100):
        slow_room.look()
        slow_room.clock.pass_time(30)

    assert slow_room.shown == ["a", "b"]
    assert not any(catalogue.is_away for catalogue in slow_room.swapped)
    assert (slow_room.music.scans, slow_room.music.looks) == (1, 1)


def test_a_library_that_is_looked_through_late_is_not_scanned_again(slow_room: Room) -> None:
    slow_room.look()
    for _ in range(3):
        _walked(slow_room)
        slow_room.look()
        slow_room.clock.pass_time(30)
        slow_room.look()

    assert slow_room.music.scans == 1
    assert slow_room.music.looks > 2


def test_what_changes_in_a_large_library_is_found_late_but_found(slow_room: Room) -> None:
    slow_room.look()
    _walked(slow_room)
    slow_room.look()

    slow_room.music.names.append("c")
    slow_room.clock.pass_time(30)
    slow_room.look()
    _walked(slow_room)
    slow_room.look()

    assert slow_room.shown == ["a", "b", "c"]


def test_a_stick_that_is_pulled_while_it_is_looked_through_is_noticed(slow_room: Room) -> None:
    slow_room.look()

    slow_room.music.is_gone = Unavailable("gone")
    slow_room.look()

    assert slow_room.swapped[-1].is_away


def test_a_look_that_does_not_end_is_warned_of_once(
    slow_room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    slow_room.look()
    for _ in range(100):
        slow_room.clock.pass_time(subject.WALK_S / 10)
        slow_room.look()

    assert caplog.text.count("has been looked through for 10 min") == 1


_HANGS = """
import asyncio, threading, time
from concurrent.futures import ThreadPoolExecutor
from soulsync_edge.fakes import FakeStore
from soulsync_edge.services.librarian import Librarian
from soulsync_edge.settings import LibrarySettings

asked = threading.Event()

class Music:
    def whereabouts(self, folder):
        asked.set()
        time.sleep(3600)

async def end_meanwhile():
    with ThreadPoolExecutor(1) as worker:
        librarian = Librarian(
            LibrarySettings(folder="/music"), music=Music(), store=FakeStore(), worker=worker,
            swap=print, settle=print, post=print, tell=print,
            clock=time.monotonic,
        )
        running = asyncio.create_task(librarian.run())
        await asyncio.to_thread(asked.wait)
        running.cancel()
        await asyncio.wait({running})

asyncio.run(end_meanwhile())
"""


def test_a_stick_that_hangs_does_not_keep_the_program_from_ending() -> None:
    done = subprocess.run([sys.executable, "-c", _HANGS], timeout=30, check=True)

    assert done.returncode == 0


def test_a_new_folder_takes_over_even_during_a_scan(room: Room) -> None:
    async def change(_met: Met) -> None:
        room.librarian.apply(LibrarySettings(folder="/other"))
        room.music.between = None

    room.music.between = change
    room.look()
    room.look()

    assert room.shown == ["a", "b", "c"]
    assert not room.store.known(a_stick("stick /music")).is_complete
    assert room.store.known(a_stick("stick /other")).is_complete


def test_running_it_finds_music_and_ends_when_cancelled(room: Room) -> None:
    async def run() -> None:
        has_music = asyncio.Event()

        def swap(catalogue: Catalogue) -> None:
            if catalogue.tracks:
                has_music.set()

        librarian = Librarian(
            _SETTINGS,
            music=room.music,
            store=room.store,
            worker=room.worker,
            swap=swap,
            settle=lambda *, is_complete: None,  # noqa: ARG005  # nobody listens here
            post=room.posted.append,
            tell=room.said_of_store.append,
            clock=room.clock,
        )
        running = asyncio.create_task(librarian.run())
        async with asyncio.timeout(30):
            await has_music.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(run())
