"""A part kept open, and opened anew when its settings change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable

import pytest

from soulsync_edge.domain.events import Event, Part, PartReported
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock
from soulsync_edge.services.upkeep import Upkeep
from soulsync_edge.settings import CONNECTING, SWITCHED_OFF, Settings

OFF = Settings()
ON = Settings.model_validate({"mqtt": {"is_on": True}})


class Stage:
    """An upkeep whose part is open for as long as nobody closes it."""

    def __init__(self, settings: Settings, *, reports_itself: bool = False) -> None:
        self.reports: asyncio.Queue[Event] = asyncio.Queue()
        self.open_with: list[Settings] = []
        self.closed = 0
        self.is_broken = False
        self.refusal: Unavailable | None = None
        self.upkeep = Upkeep(
            Part.BROKER,
            self.open_part,
            is_on=lambda settings: settings.mqtt.is_on,
            settings=settings,
            post=self.reports.put_nowait,
            clock=FakeClock(1.0),
            reports_itself=reports_itself,
        )

    @contextlib.asynccontextmanager
    async def open_part(self, settings: Settings) -> AsyncIterator[Awaitable[None]]:
        if self.is_broken:
            raise TypeError("a mistake of ours")
        if self.refusal is not None:
            raise self.refusal
        self.open_with.append(settings)
        try:
            yield asyncio.get_running_loop().create_future()
        finally:
            self.closed += 1

    async def reported(self) -> Event:
        async with asyncio.timeout(5):
            return await self.reports.get()


def test_new_settings_close_the_part_and_open_it_by_them() -> None:
    louder = Settings.model_validate({"mqtt": {"is_on": True, "port": 1}})

    async def scene() -> Stage:
        stage = Stage(ON)
        running = asyncio.create_task(stage.upkeep.run())
        await stage.reported()
        await stage.upkeep.apply(louder)
        await stage.reported()
        running.cancel()
        await asyncio.wait({running})
        return stage

    stage = asyncio.run(scene())

    assert stage.open_with == [ON, louder]
    assert stage.closed == 2


def test_a_part_switched_off_says_so_and_opens_when_switched_on() -> None:
    async def scene() -> tuple[Event, Event]:
        stage = Stage(OFF)
        running = asyncio.create_task(stage.upkeep.run())
        first = await stage.reported()
        await stage.upkeep.apply(ON)
        second = await stage.reported()
        running.cancel()
        return first, second

    assert asyncio.run(scene()) == (
        PartReported(1.0, Part.BROKER, is_ok=True, message=SWITCHED_OFF),
        PartReported(1.0, Part.BROKER, is_ok=True, message=""),
    )


def test_a_part_switched_off_has_no_fault_any_more() -> None:
    async def scene() -> list[Event]:
        stage = Stage(ON)
        stage.refusal = Unavailable("it is gone")
        running = asyncio.create_task(stage.upkeep.run())
        first = await stage.reported()
        await stage.upkeep.apply(OFF)
        second = await stage.reported()
        running.cancel()
        return [first, second]

    assert asyncio.run(scene()) == [
        PartReported(1.0, Part.BROKER, is_ok=False, message="it is gone"),
        PartReported(1.0, Part.BROKER, is_ok=True, message=SWITCHED_OFF),
    ]


def test_that_a_part_works_is_not_said_for_one_that_says_so_itself() -> None:
    async def scene() -> Event:
        stage = Stage(ON, reports_itself=True)
        running = asyncio.create_task(stage.upkeep.run())
        said = await stage.reported()
        running.cancel()
        return said

    assert asyncio.run(scene()) == PartReported(1.0, Part.BROKER, is_ok=True, message=CONNECTING)


def test_a_mistake_of_ours_is_not_kept_quiet() -> None:
    async def scene() -> None:
        stage = Stage(ON)
        stage.is_broken = True
        await stage.upkeep.run()

    with pytest.raises(TypeError, match="a mistake of ours"):
        asyncio.run(scene())
