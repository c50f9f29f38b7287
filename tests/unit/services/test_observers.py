"""The small observers: heartbeat and lamp."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from soulsync_edge.domain.events import Event, Part, Tick
from soulsync_edge.domain.session import Health, Session
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock, FakeLight, FakeSupervisor
from soulsync_edge.services.heartbeat import ALIVE_S, Heartbeat
from soulsync_edge.services.lamp import OFF, PLAYING, WAITING, Lamp


def test_the_supervisor_hears_of_life_only_when_events_go_through() -> None:
    clock, supervisor = FakeClock(), FakeSupervisor()
    heartbeat = Heartbeat(lambda _event: None, clock, supervisor)

    heartbeat.show(Session(), Session())
    clock.pass_time(ALIVE_S - 1)
    heartbeat.show(Session(), Session())
    clock.pass_time(1)
    heartbeat.show(Session(), Session())

    assert supervisor.told == ["alive", "alive"]


def test_the_supervisor_is_shown_how_the_room_looks() -> None:
    supervisor = FakeSupervisor()
    heartbeat = Heartbeat(lambda _event: None, FakeClock(), supervisor)

    heartbeat.show(Session(), Session(camera_is_on=False))

    assert supervisor.told[-1] == "status: The camera is closed"


def test_ticks_carry_the_time_of_day_and_the_day() -> None:
    posted: list[Event] = []
    clock = FakeClock(50.0)

    class Enough(Exception):  # noqa: N818  # ends the endless
        pass

    async def sleep(_seconds: float) -> None:
        raise Enough

    heartbeat = Heartbeat(posted.append, clock, FakeSupervisor())
    with pytest.raises(Enough):
        asyncio.run(heartbeat.run(wall=lambda: datetime(2026, 1, 2, 7, 30), sleep=sleep))  # noqa: DTZ001  # local wall time is the point

    assert posted == [Tick(50.0, 450, datetime(2026, 1, 2).toordinal())]  # noqa: DTZ001  # as above


PLAYING_SESSION = Session(is_silent_for="", now_s=10.0)


@pytest.mark.parametrize(
    ("session", "level"),
    [
        (PLAYING_SESSION, PLAYING),
        (Session(is_silent_for="nobody is here"), WAITING),
        (Session(music_is_on=False), OFF),
    ],
)
def test_the_light_shows_what_the_appliance_does(session: Session, level: float) -> None:
    light = FakeLight()
    before = replace(session, music_is_on=not session.music_is_on)

    Lamp(light).show(before, session)

    assert light.level == level


def test_a_fault_makes_the_light_change_every_second() -> None:
    light = FakeLight()
    lamp = Lamp(light)
    faulty = replace(
        PLAYING_SESSION, health=(Health(Part.SOUND, is_ok=False, message="no device", since_s=0.0),)
    )
    levels = []

    for second in range(4):
        after = replace(faulty, now_s=10.0 + second)
        lamp.show(replace(faulty, now_s=9.0 + second), after)
        levels.append(light.level)

    assert levels == [WAITING, PLAYING, WAITING, PLAYING]


def test_a_light_that_fails_is_only_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    light = FakeLight()
    light.failing = Unavailable("pin 18 is taken")
    lamp = Lamp(light)

    for music_is_on in (False, True, False):
        lamp.show(Session(music_is_on=not music_is_on), Session(music_is_on=music_is_on))

    assert caplog.text.count("pin 18 is taken") == 1
