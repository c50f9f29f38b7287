"""What the person chose, kept: at once, newest only, and never a camera opened by a fault."""

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from soulsync_edge.adapters.store_lost import LostStore
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.freshness import Heard
from soulsync_edge.domain.resuming import LONGEST_WAIT_S
from soulsync_edge.domain.session import NowPlaying, Resume, Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock, FakeStore
from soulsync_edge.services.memory import PAUSE_S, POSITION_PAUSE_S, RETRY_S, Memory
from soulsync_edge.settings import PlayerSettings, PrivacySettings, Settings


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
        self.kept: list[str] = []

    def keep(self, name: str, value: str) -> None:
        super().keep(name, value)
        self.kept.append(name)
        if name == "choices":
            self.volumes.append(json.loads(value)["volume_pct"])


class Desk:
    """A memory with everything around it, and a person who chooses."""

    def __init__(self, *, is_prompt: bool = True) -> None:
        self.store = CountingStore()
        self.worker = Worker(is_prompt=is_prompt)
        self.clock = FakeClock()
        self.said: list[str] = []
        self.memory = Memory(self.store, self.worker, self.said.append, self.clock, run="run 1")
        self.session = Session()

    def choose(self, session: Session) -> None:
        self.memory.show(self.session, session)
        self.session = session

    def tick(self) -> None:
        """Let a second go by."""
        self.clock.pass_time(1.0)
        self.choose(self.session)


def at_start(
    store: FakeStore | LostStore,
    settings: Settings | None = None,
    *,
    clock: FakeClock | None = None,
    run: str = "run 2",
) -> tuple[Session, list[str]]:
    said: list[str] = []
    memory = Memory(store, Worker(), said.append, clock or FakeClock(), run=run)
    return memory.session_at_start(settings or Settings()), said


def test_choices_survive_a_restart() -> None:
    desk = Desk()
    chosen = Session(
        camera_is_on=False, music_is_on=False, volume_pct=12, mode=Mode.SHIFT, goal=Goal.SLEEP
    )

    desk.choose(chosen)

    session, said = at_start(desk.store)
    assert (replace(session, minute_of_day=0), said) == (chosen, [])


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


PLAYING = NowPlaying("t1", "a close match", Affect(0.25, -0.5), 950.0, position_s=12.0)
HEARD = (Heard("t0", "Ada", 700.0, "Dawn"), Heard("t1", "Bo", 950.0))


def a_desk_that_plays() -> Desk:
    desk = Desk()
    desk.choose(Session(volume_pct=40, playing=PLAYING, history=HEARD))
    return desk


def move_to(desk: Desk, position_s: float) -> None:
    playing = desk.session.playing
    assert playing is not None
    desk.choose(replace(desk.session, playing=replace(playing, position_s=position_s)))


def test_what_plays_and_where_survives_a_power_cut() -> None:
    desk = a_desk_that_plays()
    clock = FakeClock(30.0)

    session, said = at_start(desk.store, clock=clock)

    assert said == []
    assert session.playing is not None
    assert replace(session.playing, chosen_s=950.0) == PLAYING
    assert session.resume == Resume(30.0 + LONGEST_WAIT_S, may_be_heard=False)
    assert [(one.track_id, one.artist, one.album) for one in session.history] == [
        ("t0", "Ada", "Dawn"),
        ("t1", "Bo", ""),
    ]
    assert session.history[0].at_s <= 30.0 - 300.0


def test_when_core_alone_is_started_again_the_voice_may_be_playing() -> None:
    desk = a_desk_that_plays()

    session, _ = at_start(desk.store, run="run 1")

    assert session.resume == Resume(1000.0 + LONGEST_WAIT_S, may_be_heard=True)
    assert session.playing == PLAYING
    assert session.history == HEARD


def test_a_person_who_does_not_want_it_gets_new_music_after_a_power_cut() -> None:
    desk = a_desk_that_plays()
    settings = Settings(player=PlayerSettings(resume=False))

    after_power_cut, _ = at_start(desk.store, settings)
    after_core_alone, _ = at_start(desk.store, settings, run="run 1")

    assert after_power_cut.playing is None
    assert after_power_cut.resume is None
    assert len(after_power_cut.history) == 2
    assert after_core_alone.resume is not None  # what the voice plays goes on all the same


