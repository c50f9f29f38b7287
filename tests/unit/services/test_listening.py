import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import pairwise
from logging import LogRecord

import pytest

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.events import Event, ListeningMoved
from soulsync_edge.domain.hearing import Analysis, FilePrint, Hearing, ListeningProgress
from soulsync_edge.domain.hints import Placed
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track, catalogue_of
from soulsync_edge.errors import MediaError, ModelError, Unavailable
from soulsync_edge.fakes import FakeClock, FakeStore
from soulsync_edge.services import listening as subject
from soulsync_edge.services.listening import BATCH_S, FIRST_BATCH, Listening
from soulsync_edge.settings import LibrarySettings

SOUND = Sound(120.0, 4, is_minor=True, danceability=0.5, loudness_lufs=-14.0, true_peak_dbtp=-1.0)
HEARD = Placed(Affect(0.6, 0.4), Spread(0.3, 0.3), "its sound")


def _catalogue(*names: str) -> Catalogue:
    return catalogue_of(
        Track(name, f"/m/{name}", name, "", "", 30.0, Affect(0, 0), Spread(0.3, 0.3), "its tag")
        for name in names
    )


class FakeEar:
    """An ear for files in words: what is in each, at what time it was written, what is wrong."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.contents: dict[str, str] = {}
        self.mtime_ns: dict[str, int] = {}
        self.broken: set[str] = set()
        self.is_gone: Unavailable | None = None
        self.identified: list[str] = []
        self.heard: list[str] = []
        self.closed = 0
        self.takes_s = 1.0
        self.after: Callable[[str], None] = lambda _name: None

    async def identify(self, track_id: str, path: str, known: FilePrint | None) -> FilePrint:
        self._check(track_id)
        self.identified.append(track_id)
        mtime_ns = self.mtime_ns.get(track_id, 1)
        if known is not None and known.mtime_ns == mtime_ns:
            return known
        return FilePrint(len(path), mtime_ns, self.contents.get(track_id, track_id))

    async def listen(self, track_id: str, path: str) -> Analysis:
        self._check(track_id)
        assert path == f"/m/{track_id}"
        self._clock.pass_time(self.takes_s)
        self.heard.append(track_id)
        self.after(track_id)
        return Analysis(f"of {track_id}", SOUND)

    async def close(self) -> None:
        self.closed += 1

    def _check(self, track_id: str) -> None:
        if self.is_gone is not None:
            raise self.is_gone
        if track_id in self.broken:
            raise MediaError(f"{track_id} is broken")


class FakePlaces:
    """Places everything alike, and notes what it was asked."""

    version = "v1"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def placed(self, library: Sequence[str]) -> list[Placed]:
        self.asked.append(list(library))
        return [HEARD] * len(library)


class Room:
    """Listening, with everything around it."""

    def __init__(self, worker: Executor) -> None:
        self.clock = FakeClock()
        self.ear = FakeEar(self.clock)
        self.places = FakePlaces()
        self.store = FakeStore()
        self.worker = worker
        self.swapped: list[Catalogue] = []
        self.refined: list[Catalogue] = []
        self.posted: list[Event] = []
        self.said_of_store: list[str] = []
        self.playing: str | None = None
        self.listening = self.another()

    def another(self) -> Listening:
        """Return it after a restart: it has the store and nothing else."""
        return Listening(
            LibrarySettings(),
            ear=self.ear,
            open_places=lambda: self.places,
            store=self.store,
            worker=self.worker,
            swap=self.swapped.append,
            refine=self.refined.append,
            playing=lambda: self.playing,
            post=self.posted.append,
            tell=self.said_of_store.append,
            clock=self.clock,
        )

    def restart(self) -> None:
        self.listening = self.another()
        self.ear.heard.clear()
        self.ear.identified.clear()
        self.refined.clear()
        self.posted.clear()

    def scanned(self, catalogue: Catalogue) -> None:
        """Let a scan come to its end, and what follows from that."""
        self.listening.settle(is_complete=False)
        self.listening.show(catalogue)
        self.listening.settle(is_complete=True)
        asyncio.run(self.listening.look())

    @property
    def progress(self) -> list[ListeningProgress | None]:
        return [event.progress for event in self.posted if isinstance(event, ListeningMoved)]


@pytest.fixture
def room() -> Iterator[Room]:
    with ThreadPoolExecutor(1) as worker:
        yield Room(worker)


def test_a_catalogue_is_in_force_at_once_and_better_known_later(room: Room) -> None:
    catalogue = _catalogue("a", "b")

    room.listening.show(catalogue)
    assert room.swapped == [catalogue]

    room.scanned(catalogue)
    tracks = room.refined[-1].tracks
    assert [track.track_id for track in tracks] == ["a", "b"]
    assert [track.sound for track in tracks] == [SOUND, SOUND]
    assert tracks[0].affect.distance_to(Affect(0.3, 0.2)) < 1e-9
    assert tracks[0].affect_source == "its tag and its sound"


def test_nothing_is_listened_to_before_a_scan_is_complete(room: Room) -> None:
    room.listening.show(_catalogue("a"))
    asyncio.run(room.listening.look())
    assert room.ear.identified == []

    room.listening.settle(is_complete=True)
    asyncio.run(room.listening.look())
    assert room.ear.heard == ["a"]


def test_what_was_heard_is_known_after_a_restart_without_listening(room: Room) -> None:
    room.scanned(_catalogue("a", "b"))
    room.restart()

    room.listening.show(_catalogue("a", "b"))
    asyncio.run(room.listening.look())
    assert [track.sound for track in room.refined[-1].tracks] == [SOUND, SOUND]

    room.scanned(_catalogue("a", "b"))
    assert room.ear.heard == []
    assert sorted(room.ear.identified) == ["a", "b"]


def test_new_tags_and_a_new_name_cost_no_listening(room: Room) -> None:
    room.ear.contents = {"a": "x", "b": "y", "moved": "y"}
    room.scanned(_catalogue("a", "b"))
    room.restart()
    room.ear.mtime_ns["a"] = 2

    room.scanned(_catalogue("a", "moved"))

    assert room.ear.heard == []
    assert [track.sound for track in room.refined[-1].tracks] == [SOUND, SOUND]
    assert room.store.hearings(["a"], "v1")["a"].file.mtime_ns == 2


def test_of_doubles_one_is_listened_to(room: Room) -> None:
    room.ear.contents = {"a": "x", "b": "x"}

    room.scanned(_catalogue("a", "b"))

    assert room.ear.heard == ["a"]
    assert room.refined[-1].by_id["a"].sound == SOUND


def test_of_doubles_one_stays_and_the_others_say_what_they_are(room: Room) -> None:
    room.ear.contents = {"long name": "x", "name": "x"}

    room.scanned(_catalogue("long name", "name", "other"))

    refined = room.refined[-1]
    assert [track.track_id for track in refined.tracks] == ["name", "other"]
    assert refined.skipped == (SkippedFile("/m/long name", "it is the same music as /m/name"),)
    assert len(room.swapped[-1].tracks) == 3
    assert room.progress[-1] == ListeningProgress(3, 3, None)


def test_of_doubles_that_which_plays_stays_and_goes_on_staying(room: Room) -> None:
    room.ear.contents = {"long name": "x", "name": "x"}
    room.playing = "long name"
    room.scanned(_catalogue("long name", "name"))
    assert [track.track_id for track in room.refined[-1].tracks] == ["long name"]

    room.playing = None
    room.scanned(_catalogue("long name", "name", "other"))
    assert [track.track_id for track in room.refined[-1].tracks] == ["long name", "other"]

    room.scanned(_catalogue("name", "other"))
    assert [track.track_id for track in room.refined[-1].tracks] == ["name", "other"]


def test_a_file_with_other_music_under_the_same_name_is_heard_anew(room: Room) -> None:
    room.scanned(_catalogue("a"))
    room.ear.contents["a"], room.ear.mtime_ns["a"] = "other", 2

    room.scanned(_catalogue("a"))

    assert room.ear.heard == ["a", "a"]


def test_other_descriptors_make_everything_be_heard_anew(room: Room) -> None:
    room.scanned(_catalogue("a"))
    room.restart()
    room.places.version = "v2"

    room.scanned(_catalogue("a"))

    assert room.ear.heard == ["a"]


def test_a_broken_file_is_passed_over_and_tried_again_after_the_next_scan_alone(
    room: Room,
) -> None:
    room.ear.broken = {"b"}
    room.scanned(_catalogue("a", "b", "c"))
    assert room.ear.heard == ["a", "c"]
    assert room.refined[-1].by_id["b"].sound is None
    assert room.progress[-1] == ListeningProgress(3, 3, None)

    room.ear.broken = set()
    asyncio.run(room.listening.look())
    assert room.ear.heard == ["a", "c"]

    room.scanned(_catalogue("a", "b", "c"))
    assert room.ear.heard == ["a", "c", "b"]


def test_the_first_few_are_shown_soon_and_then_ever_larger_batches(room: Room) -> None:
    room.ear.takes_s = 3.0
    names = [f"{number:03}" for number in range(300)]

    room.scanned(_catalogue(*names))

    sizes = [len(asked) for asked in room.places.asked]
    assert sizes[0] == FIRST_BATCH
    assert sizes[-1] == 300
    assert sizes == sorted(set(sizes))
    steps = [after - before for before, after in pairwise(sizes)]
    assert min(steps[:-1]) * room.ear.takes_s >= BATCH_S
    assert len(sizes) < 50
    assert all(len(catalogue.tracks) == 300 for catalogue in room.refined)


def test_what_was_heard_is_kept_meanwhile(room: Room) -> None:
    kept: list[int] = []
    names = [f"{number:03}" for number in range(100)]
    room.ear.after = lambda _name: kept.append(len(room.store.hearings(names, "v1")))

    room.scanned(_catalogue(*names))

    assert max(kept) > 100 - 2 * BATCH_S
    assert len(set(kept)) <= 100 / BATCH_S + 1
    assert len(room.store.hearings(names, "v1")) == 100


def test_progress_tells_how_long_the_rest_takes(room: Room) -> None:
    room.ear.takes_s = 2.0

    room.scanned(_catalogue(*"abcdefghij"))

    assert room.progress[0] == ListeningProgress(1, 10, None)
    assert ListeningProgress(4, 10, 12.0) in room.progress
    assert room.progress[-1] == ListeningProgress(10, 10, None)


def test_a_library_that_goes_away_ends_the_listening(room: Room) -> None:
    def pull(name: str) -> None:
        if name == "b":
            room.listening.show(Catalogue(is_away=True, notice="gone"))

    room.ear.after = pull
    room.scanned(_catalogue(*"abcd"))
    asyncio.run(room.listening.look())

    assert room.ear.heard == ["a", "b"]
    assert room.refined == []
    assert room.progress[-1] is None
    assert set(room.store.hearings("abcd", "v1")) == {"a", "b"}


def test_a_scan_that_begins_comes_first(room: Room) -> None:
    room.ear.after = lambda _name: room.listening.settle(is_complete=False)

    room.scanned(_catalogue(*"abcd"))
    assert room.ear.heard == ["a"]

    room.ear.after = lambda _name: None
    room.scanned(_catalogue(*"abcd"))
    assert room.ear.heard == list("abcd")


def test_it_can_be_switched_off_and_what_is_known_stays_in_use(room: Room) -> None:
    room.scanned(_catalogue("a"))
    room.restart()
    room.listening.apply(LibrarySettings(listen=False))

    room.scanned(_catalogue("a", "b"))
    assert room.ear.identified == []
    assert room.refined[-1].by_id["a"].sound == SOUND

    room.listening.apply(LibrarySettings(listen=True))
    asyncio.run(room.listening.look())
    assert room.ear.heard == ["b"]


def test_a_failing_store_costs_nothing_but_the_memory(room: Room) -> None:
    room.store.failing = Unavailable("the disk is full")

    room.scanned(_catalogue("a"))

    assert room.refined[-1].by_id["a"].sound == SOUND
    assert "the disk is full" in room.said_of_store[-1]

    room.store.failing = None
    room.scanned(_catalogue("a"))
    assert room.said_of_store[-1] == ""
    assert set(room.store.hearings(["a"], "v1")) == {"a"}


def test_what_a_full_disk_did_not_take_is_kept_once_there_is_room(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "KEEP_AGAIN_S", 0.001)
    keep = room.store.keep_hearings

    async def full_at_first() -> None:
        loop, is_kept = asyncio.get_running_loop(), asyncio.Event()

        def keep_later(hearings: Mapping[str, Hearing], version: str) -> None:
            if not room.ear.closed:  # as long as it listens
                raise Unavailable("the disk is full")
            keep(hearings, version)
            loop.call_soon_threadsafe(is_kept.set)

        monkeypatch.setattr(room.store, "keep_hearings", keep_later)
        room.listening.show(_catalogue("a"))
        room.listening.settle(is_complete=True)
        running = asyncio.create_task(room.listening.run())
        async with asyncio.timeout(60):
            await is_kept.wait()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(full_at_first())

    assert set(room.store.hearings(["a"], "v1")) == {"a"}


def test_the_program_is_let_go_when_there_is_nothing_left_to_hear(room: Room) -> None:
    room.scanned(_catalogue("a"))

    assert room.ear.closed == 1


@pytest.mark.parametrize("error", [Unavailable("it does not start"), ModelError("no model")])
def test_music_goes_on_when_nothing_can_be_listened_to(
    room: Room, error: Unavailable | ModelError, caplog: pytest.LogCaptureFixture
) -> None:
    def no_places() -> FakePlaces:
        if isinstance(error, ModelError):
            raise error
        return room.places

    if isinstance(error, Unavailable):
        room.ear.is_gone = error
    room.listening = Listening(
        LibrarySettings(),
        ear=room.ear,
        open_places=no_places,
        store=room.store,
        worker=room.worker,
        swap=room.swapped.append,
        refine=room.refined.append,
        playing=lambda: None,
        post=room.posted.append,
        tell=room.said_of_store.append,
        clock=room.clock,
    )

    async def run_a_while() -> None:
        said = asyncio.Event()

        def note(_record: LogRecord) -> bool:
            said.set()
            return True

        caplog.handler.addFilter(note)
        room.listening.show(_catalogue("a"))
        room.listening.settle(is_complete=True)
        running = asyncio.create_task(room.listening.run())
        async with asyncio.timeout(60):
            await said.wait()
        assert not running.done()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(run_a_while())

    assert str(error) in caplog.text
    assert len(room.swapped) == 1


def test_what_was_heard_last_is_kept_when_core_ends(room: Room) -> None:
    async def end_meanwhile() -> None:
        second = asyncio.Event()
        room.ear.after = lambda name: second.set() if name == "b" else None
        room.listening.show(_catalogue("a", "b", "c"))
        room.listening.settle(is_complete=True)
        running = asyncio.create_task(room.listening.run())
        async with asyncio.timeout(60):
            await second.wait()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(end_meanwhile())
    room.worker.shutdown()

    assert "a" in room.store.hearings("abc", "v1")
