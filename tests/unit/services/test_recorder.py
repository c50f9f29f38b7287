"""Recording for as long as the settings say."""

import asyncio
from pathlib import Path

import pytest

from soulsync_edge.domain.commands import Command
from soulsync_edge.domain.events import Event, Tick
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeSettingsFile
from soulsync_edge.services.recorder import Recorder
from soulsync_edge.services.settings_keeper import SettingsKeeper
from soulsync_edge.settings import PrivacySettings, Settings


class FakeTrace:
    """A trace in memory, that may fail."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.events: list[Event] = []
        self.is_open = True
        self.failing: Unavailable | None = None

    def record(self, event: Event, context: Context, commands: tuple[Command, ...]) -> None:
        if self.failing is not None:
            raise self.failing
        assert self.is_open
        assert (context, commands) == (Context(), ())
        self.events.append(event)

    def close(self) -> None:
        self.is_open = False


class Room:
    """A recorder with everything around it."""

    def __init__(self) -> None:
        self.session = Session(volume_pct=1)
        self.traces: dict[str, FakeTrace] = {}
        self.refuses = ""
        self.said: list[str] = []
        self.recorder = Recorder(self._open, lambda: self.session, self.said.append)

    def record(self, at_s: float) -> None:
        self.recorder.record(Tick(at_s, 600), Context(), ())

    def recorded(self, path: str) -> list[float]:
        return [event.at_s for event in self.traces[path].events]

    def _open(self, path: Path, session: Session) -> FakeTrace:
        if str(path) == self.refuses:
            raise Unavailable(f"the trace cannot be written to {path}")
        self.traces[str(path)] = FakeTrace(session)
        return self.traces[str(path)]


@pytest.fixture
def room() -> Room:
    return Room()


def _with(path: str) -> Settings:
    return Settings(privacy=PrivacySettings(trace_file=path))


def test_without_a_path_nothing_is_recorded(room: Room) -> None:
    room.recorder.start(_with(""))
    room.record(1.0)

    assert room.traces == {}


def test_a_path_that_is_cleared_ends_the_recording_at_once(room: Room) -> None:
    room.recorder.start(_with("/a"))
    room.record(1.0)

    asyncio.run(room.recorder.apply(_with("")))
    room.record(2.0)

    assert room.recorded("/a") == [1.0]
    assert not room.traces["/a"].is_open


def test_a_path_that_is_set_begins_one_with_the_session_of_that_moment(room: Room) -> None:
    room.recorder.start(_with(""))
    room.session = Session(volume_pct=77)

    asyncio.run(room.recorder.apply(_with("/a")))
    room.record(1.0)

    assert room.traces["/a"].session.volume_pct == 77
    assert room.recorded("/a") == [1.0]


def test_another_path_takes_over(room: Room) -> None:
    room.recorder.start(_with("/a"))

    asyncio.run(room.recorder.apply(_with("/b")))
    room.record(1.0)

    assert (room.recorded("/a"), room.recorded("/b")) == ([], [1.0])
    assert not room.traces["/a"].is_open


def test_what_else_changes_about_privacy_leaves_the_trace_alone(room: Room) -> None:
    room.recorder.start(_with("/a"))
    first = room.traces["/a"]

    asyncio.run(room.recorder.apply(_with("/a")))

    assert room.traces["/a"] is first
    assert first.is_open


def test_a_path_that_cannot_be_written_is_refused_and_the_old_settings_come_back(
    room: Room,
) -> None:
    file = FakeSettingsFile(_with("/a"))
    desk = SettingsKeeper(file, file.settings)
    desk.on_change(frozenset({"privacy"}), room.recorder.apply)
    room.recorder.start(file.settings)
    room.refuses = "/b"

    with pytest.raises(Unavailable, match="cannot be written to /b"):
        asyncio.run(desk.change({"privacy": {"trace_file": "/b"}}))
    room.record(1.0)

    assert file.settings == desk.settings == _with("/a")
    assert room.recorded("/a") == [1.0]


def test_at_the_start_a_path_that_cannot_be_written_is_told_and_stops_nothing(room: Room) -> None:
    room.refuses = "/a"

    room.recorder.start(_with("/a"))
    room.record(1.0)
    assert room.said == ["the trace cannot be written to /a"]

    asyncio.run(room.recorder.apply(_with("")))
    assert room.said[-1] == ""


def test_a_trace_that_fails_is_told_once_and_ends(room: Room) -> None:
    room.recorder.start(_with("/a"))
    room.traces["/a"].failing = Unavailable("the trace /a ends here")
    room.said.clear()

    for at_s in range(3):
        room.record(at_s)

    assert room.said == ["the trace /a ends here"]
    assert not room.traces["/a"].is_open
