"""The parts of core that come and go by themselves: page, broker and panel."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable
from functools import partial

from soulsync_edge.adapters.web.app import make_app
from soulsync_edge.adapters.web.live import Live
from soulsync_edge.adapters.web.server import WebServer
from soulsync_edge.domain.events import Part
from soulsync_edge.ports import Observer, Post, SettingsDesk
from soulsync_edge.services.conductor import Conductor
from soulsync_edge.services.lamp import Lamp
from soulsync_edge.services.upkeep import Upkeep
from soulsync_edge.settings import Settings

clock = time.monotonic


def parts_of(conductor: Conductor, desk: SettingsDesk, post: Post) -> list[Upkeep]:
    """Return page, broker and panel, each kept open for as long as the settings want it."""
    settings = desk.settings

    @contextlib.asynccontextmanager
    async def page(settings: Settings) -> AsyncIterator[Awaitable[object]]:
        live = Live(conductor.state)
        app = make_app(state=conductor.state, post=post, clock=clock, desk=desk, live=live)
        server = WebServer(app, live, settings.web.host, settings.web.port)
        async with _watching(conductor, live.show), server as served:
            yield served

    @contextlib.asynccontextmanager
    async def broker(settings: Settings) -> AsyncIterator[Awaitable[object]]:
        from soulsync_edge.adapters.mqtt_paho import PahoHub

        hub = PahoHub(settings.mqtt, conductor.state, post, clock)
        async with hub, _watching(conductor, hub.show):
            yield asyncio.Event().wait()

    @contextlib.asynccontextmanager
    async def panel(settings: Settings) -> AsyncIterator[Awaitable[object]]:
        from soulsync_edge.adapters.button_gpiozero import GpioButton
        from soulsync_edge.adapters.light_gpiozero import GpioLight

        with contextlib.ExitStack() as pins:
            light = GpioLight(settings.panel.light_pin)
            pins.callback(light.close)
            button = GpioButton(settings.panel.button_pin, settings.panel.hold_s, post, clock)
            pins.callback(button.close)
            async with _watching(conductor, Lamp(light).show):
                yield asyncio.Event().wait()

    upkeep = partial(Upkeep, settings=settings, post=post, clock=clock)
    return [
        upkeep(Part.PAGE, page, is_on=lambda _settings: True),
        upkeep(
            Part.BROKER, broker, is_on=lambda settings: settings.mqtt.is_on, reports_itself=True
        ),
        upkeep(Part.BUTTON, panel, is_on=lambda settings: settings.panel.is_on),
    ]


@contextlib.asynccontextmanager
async def _watching(conductor: Conductor, observer: Observer) -> AsyncIterator[None]:
    """Let `observer` see every change while it is open."""
    conductor.add_observers([observer])
    try:
        yield
    finally:
        conductor.remove_observer(observer)
