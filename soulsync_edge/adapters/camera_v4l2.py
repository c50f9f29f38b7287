"""USB and Jetson cameras, through OpenCV's Video4Linux capture."""

import contextlib
import os
import pwd
import stat
from pathlib import Path

import cv2
import numpy as np

from soulsync_edge.adapters.camera_reader import CameraReader, within
from soulsync_edge.adapters.proc_holder import first_holder
from soulsync_edge.errors import Unavailable
from soulsync_edge.eye_ports import Frame, Pixels
from soulsync_edge.settings import CameraSettings

# As many as there can be looks a second: fewer pictures than the usual 30 mean less work on the bus
# and longer exposures in a dim room.
_CAPTURE_HZ = 15
# How long OpenCV waits for one picture: twenty of the slowest. Its own limit is 10 s.
_GRAB_LIMIT_S = "2"


class V4l2Camera:
    """A `Camera` on a Video4Linux device, such as `/dev/video0`, its number, or a by-id link.

    Raises:
        Unavailable: There is no such device, it is busy or forbidden, or it gives no pictures;
            says which and what to do.
    """

    def __init__(self, settings: CameraSettings) -> None:
        device = device_path(settings.device)
        _check(device)
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", _GRAB_LIMIT_S)
        cv2.setNumThreads(1)
        source = _Capture(device, settings)
        self.name = f"camera {_card(device)}{device}"
        self._reader = CameraReader(self.name, source, rotation_deg=settings.rotation_deg)

    def read(self, timeout_s: float) -> Frame | None:
        return self._reader.read(timeout_s)

    def close(self) -> None:
        self._reader.close()


class _Capture:
    """OpenCV's capture as a `Source`."""

    def __init__(self, device: Path, settings: CameraSettings) -> None:
        self._device = device
        self._capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
        # Compressed on the bus: raw 640 x 480 at full rate fills USB 2 when a stick plays music.
        # Cameras without MJPG keep the format they have.
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width_px)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height_px)
        self._capture.set(cv2.CAP_PROP_FPS, _CAPTURE_HZ)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._most_px = (settings.width_px, settings.height_px)
        if not (self._capture.isOpened() and self._capture.grab()):
            self._capture.release()
            raise Unavailable(_why_shut(device))

    def advance(self) -> None:
        if not self._capture.grab():
            gone = "" if self._device.exists() else " It was unplugged."
            raise Unavailable(f"it stopped giving pictures.{gone} Check its cable.")

    def picture(self) -> Pixels:
        has_picture, pixels = self._capture.retrieve()
        if not has_picture:
            raise Unavailable("it gives pictures that cannot be decoded. Check its cable.")
        small = within(np.asarray(pixels, np.uint8), *self._most_px)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)

    def release(self) -> None:
        self._capture.release()


def device_path(device: str) -> Path:
    """Return the device file meant by a path or by a bare number."""
    return Path(f"/dev/video{device}") if device.isdigit() else Path(device)


def holder_of(device: Path) -> str | None:
    """Return which program has `device` open, as `name (process 123)`, when it is known."""
    try:
        wanted = device.stat().st_rdev
    except OSError:
        return None

    def is_it(opened: Path) -> bool:
        status = opened.stat()
        return stat.S_ISCHR(status.st_mode) and status.st_rdev == wanted

    return first_holder(is_it)


def _check(device: Path) -> None:
    """Refuse what can never be opened, with what to do about it."""
    try:
        mode = device.stat().st_mode
    except OSError as error:
        there = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*")))
        raise Unavailable(
            f"there is no camera at {device} (there is: {there or 'none'}). Plug one in, or name "
            "another under [camera] device."
        ) from error
    if not stat.S_ISCHR(mode):
        raise Unavailable(
            f"{device} is not a camera device. For a video or a folder of pictures set [camera] "
            "adapter to file."
        )
    if not os.access(device, os.R_OK | os.W_OK):
        user = pwd.getpwuid(os.geteuid()).pw_name
        raise Unavailable(
            f"user {user} may not open the camera {device}. Let it: sudo usermod -aG video {user}, "
            "then log in again or restart the service."
        )


def _why_shut(device: Path) -> str:
    holder = holder_of(device)
    if holder is not None:
        return f"camera {device} is in use by {holder}. End that program; one at a time can look."
    return (
        f"camera {device} cannot be opened, or gives no pictures. Unplug it and plug it in again; "
        "if the machine has several video devices, name another under [camera] device."
    )


def _card(device: Path) -> str:
    """Return what the camera calls itself and a space, or nothing."""
    with contextlib.suppress(OSError):
        name = Path("/sys/class/video4linux") / device.resolve().name / "name"
        return f"{name.read_text(encoding='utf-8', errors='replace').strip()} at "
    return ""
