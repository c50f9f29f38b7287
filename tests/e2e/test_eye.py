"""The real eye program against a test-side core: sockets, files and signals, no fakes inside."""

import asyncio
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.domain.commands import SetCamera
from soulsync_edge.domain.emotion import Emotion, EmotionEstimate
from soulsync_edge.domain.events import EstimateArrived, Part, PartReported
from soulsync_edge.settings import CameraSettings, EyeSettings, PanelSettings
from soulsync_edge.wire.link_server import LinkServer
from soulsync_edge.wire.messages import EYE_EVENTS, EYE_ORDERS, Configure, EyeEvent, EyeOrder
from tests.pictures import write_video

MODELS = Path(__file__).parents[2] / "models"
ON, OFF = SetCamera(is_on=True), SetCamera(is_on=False)

PATIENCE_S = 60.0
"""For a machine that runs other tests meanwhile."""


class Core:
    """The test's end of the link, and the eye program at the other."""

    def __init__(self, run_dir: Path, models: Path = MODELS) -> None:
        self.run_dir = run_dir
        self.models = models
        self.heard: list[EyeEvent] = []
        self.found = 0
        self.is_there = False
        self.news = asyncio.Condition()
        self.server: LinkServer[EyeEvent, EyeOrder] | None = None
        self.program: asyncio.subprocess.Process | None = None
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(str(run_dir / "notify"))
        self.notified.settimeout(0)

    def serve(self) -> LinkServer[EyeEvent, EyeOrder]:
        self.server = LinkServer(
            self.run_dir / "eye.sock",
            EYE_EVENTS,
            EYE_ORDERS,
            on_found=self._on_found,
            on_lost=self._on_lost,
            on_message=self._on_message,
        )
        return self.server

    async def start(self) -> psutil.Process:
        self.program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "soulsync_edge", "eye"),
            *("--run-dir", str(self.run_dir), "--models", str(self.models)),
            env=os.environ | {"NOTIFY_SOCKET": str(self.run_dir / "notify")},
            stderr=asyncio.subprocess.PIPE,
        )
        return psutil.Process(self.program.pid)

    def say(self, *orders: EyeOrder) -> None:
        assert self.server is not None
        for order in orders:
            assert self.server.send(order)

    async def until(self, come: Callable[[], bool]) -> None:
        """Wait until the eye has said or done something."""

        async def wait() -> None:
            async with self.news:
                await self.news.wait_for(come)

        await asyncio.wait_for(wait(), PATIENCE_S)

    async def ended(self) -> tuple[int, str]:
        """Wait for the program to end; return its exit status and what it wrote."""
        assert self.program is not None
        _, written = await asyncio.wait_for(self.program.communicate(), PATIENCE_S)
        assert self.program.returncode is not None
        return self.program.returncode, written.decode()

    def told(self) -> list[str]:
        """Return what the supervisor was told so far."""
        words: list[str] = []
        while True:
            try:
                words.append(self.notified.recv(4096).decode())
            except BlockingIOError:
                return words

    def estimates(self) -> list[EstimateArrived]:
        return [event for event in self.heard if isinstance(event, EstimateArrived)]

    def reports(self, part: Part) -> list[tuple[bool, str]]:
        return [
            (event.is_ok, event.message)
            for event in self.heard
            if isinstance(event, PartReported) and event.part is part
        ]

    def _on_found(self) -> None:
        self.found += 1
        self.is_there = True
        self._tell()

    def _on_lost(self) -> None:
        self.is_there = False
        self._tell()

    def _on_message(self, event: EyeEvent) -> None:
        self.heard.append(event)
        self._tell()

    def _tell(self) -> None:
        async def tell() -> None:
            async with self.news:
                self.news.notify_all()

        self._telling = asyncio.ensure_future(tell())


@asynccontextmanager
async def a_core(run_dir: Path, models: Path = MODELS) -> AsyncIterator[Core]:
    core = Core(run_dir, models)
    try:
        async with core.serve():
            await core.start()
            await core.until(lambda: core.is_there)
            yield core
    finally:
        if core.program is not None and core.program.returncode is None:
            core.program.kill()
            await core.program.communicate()
        core.notified.close()


@pytest.fixture(scope="module")
def happy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    actor = ActorCamera(MODELS, (Scene(0.0, Emotion.HAPPY),), start_s=0.0)
    frames = [actor.pixels_at(number / 10) for number in range(30)]
    return write_video(tmp_path_factory.mktemp("eye") / "happy.avi", frames)


def configured(video: Path, rate_hz: float = 4.0) -> Configure:
    camera = CameraSettings(adapter="file", device=str(video), rate_hz=rate_hz)
    return Configure(EyeSettings(camera=camera, panel=PanelSettings()).model_dump_json())


