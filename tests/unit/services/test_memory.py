"""What the person chose, kept: at once, newest only, and never a camera opened by a fault."""

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from soulsync_edge.adapters.store_lost import LostStore
from soulsync_edge.domain.session import Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock, FakeStore
from soulsync_edge.services.memory import PAUSE_S, RETRY_S, Memory
from soulsync_edge.settings import PrivacySettings, Settings


class Worker(Executor):
    """Runs what it is given when the test says so, or at once."""

    def __init__(self, *, is_prompt: bool = True) -> None:
        self.is_prompt = is_prompt
        self.waiting: list[Callable[[], Any]] = []

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201  # Executor's own signature
        self.waiting.append(lambda: fn(*args, **kwargs))
        if self.is_prompt:
            self.work()
        return Future[object]()

    def work(self) -> None:
        """Do all that waits."""
        while self.waiting:
            self.waiting.pop(0)()


class CountingStore(FakeStore):
    """Remembers each volume it was asked to keep."""

    def __init__(self) -> None:
        super().__init__()
        self.volumes: list[int] = []

    def keep(self, name: str, value: str) -> None:
        super().keep(name, value)
        self.volumes.append(json.loads(value)["volume_pct"])


class Desk:
    """A memory with everything around it, and a person who chooses."""

    def __init__(self, *, is_prompt: bool = True) -> None:
        self.store = CountingStore()
        self.worker = Worker(is_prompt=is_prompt)
        self.clock = FakeClock()
        self.said: list[str] = []
        self.memory = Memory(self.store, self.worker, self.said.append, self.clock)
        self.session = Session()

    def choose(self, session: Session) -> None:
        self.memory.show(self.session, session)
        self.session = session

    def tick(self) -> None:
        """Let a second go by."""
        self.clock.pass_time(1.0)
        self.choose(self.session)


def at_start(
    store: FakeStore | LostStore, settings: Settings | None = None
) -> tuple[Session, list[str]]:
    said: list[str] = []
    memory = Memory(store, Worker(), said.append, FakeClock())
    return memory.session_at_start(settings or Settings()), said


def test_choices_survive_a_restart() -> None:
    desk = Desk()
    chosen = Session(
        camera_is_on=False, music_is_on=False, volume_pct=12, mode=Mode.SHIFT, goal=Goal.SLEEP
    )

    desk.choose(chosen)

    assert at_start(desk.store) == (chosen, [])


def test_nothing_is_written_while_nobody_chooses() -> None:
    desk = Desk()

    desk.choose(Session(faces=2))
    desk.tick()
    desk.memory.close()

    assert desk.store.volumes == []


def test_the_first_start_goes_by_the_settings() -> None:
    settings = Settings(privacy=PrivacySettings(camera_at_first_start=False))

    assert at_start(FakeStore())[0].camera_is_on
    assert not at_start(FakeStore(), settings)[0].camera_is_on


@pytest.mark.parametrize("kept", ["{", "[]", '{"camera_is_on": true}', "null"])
def test_what_cannot_be_read_leaves_the_camera_closed_and_says_so(kept: str) -> None:
    store = FakeStore()
    store.keep("choices", kept)

    session, said = at_start(store)

    assert not session.camera_is_on
    assert "the camera stays closed until it is switched on" in said[0]


def test_a_lost_store_leaves_the_camera_closed_and_says_so() -> None:
    session, said = at_start(LostStore("the card fails"))

    assert not session.camera_is_on
    assert "the camera stays closed until it is switched on: the card fails" in said[0]


def test_a_lost_store_is_never_said_to_keep_choices() -> None:
    said: list[str] = []
    memory = Memory(LostStore("the card fails"), Worker(), said.append, FakeClock())

    memory.show(Session(), Session(volume_pct=1))

    assert said == ["the last choice will be forgotten at the next start: the card fails"]


def test_a_slider_costs_one_write_a_second_and_its_last_step_is_kept() -> None:
    desk = Desk()

    for volume_pct in range(1, 12):
        desk.clock.pass_time(PAUSE_S / 4)
        desk.choose(Session(volume_pct=volume_pct))
    desk.tick()

    assert desk.store.volumes == [1, 5, 9, 11]


def test_no_second_write_waits_while_one_is_under_way() -> None:
    desk = Desk(is_prompt=False)

    for volume_pct in range(1, 40):
        desk.choose(Session(volume_pct=volume_pct))
        desk.clock.pass_time(PAUSE_S)
    assert len(desk.worker.waiting) == 1

    desk.worker.work()
    desk.tick()
    desk.worker.work()

    assert desk.store.volumes == [1, 39]


def test_a_camera_that_is_closed_does_not_wait() -> None:
    desk = Desk()

    desk.choose(Session(volume_pct=1))
    desk.choose(Session(volume_pct=1, camera_is_on=False))

    assert not at_start(desk.store)[0].camera_is_on


def test_the_last_choice_is_written_at_the_end() -> None:
    desk = Desk()
    desk.choose(Session(volume_pct=1))
    desk.choose(Session(volume_pct=2))

    desk.memory.close()

    assert desk.store.volumes == [1, 2]


def test_a_full_disk_is_told_and_the_choice_is_tried_again_until_it_is_kept() -> None:
    desk = Desk()
    desk.store.failing = Unavailable("the disk is full")
    desk.choose(Session(volume_pct=1))
    desk.store.failing = None
    desk.tick()
    assert desk.said == ["the last choice will be forgotten at the next start: the disk is full"]

    desk.clock.pass_time(RETRY_S)
    desk.tick()

    assert desk.said[1:] == [""]
    assert desk.store.volumes == [1]
