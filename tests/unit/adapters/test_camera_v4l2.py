import os
import subprocess
from pathlib import Path

import pytest

from soulsync_edge.adapters import camera_v4l2
from soulsync_edge.adapters.camera_v4l2 import V4l2Camera, device_path, holder_of
from soulsync_edge.errors import Unavailable
from soulsync_edge.settings import CameraSettings

NO_CAMERA = Path("/dev/full")
"""A device that is no camera, and that hardly anyone ever opens."""


def opened(device: str) -> V4l2Camera:
    return V4l2Camera(CameraSettings(adapter="v4l2", device=device))


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("0", "/dev/video0"),
        ("12", "/dev/video12"),
        ("/dev/video3", "/dev/video3"),
        ("/dev/v4l/by-id/usb-cam", "/dev/v4l/by-id/usb-cam"),
    ],
)
def test_a_device_is_named_by_its_number_or_its_path(device: str, expected: str) -> None:
    assert device_path(device) == Path(expected)


def test_a_missing_camera_is_named_with_what_to_do() -> None:
    with pytest.raises(Unavailable, match=r"no camera at /dev/video77 .*Plug one in"):
        opened("77")


def test_a_file_is_no_camera_device(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.touch()

    with pytest.raises(Unavailable, match=r"a\.mp4 is not a camera device\. .*adapter to file"):
        opened(str(path))


def test_a_device_that_gives_no_pictures_is_refused() -> None:
    with pytest.raises(Unavailable, match="/dev/full cannot be opened, or gives no pictures"):
        opened("/dev/full")


def test_a_forbidden_device_names_the_user_and_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)

    with pytest.raises(Unavailable, match=r"may not open the camera /dev/full.*usermod -aG video"):
        opened("/dev/full")


def test_whoever_holds_a_device_is_named() -> None:
    with NO_CAMERA.open() as held:
        holder = subprocess.Popen(["sleep", "60"], stdin=held)
    with holder:
        found = holder_of(NO_CAMERA)
        holder.kill()

    assert found == f"sleep (process {holder.pid})"


def test_a_device_nobody_holds_names_nobody(tmp_path: Path) -> None:
    assert holder_of(NO_CAMERA) is None
    assert holder_of(tmp_path / "none") is None


def test_a_busy_camera_names_the_program_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_v4l2, "holder_of", lambda _device: "guvcview (process 812)")

    with pytest.raises(Unavailable, match=r"/dev/full is in use by guvcview \(process 812\)"):
        opened("/dev/full")