def test_after_a_power_cut_it_is_no_louder_than_is_safe() -> None:
    desk = a_desk_that_plays()
    desk.choose(replace(desk.session, volume_pct=90))
    desk.memory.close()
    quiet = Settings(player=PlayerSettings(safe_volume_pct=30))

    assert at_start(desk.store)[0].volume_pct == 50
    assert at_start(desk.store, quiet)[0].volume_pct == 30
    assert at_start(desk.store, run="run 1")[0].volume_pct == 90
    assert at_start(FakeStore(), quiet)[0].volume_pct == 30


def test_a_quieter_choice_than_is_safe_is_kept() -> None:
    desk = a_desk_that_plays()

    assert at_start(desk.store)[0].volume_pct == 40


def test_how_far_a_track_got_is_written_every_ten_seconds() -> None:
    desk = a_desk_that_plays()
    desk.store.kept.clear()

    for second in range(1, 61):
        desk.clock.pass_time(1.0)
        move_to(desk, 12.0 + second)

    assert desk.store.kept == ["present"] * round(60 / POSITION_PAUSE_S)
    session, _ = at_start(desk.store)
    assert session.playing is not None
    assert session.playing.position_s == 72.0


def test_another_track_is_written_at_once() -> None:
    desk = a_desk_that_plays()
    desk.clock.pass_time(PAUSE_S)
    following = replace(PLAYING, track_id="t2", position_s=0.0)

    desk.choose(replace(desk.session, playing=following))

    session, _ = at_start(desk.store)
    assert session.playing is not None
    assert session.playing.track_id == "t2"


def test_many_skips_cost_few_writes_and_the_last_is_kept() -> None:
    desk = a_desk_that_plays()
    desk.store.kept.clear()

    for number in range(50):
        desk.clock.pass_time(0.2)
        heard = Heard(f"s{number}", "", desk.clock.now_s)
        desk.choose(
            replace(
                desk.session,
                playing=replace(PLAYING, track_id=f"s{number}"),
                history=(*desk.session.history, heard),
            )
        )
    desk.memory.close()

    assert desk.store.kept.count("present") <= 11
    assert desk.store.kept.count("history") <= 2
    session, _ = at_start(desk.store)
    assert session.playing is not None
    assert session.playing.track_id == session.history[-1].track_id == "s49"


def test_a_sleep_timer_outlives_a_restart_of_core() -> None:
    desk = a_desk_that_plays()
    desk.clock.pass_time(PAUSE_S)

    desk.choose(replace(desk.session, sleep_at_s=2000.0))

    assert at_start(desk.store, clock=desk.clock, run="run 1")[0].sleep_at_s == 2000.0


@pytest.mark.parametrize("name", ["present", "history"])
@pytest.mark.parametrize("damage", ["{", "[]", "{}", "null", '{"now": 3}', '{"now": {"run": "x"}}'])
def test_what_cannot_be_read_costs_the_music_its_place_and_no_more(name: str, damage: str) -> None:
    desk = a_desk_that_plays()
    desk.store.keep(name, damage)

    session, said = at_start(desk.store)

    assert said == []
    assert session.camera_is_on
    assert session.volume_pct == 40
    if name == "present":
        assert session.playing is None


def test_a_full_disk_is_told_once_for_all_that_is_kept() -> None:
    desk = Desk()
    desk.store.failing = Unavailable("the disk is full")
    desk.choose(Session(playing=PLAYING, history=HEARD))
    desk.store.failing = None

    desk.clock.pass_time(RETRY_S)
    desk.choose(desk.session)

    assert desk.said[0] == "what plays now will be forgotten at the next start: the disk is full"
    assert desk.said[-1] == ""
    assert len(at_start(desk.store)[0].history) == 2


def test_the_time_of_day_is_known_from_the_start() -> None:
    """Or quiet hours would begin, or end, a second later."""
    at_noon = datetime(2026, 11, 21, 12, 5)  # noqa: DTZ001  # local, as people set quiet hours
    memory = Memory(FakeStore(), Worker(), pytest.fail, FakeClock(), wall_clock=at_noon.timestamp)

    assert memory.session_at_start(Settings()).minute_of_day == 12 * 60 + 5
