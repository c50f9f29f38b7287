"""The real voice program, and a core in the test's hands at the other end of its link."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from soulsync_edge.settings import PlayerSettings
from soulsync_edge.wire.link_server import LinkServer
from soulsync_edge.wire.messages import (
    VOICE_EVENTS,
    VOICE_ORDERS,
    Configure,
    VoiceEvent,
    VoiceOrder,
)

PATIENCE_S = 60.0
"""For a machine that runs other tests meanwhile."""

SILENT = PlayerSettings(output="silent")


class VoiceCore:
    """The test's end of the link, and the voice program at the other.

    Args:
        run_dir: Where the link's socket lies.
        settings: What the voice is told when it connects.
        environment: Variables of the voice besides the test's own.
        on_event: Hears what the voice says, besides `heard`.
    """

    def __init__(
        self,
        run_dir: Path,
        settings: PlayerSettings = SILENT,
        environment: Mapping[str, str] | None = None,
        on_event: Callable[[VoiceEvent], object] = lambda _: None,
    ) -> None:
        self.run_dir = run_dir
        self.section_json = settings.model_dump_json()
        self.environment = dict(environment or {})
        self._on_event = on_event
        self.heard: list[VoiceEvent] = []
        self.found = 0
        self.lost = 0
        self.is_there = False
        self.program: asyncio.subprocess.Process | None = None
        self._server: LinkServer[VoiceEvent, VoiceOrder] | None = None
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = run_dir / "voice.log"
        self._supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._supervisor.bind(str(run_dir / "notify"))
        self._supervisor.settimeout(0)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Be there for the voice."""
        self._server = LinkServer(
            self.run_dir / "voice.sock",
            VOICE_EVENTS,
            VOICE_ORDERS,
            on_found=self._on_found,
            on_lost=self._on_lost,
            on_message=self._on_message,
        )
        async with self._server:
            yield
        self.is_there = False

    @asynccontextmanager
    async def with_voice(self) -> AsyncIterator[None]:
        """Be there, with a voice that has said hello and is killed in the end."""
        async with self.serving():
            await self.start()
            try:
                await self.until(lambda: self.is_there)
                yield
            finally:
                await self.kill()

    async def start(self) -> asyncio.subprocess.Process:
        """Start the voice; its log is a file, which never fills up as a pipe would."""
        environment = {"NOTIFY_SOCKET": str(self.run_dir / "notify")} | self.environment
        with self._log.open("ab") as log:
            self.program = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "soulsync_edge", "voice", "--run-dir", str(self.run_dir)),
                env=os.environ | environment,
                stderr=log,
            )
        return self.program

    async def kill(self) -> None:
        """Kill the voice if it still runs."""
        if self.program is not None and self.program.returncode is None:
            self.program.kill()
            await self.program.wait()

    async def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send the voice a signal; return its exit status and its log."""
        assert self.program is not None
        self.program.send_signal(number)
        return await self.ended()

    async def ended(self) -> tuple[int, str]:
        """Wait until the voice ends; return its exit status and its log."""
        assert self.program is not None
        async with asyncio.timeout(PATIENCE_S):
            status = await self.program.wait()
        return status, self.log

    def say(self, *orders: VoiceOrder) -> None:
        assert self._server is not None
        for order in orders:
            assert self._server.send(order)

    async def until(self, come: Callable[[], bool], what: str = "something") -> None:
        """Wait until the voice has said or done something; `what` it is, if that fails."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._news:
                await self._news.wait_for(come)
        except TimeoutError:
            pytest.fail(
                f"waited in vain for {what}; the voice is {'' if self.is_there else 'not '}there; "
                f"heard {self.heard[-5:]}; the log: {self.log[-2000:]}"
            )

    async def hears(self, kind: type[VoiceEvent], track_id: str = "") -> VoiceEvent:
        """Wait for the first word of a kind, about a track if one is named, and return it."""

        def words() -> list[VoiceEvent]:
            return [
                event
                for event in self.heard
                if isinstance(event, kind) and track_id in {"", getattr(event, "track_id", "")}
            ]

        await self.until(lambda: bool(words()), f"{kind.__name__} {track_id}")
        return words()[0]

    @property
    def log(self) -> str:
        """What all voices so far have written to their log."""
        return self._log.read_text("utf-8", "replace")

    async def next_told_supervisor(self) -> str:
        """Wait for the next word to its supervisor, and return it."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_S):
            return (await loop.sock_recv(self._supervisor, 4096)).decode()

    def told_supervisor(self) -> list[str]:
        """What the voice has told its supervisor since last asked."""
        told = []
        while True:
            try:
                told.append(self._supervisor.recv(4096).decode())
            except BlockingIOError:
                return told

    def close(self) -> None:
        self._supervisor.close()

    def _on_found(self) -> None:
        self.found += 1
        self.is_there = True
        self.say(Configure(self.section_json))
        self._tell()

    def _on_lost(self) -> None:
        self.lost += 1
        self.is_there = False
        self._tell()

    def _on_message(self, event: VoiceEvent) -> None:
        self.heard.append(event)
        self._on_event(event)
        self._tell()

    def _tell(self) -> None:
        async def tell() -> None:
            async with self._news:
                self._news.notify_all()

        task = asyncio.get_running_loop().create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
