"""A real mosquitto for tests, and a client that watches it."""

import asyncio
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

_READY_S = 20.0


class Mosquitto:
    """A broker on a free port of the loopback interface.

    Args:
        folder: For its configuration.
        options: Lines to add to it; without any, everyone may do everything.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        if shutil.which("mosquitto") is None:
            raise AssertionError("mosquitto is not installed; run: make setup")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            "\n".join(
                (
                    f"listener {self.port} 127.0.0.1",
                    "user root",
                    "persistence false",
                    "log_dest stderr",
                    *(options or ("allow_anonymous true",)),
                    "",
                )
            )
        )
        self._program: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start, and return once it listens."""
        self._program = subprocess.Popen(
            ["mosquitto", "-c", str(self._config)], stderr=subprocess.PIPE, text=True
        )
        assert self._program.stderr is not None
        for line in self._program.stderr:
            if "running" in line:
                break
        else:
            raise AssertionError("mosquitto did not start")

    def stop(self) -> None:
        """End it as a shutdown does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._program is None:
            return
        # Again and again: a signal that comes while mosquitto starts its loop is lost on it.
        for _ in range(int(_READY_S)):
            self._program.send_signal(how)
            try:
                self._program.communicate(timeout=1)
            except subprocess.TimeoutExpired:
                continue
            self._program = None
            return
        raise AssertionError("mosquitto does not end")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end(signal.SIGKILL)


class Watcher:
    """A client that hears everything: the newest payload per topic, and all of them in order."""

    def __init__(self, port: int, loop: asyncio.AbstractEventLoop, news: asyncio.Event) -> None:
        self._loop = loop
        self._news = news
        self.is_listening = False
        self.newest: dict[str, str] = {}
        self.heard: list[tuple[str, str, bool]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._tell(self._listening)
        self._client.on_message = self._hear
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish as a hub or a person with a command line would."""
        self._client.publish(topic, payload, qos=1, retain=retain)

    def close(self) -> None:
        """Go."""
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(
        self,
        client: Client,
        _data: object,
        _flags: ConnectFlags,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        client.subscribe("#", qos=1)

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        heard = (message.topic, message.payload.decode(), message.retain)
        self._tell(lambda: self._take(heard))

    def _take(self, heard: tuple[str, str, bool]) -> None:
        self.heard.append(heard)
        self.newest[heard[0]] = heard[1]

    def _listening(self) -> None:
        self.is_listening = True

    def _tell(self, what: Callable[[], None]) -> None:
        def told() -> None:
            what()
            self._news.set()

        self._loop.call_soon_threadsafe(told)
