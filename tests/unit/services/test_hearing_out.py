import asyncio

import pytest

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.hearing import Analysis, FilePrint
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Track
from soulsync_edge.errors import MediaError, Unavailable
from soulsync_edge.fakes import FakeStore
from soulsync_edge.services.hearing_out import HeardOut, Memory, heard_out

SOUND = Sound(120.0, 4, is_minor=True, danceability=0.5, loudness_lufs=-14.0, true_peak_dbtp=-1.0)


def track(name: str) -> Track:
    return Track(name, f"/m/{name}", name, "", "", 30.0, Affect(0, 0), Spread(0.3, 0.3), "its tag")


class WordEar:
    """An ear to which the first letter of a name is what the file sounds like."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.mtime_ns = 1
        self.is_closed = False
        self.is_gone = False

    async def identify(self, track_id: str, path: str, known: FilePrint | None) -> FilePrint:
        if self.is_gone:
            raise Unavailable("the listening program does not start")
        if "broken" in path:
            raise MediaError(f"{track_id} cannot be decoded")
        await asyncio.sleep(0)
        if known is not None and known.mtime_ns == self.mtime_ns:
            return known
        return FilePrint(1, self.mtime_ns, track_id[0])

    async def listen(self, track_id: str, path: str) -> Analysis:
        assert path == f"/m/{track_id}"
        await asyncio.sleep(0)
        self.heard.append(track_id)
        return Analysis(f"of {track_id}", SOUND)

    async def close(self) -> None:
        self.is_closed = True


class Room:
    """Two ears, a store, and what they said."""

    def __init__(self) -> None:
        self.ears = [WordEar(), WordEar()]
        self.store = FakeStore()
        self.said: list[str] = []
        self.advanced = 0

    def hear(self, *names: str, version: str = "v1", forgets: bool = False) -> HeardOut:
        memory = Memory(None if forgets else self.store, version, self.said.append)
        return asyncio.run(
            heard_out([track(name) for name in names], self.ears, memory, self._advance)
        )

    @property
    def heard(self) -> list[str]:
        return sorted(name for ear in self.ears for name in ear.heard)

    def _advance(self) -> None:
        self.advanced += 1


@pytest.fixture
def room() -> Room:
    return Room()


def test_all_are_heard_once_by_both_ears_together(room: Room) -> None:
    names = ["a", "b", "c", "d", "e"]

    out = room.hear(*names)

    assert room.heard == sorted(out.hearings) == names
    assert all(ear.heard for ear in room.ears)
    assert all(ear.is_closed for ear in room.ears)
    assert room.advanced == 5


def test_what_cannot_be_heard_is_told_and_the_others_are_heard(room: Room) -> None:
    out = room.hear("a", "broken", "c")

    assert sorted(out.hearings) == ["a", "c"]
    assert [(file.path, file.reason) for file in out.unheard] == [
        ("/m/broken", "broken cannot be decoded")
    ]


def test_what_was_heard_is_known_the_next_time_as_long_as_it_is_the_same(room: Room) -> None:
    before = room.hear("a", "b")
    again = room.hear("a", "b")

    assert again.hearings == before.hearings
    assert room.heard == ["a", "b"]

    for ear in room.ears:
        ear.mtime_ns = 2  # only the tags are new
    retagged = room.hear("a", "b")

    assert room.heard == ["a", "b"]
    assert {hearing.file.mtime_ns for hearing in retagged.hearings.values()} == {2}


def test_other_descriptors_make_everything_be_heard_anew(room: Room) -> None:
    room.hear("a")
    room.hear("a", version="v2")

    assert room.heard == ["a", "a"]


def test_a_file_that_was_moved_is_known_by_its_content(room: Room) -> None:
    room.hear("a")

    moved = room.hear("a-moved")

    assert room.heard == ["a"]
    assert moved.hearings["a-moved"].analysis.descriptors == "of a"


def test_a_store_that_fails_is_said_once_and_costs_nothing_but_memory(room: Room) -> None:
    room.store.failing = Unavailable("the disk is full")

    out = room.hear("a", "b", "c")

    assert sorted(out.hearings) == ["a", "b", "c"]
    assert room.said == ["what is heard now will be heard again next time: the disk is full"]


def test_without_a_store_everything_is_heard(room: Room) -> None:
    assert sorted(room.hear("a", "b", forgets=True).hearings) == ["a", "b"]
    assert room.said == []


def test_ears_that_cannot_be_had_are_no_fault_of_the_files(room: Room) -> None:
    room.ears[0].is_gone = room.ears[1].is_gone = True

    with pytest.raises(Unavailable, match="does not start"):
        room.hear("a", "b")
    assert all(ear.is_closed for ear in room.ears)
