"""What every camera does, whether made up, recorded, acted or real."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, demo_script
from soulsync_edge.adapters.camera_file import FileCamera
from soulsync_edge.adapters.camera_picamera2 import Picamera2Camera
from soulsync_edge.adapters.camera_v4l2 import V4l2Camera
from soulsync_edge.errors import Unavailable
from soulsync_edge.eye_ports import Camera
from soulsync_edge.fakes import FakeCamera, FakeClock, a_frame
from soulsync_edge.settings import CameraSettings
from tests.pictures import picture, write_folder, write_video

MODELS = Path(__file__).parents[2] / "models"
STAND_INS = Path(__file__).parents[1] / "stand_ins"
DEVICES = sorted(Path("/dev").glob("video*"))

PATIENCE_S = 10.0

Make = Callable[[Path], Camera]


def made_up(_folder: Path) -> Camera:
    return FakeCamera(a_frame(at_s) for at_s in range(6))


def video(folder: Path) -> Camera:
    return _recorded(write_video(folder / "a.avi", _pictures()), live=False)


def pictures(folder: Path) -> Camera:
    return _recorded(write_folder(folder / "pictures", _pictures()), live=False)


def live_video(folder: Path) -> Camera:
    return _recorded(write_video(folder / "a.avi", _pictures()), live=True)


def live_pictures(folder: Path) -> Camera:
    return _recorded(write_folder(folder / "pictures", _pictures()), live=True)


def actor(_folder: Path) -> Camera:
    clock = FakeClock()

    def later() -> float:
        clock.pass_time(0.25)
        return clock.now_s

    return ActorCamera(MODELS, demo_script(60.0), clock=later)


def ribbon(_folder: Path) -> Camera:
    return Picamera2Camera(CameraSettings())


def plugged_in(_folder: Path) -> Camera:
    return V4l2Camera(CameraSettings(device=str(DEVICES[0])))


def _pictures() -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return [picture(level) for level in (60, 90, 120, 150, 180, 210)]


def _recorded(path: Path, *, live: bool) -> Camera:
    clock = FakeClock()
    settings = CameraSettings(adapter="file", device=str(path))
    return FileCamera(settings, live=live, clock=clock, wait=clock.pass_time)


@pytest.fixture(
    params=[
        made_up,
        video,
        pictures,
        live_video,
        live_pictures,
        actor,
        ribbon,
        pytest.param(
            plugged_in,
            marks=pytest.mark.skipif(not DEVICES, reason="no camera is plugged in: no /dev/video*"),
        ),
    ]
)
def camera(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Camera]:
    monkeypatch.syspath_prepend(STAND_INS)
    make: Make = request.param
    camera = make(tmp_path)
    yield camera
    camera.close()
    sys.modules.pop("picamera2", None)


def test_a_frame_is_a_colour_picture_within_the_size_asked_for(camera: Camera) -> None:
    frame = camera.read(PATIENCE_S)

    assert frame is not None
    height, width, colours = frame.pixels.shape
    assert frame.pixels.dtype == np.uint8
    assert colours == 3
    assert 0 < width <= 640
    assert 0 < height <= 480


def test_a_frame_lies_in_memory_row_by_row(camera: Camera) -> None:
    frame = camera.read(PATIENCE_S)

    assert frame is not None
    assert frame.pixels.flags.c_contiguous


def test_frames_come_in_order_of_time(camera: Camera) -> None:
    frames = [camera.read(PATIENCE_S) for _ in range(4)]

    times = [frame.at_s for frame in frames if frame is not None]
    assert len(times) == 4
    assert times == sorted(set(times))


def test_an_earlier_frame_is_left_alone_by_the_next(camera: Camera) -> None:
    frame = camera.read(PATIENCE_S)
    assert frame is not None
    before = frame.pixels.copy()

    camera.read(PATIENCE_S)

    assert (frame.pixels == before).all()


def test_a_closed_camera_gives_nothing(camera: Camera) -> None:
    camera.read(PATIENCE_S)

    camera.close()

    with pytest.raises(Unavailable):
        camera.read(PATIENCE_S)


def test_a_camera_can_be_closed_twice_and_unused(camera: Camera) -> None:
    camera.close()
    camera.close()
