"""The real core on a real mosquitto: killed, restarted, asked."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from soulsync_edge.settings import PlayerSettings
from tests.brokers import Mosquitto, Watcher
from tests.e2e.appliance import Appliance, part

pytestmark = pytest.mark.broker

FIRST_VOLUME = str(PlayerSettings().start_volume_pct)
_ROOT = "soulsync/soulsync"
_DEADLINE_S = 60.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as mosquitto:
        yield mosquitto


@pytest.fixture
def appliance(tmp_path: Path, broker: Mosquitto) -> Appliance:
    mqtt = {"is_on": True, "host": "127.0.0.1", "port": broker.port}
    return Appliance(tmp_path, settings={"mqtt": mqtt})


class Ear:
    """Waits for what the broker is told."""

    def __init__(self, watcher: Watcher, news: asyncio.Event) -> None:
        self._news = news
        self.watcher = watcher

    async def until(self, is_so: Callable[[dict[str, str]], Any]) -> None:
        """Wait until `is_so` of the newest payloads by topic."""
        async with asyncio.timeout(_DEADLINE_S):
            while not is_so(self.watcher.newest):
                self._news.clear()
                await self._news.wait()

    async def until_said(self, key: str, payload: str) -> None:
        """Wait until `payload` is the newest word on the appliance's topic `key`."""
        await self.until(lambda newest: newest.get(f"{_ROOT}/{key}") == payload)


@asynccontextmanager
async def _ear(broker: Mosquitto) -> AsyncIterator[Ear]:
    news = asyncio.Event()
    watcher = Watcher(broker.port, asyncio.get_running_loop(), news)
    ear = Ear(watcher, news)
    try:
        await ear.until(lambda _newest: watcher.is_listening)
        yield ear
    finally:
        await asyncio.to_thread(watcher.close)


def test_a_core_that_is_killed_is_offline_until_it_is_back(
    appliance: Appliance, broker: Mosquitto
) -> None:
    async def told() -> None:
        async with _ear(broker) as ear:
            await ear.until_said("availability", "online")
            appliance.kill("core")
            await ear.until_said("availability", "offline")
            await ear.until_said("availability", "online")

    with appliance.running("core"):
        asyncio.run(told())


def test_a_core_that_is_stopped_says_offline_itself(
    appliance: Appliance, broker: Mosquitto
) -> None:
    async def told() -> None:
        async with _ear(broker) as ear:
            with appliance.running("core"):
                await ear.until_said("volume/state", FIRST_VOLUME)
            await ear.until_said("availability", "offline")

    asyncio.run(told())


def test_the_right_state_is_back_within_five_seconds_of_the_broker(
    appliance: Appliance, broker: Mosquitto
) -> None:
    async def told() -> None:
        async with _ear(broker) as ear:
            await ear.until_said("volume/state", FIRST_VOLUME)
            broker.kill()
            await asyncio.to_thread(appliance.command, "volume", {"volume_pct": 23})
            ear.watcher.newest.clear()
            broker.start()
            back_s = time.monotonic()
            await ear.until_said("volume/state", "23")
            await ear.until_said("availability", "online")
            assert time.monotonic() - back_s < 5

    with appliance.running("core"):
        asyncio.run(told())


def test_a_command_changes_what_everyone_sees(appliance: Appliance, broker: Mosquitto) -> None:
    async def told() -> None:
        async with _ear(broker) as ear:
            await ear.until_said("camera/state", "ON")
            ear.watcher.publish(f"{_ROOT}/camera/set", "OFF")
            await ear.until_said("camera/state", "OFF")

    with appliance.running("core"):
        asyncio.run(told())


def test_a_broker_that_says_nothing_does_not_count_as_connected(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mqtt = {"is_on": True, "host": "127.0.0.1", "port": mute.getsockname()[1]}
        appliance = Appliance(tmp_path, settings={"mqtt": mqtt})
        with appliance.running("core"):
            state = appliance.until(lambda state: "onnect" in part(state, "broker")["message"])

    shown = part(state, "broker")
    assert (shown["state"], shown["message"]) == ("unheard", "Connecting.")


def test_the_page_answers_without_a_broker(appliance: Appliance, broker: Mosquitto) -> None:
    broker.stop()

    with appliance.running("core"):
        appliance.until(lambda state: "does not answer (connection refused)" in str(state["parts"]))
