"""Take, step, perform, show."""

import asyncio
import logging

import pytest

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.events import (
    CameraSwitched,
    CatalogueChanged,
    Event,
    Tick,
    VoiceFound,
    VolumeChosen,
)
from soulsync_edge.domain.session import Context, Rules, Session
from soulsync_edge.domain.track import catalogue_of
from soulsync_edge.fakes import FakeClock, FakePlayer
from soulsync_edge.services.conductor import Conductor
from soulsync_edge.services.inbox import Inbox
from tests.strategies import a_track

CATALOGUE = catalogue_of([a_track("t0", Affect(0, 0)), a_track("t1", Affect(0.1, 0))])


class Stage:
    """A conductor over fakes, inside a running loop."""

    def __init__(self, context: Context | None = None) -> None:
        self.clock = FakeClock()
        self.inbox = Inbox(asyncio.get_running_loop())
        self.player = FakePlayer(self.inbox.post, self.clock)
        self.cameras: list[bool] = []
        self.recorded: list[Event] = []
        self.conductor = Conductor(
            self.inbox,
            Session(),
            context or Context(catalogue=CATALOGUE),
            player=self.player,
            set_camera=self.cameras.append,
            clock=self.clock,
            record=lambda event, _context, _commands: self.recorded.append(event),
        )

    def tick(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.pass_time(1.0)
            self.conductor.conduct(Tick(self.clock(), 600))


def test_commands_reach_the_player_and_the_eye() -> None:
    async def scene() -> Stage:
        stage = Stage()
        stage.conductor.conduct(VoiceFound(stage.clock()))
        stage.tick(5)
        stage.conductor.conduct(VolumeChosen(stage.clock(), 20))
        stage.conductor.conduct(CameraSwitched(stage.clock(), is_on=False))
        return stage

    stage = asyncio.run(scene())

    assert stage.player.playing in CATALOGUE.by_id
    assert stage.player.volume_pct == 20
    assert stage.cameras == [False]
    assert len(stage.recorded) == 8


def test_a_failing_observer_is_logged_and_skipped(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Session] = []

    def broken(_before: Session, _after: Session) -> None:
        raise RuntimeError("no paint")

    async def scene() -> None:
        stage = Stage()
        stage.conductor.add_observers([broken, lambda _before, after: seen.append(after)])
        with caplog.at_level(logging.ERROR):
            stage.conductor.conduct(VoiceFound(stage.clock()))

    asyncio.run(scene())

    assert len(seen) == 1
    assert "an observer failed at VoiceFound" in caplog.text


def test_a_new_catalogue_is_judged_by_and_announced() -> None:
    async def scene() -> tuple[Context, object]:
        stage = Stage(Context())
        stage.conductor.swap_catalogue(CATALOGUE)
        return stage.conductor.state()[1], await stage.inbox.take()

    context, event = asyncio.run(scene())

    assert context.catalogue is CATALOGUE
    assert isinstance(event, CatalogueChanged)


def test_music_that_is_better_known_is_judged_by_and_is_no_event() -> None:
    better = catalogue_of(CATALOGUE.tracks, notice="the same, better known")

    async def scene() -> tuple[Context, bool]:
        stage = Stage()
        stage.conductor.refine_catalogue(better)
        stage.inbox.post(VoiceFound(stage.clock()))
        return stage.conductor.state()[1], isinstance(await stage.inbox.take(), VoiceFound)

    context, came_first = asyncio.run(scene())

    assert context.catalogue is better
    assert came_first


def test_new_rules_leave_the_catalogue_alone() -> None:
    async def scene() -> Context:
        stage = Stage()
        stage.conductor.swap_rules(Rules(seed="new"))
        return stage.conductor.state()[1]

    context = asyncio.run(scene())

    assert (context.rules.seed, context.catalogue) == ("new", CATALOGUE)


def test_running_takes_events_as_they_come() -> None:
    async def scene() -> list[Event]:
        stage = Stage()
        running = asyncio.create_task(stage.conductor.run())
        done = asyncio.Event()
        stage.conductor.add_observers([lambda _before, _after: done.set()])
        stage.inbox.post(VoiceFound(1.0))
        async with asyncio.timeout(5):
            await done.wait()
        running.cancel()
        return stage.recorded

    assert asyncio.run(scene()) == [VoiceFound(1.0)]