def test_the_eye_sees_and_tells_when_it_is_told_to_look(tmp_path: Path, happy: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            core.say(configured(happy), ON)

            await core.until(lambda: len(core.estimates()) >= 8)

            seen = core.estimates()[-1]
            estimate = EmotionEstimate(seen.probabilities, seen.confidence)
            assert estimate.label is Emotion.HAPPY
            assert abs(time.monotonic() - seen.at_s) < 5.0
            assert core.reports(Part.MODEL) == [(True, "")]
            assert core.reports(Part.CAMERA) == [(True, "recording happy.avi, 640 x 480")]
            assert "READY=1" in core.told()

    asyncio.run(story())


def test_off_is_off_within_300_ms_and_nothing_is_open_any_more(tmp_path: Path, happy: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            core.say(configured(happy), ON)
            await core.until(lambda: bool(core.estimates()))
            assert happy in opened_by(core)

            begun_s = time.monotonic()
            core.say(OFF)
            await core.until(lambda: core.reports(Part.CAMERA)[-1:] == [(True, "closed")])

            assert time.monotonic() - begun_s < 0.3
            assert happy not in opened_by(core)
            said = len(core.heard)
            core.say(configured(happy))
            core.say(OFF)
            core.say(Configure("no settings"))
            await core.until(lambda: bool(core.reports(Part.EYE)[1:]))
            assert not core.estimates()[said:]

    asyncio.run(story())


def test_a_core_that_goes_away_closes_the_camera_and_may_come_back(
    tmp_path: Path, happy: Path
) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            core.say(configured(happy), ON)
            await core.until(lambda: bool(core.estimates()))

            assert core.server is not None
            await core.server.__aexit__(None, None, None)
            await closed(core, happy)
            core.heard.clear()
            core.is_there = False
            async with core.serve():
                await core.until(lambda: core.is_there)
                core.say(configured(happy), ON)
                await core.until(lambda: bool(core.estimates()))
                assert core.reports(Part.MODEL) == [(True, "")]

    async def closed(core: Core, video: Path) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while video in opened_by(core):
            assert time.monotonic() < deadline_s
            await asyncio.sleep(0)

    asyncio.run(story())


def test_sigterm_ends_the_eye_well_at_any_moment(tmp_path: Path, happy: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            core.say(configured(happy), ON)
            await core.until(lambda: bool(core.estimates()))
            assert core.program is not None

            core.program.send_signal(signal.SIGTERM)
            status, written = await core.ended()

            assert status == 0
            assert "Traceback" not in written
            assert "STOPPING=1" in core.told()

    asyncio.run(story())


def test_sigterm_ends_an_eye_that_waits_for_core(tmp_path: Path) -> None:
    async def story() -> None:
        core = Core(tmp_path)
        await core.start()
        loop = asyncio.get_running_loop()
        assert await asyncio.wait_for(loop.sock_recv(core.notified, 100), PATIENCE_S) == b"READY=1"
        assert core.program is not None

        core.program.send_signal(signal.SIGTERM)
        status, written = await core.ended()

        core.notified.close()
        assert status == 0
        assert "Traceback" not in written

    asyncio.run(story())


def test_a_missing_camera_is_told_once_and_the_eye_stays(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            core.say(configured(tmp_path / "gone.avi"), ON)

            await core.until(lambda: bool(core.reports(Part.CAMERA)))

            [(is_ok, message)] = core.reports(Part.CAMERA)
            assert not is_ok
            assert "gone.avi" in message
            core.say(OFF)
            await core.until(lambda: core.reports(Part.CAMERA)[-1] == (True, "closed"))

    asyncio.run(story())


def test_a_damaged_model_is_told_and_the_eye_does_not_loop(tmp_path: Path, happy: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(MODELS, models, ignore=shutil.ignore_patterns("recipes"))
    content = bytearray((models / "emotion.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (models / "emotion.tflite").write_bytes(content)

    async def story() -> None:
        async with a_core(tmp_path, models) as core:
            core.say(configured(happy), ON)
            await core.until(lambda: bool(core.reports(Part.MODEL)))
            core.say(Configure("no settings"))  # an answer to this means: it is still there
            await core.until(lambda: core.reports(Part.EYE)[-1:][0][0] is False)

            [(is_ok, message)] = core.reports(Part.MODEL)
            assert not is_ok
            assert "emotion.tflite" in message
            assert happy not in opened_by(core)
            assert core.found == 1

    asyncio.run(story())


def test_a_crash_leaves_no_picture_behind(tmp_path: Path, happy: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            core.say(configured(happy), ON)
            await core.until(lambda: bool(core.estimates()))
            assert core.program is not None
            limits = psutil.Process(core.program.pid).rlimit(resource.RLIMIT_CORE)

            core.program.send_signal(signal.SIGABRT)
            status, _ = await core.ended()

            assert limits == (0, 0)
            assert status == -signal.SIGABRT

    asyncio.run(story())
    assert [path for path in tmp_path.iterdir() if path.name.startswith("core")] == []


def test_the_eye_opens_nothing_for_writing_and_no_socket_but_its_own(
    tmp_path: Path, happy: Path
) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            core.say(configured(happy), ON)
            await core.until(lambda: bool(core.estimates()))
            assert core.program is not None
            process = psutil.Process(core.program.pid)

            kinds = {link.family for link in process.net_connections("all")}
            modes = {opened.mode for opened in process.open_files()}

            assert kinds <= {socket.AF_UNIX}
            assert modes <= {"r"}

    asyncio.run(story())


def opened_by(core: Core) -> list[Path]:
    """Return the files the eye has open."""
    assert core.program is not None
    return [Path(opened.path) for opened in psutil.Process(core.program.pid).open_files()]
