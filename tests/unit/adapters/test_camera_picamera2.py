import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soulsync_edge.adapters.camera_picamera2 import Picamera2Camera, ribbon_cameras
from soulsync_edge.errors import NoFrameYet, Unavailable
from soulsync_edge.settings import CameraSettings

STAND_INS = Path(__file__).parents[2] / "stand_ins"
PATIENCE_S = 10.0


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(STAND_INS)
    import picamera2

    yield picamera2.Picamera2
    sys.modules.pop("picamera2")


def test_a_board_without_the_library_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)

    with pytest.raises(Unavailable, match="apt install python3-picamera2"):
        ribbon_cameras()


def test_the_cameras_on_the_ribbon_are_listed(library: Any) -> None:
    library.models = ["imx708", "ov5647"]

    assert ribbon_cameras() == ("imx708", "ov5647")


def test_a_missing_ribbon_camera_names_the_cable(library: Any) -> None:
    library.models = []

    with pytest.raises(Unavailable, match=r"ribbon camera 0 is not found \(there are 0\).*cable"):
        Picamera2Camera(CameraSettings())


def test_a_second_ribbon_camera_is_chosen_by_number(library: Any) -> None:
    library.models = ["imx708", "ov5647"]

    camera = Picamera2Camera(CameraSettings(device="1"))

    assert camera.name == "ribbon camera ov5647"
    assert library.opened[0].index == 1
    camera.close()


@pytest.mark.parametrize("device", ["/dev/video0", "\u00b2", "9" * 5000])
def test_a_device_that_is_no_number_means_the_first_ribbon_camera(
    library: Any, device: str
) -> None:
    camera = Picamera2Camera(CameraSettings(device=device))

    assert library.opened[0].index == 0
    camera.close()


def test_a_busy_ribbon_camera_is_named(library: Any) -> None:
    library.busy = True

    with pytest.raises(Unavailable, match=r"imx708 cannot be opened.*busy.*another program"):
        Picamera2Camera(CameraSettings())


def test_pictures_are_red_green_blue_of_the_size_asked_for(library: Any) -> None:
    camera = Picamera2Camera(CameraSettings(width_px=320, height_px=240))

    frame = camera.read(PATIENCE_S)

    assert frame is not None
    assert frame.pixels.shape == (240, 320, 3)
    assert frame.pixels[0, 0].tolist() == pytest.approx([200, 100, 50], abs=3)
    camera.close()
    assert not library.opened[0].is_open


def test_every_request_goes_back_to_the_library(library: Any) -> None:
    camera = Picamera2Camera(CameraSettings())
    for _ in range(5):
        camera.read(PATIENCE_S)
        assert library.opened[0].requests_out <= 1

    camera.close()

    assert library.opened[0].requests_out == 0
    assert not library.opened[0].is_started


def test_a_camera_that_stalls_is_a_fault(library: Any) -> None:
    library.stalled = True
    camera = Picamera2Camera(CameraSettings())

    with pytest.raises(Unavailable, match=r"gave no picture for 1\.5 s") as raised:
        camera.read(PATIENCE_S)

    assert not isinstance(raised.value, NoFrameYet)
    camera.close()
    assert not library.opened[0].is_open


def test_opening_and_closing_leaves_no_camera_open(library: Any) -> None:
    for _ in range(50):
        camera = Picamera2Camera(CameraSettings(width_px=160, height_px=120))
        camera.read(PATIENCE_S)
        camera.close()

    assert not any(camera.is_open or camera.requests_out for camera in library.opened)
