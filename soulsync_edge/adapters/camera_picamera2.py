"""Ribbon cameras of a Raspberry Pi, through picamera2; imported only where one is opened."""

import re
from importlib import import_module
from typing import Any

import numpy as np

from soulsync_edge.adapters.camera_reader import CameraReader
from soulsync_edge.errors import Unavailable
from soulsync_edge.eye_ports import Frame, Pixels
from soulsync_edge.settings import CameraSettings

# Microseconds a picture may take: 15 to 10 a second, with long exposures in a dim room.
_FRAME_DURATION_US = (66_667, 100_000)
# picamera2 waits for ever unless told otherwise (its issues 1004 and 1086). Fifteen pictures of
# the slowest kind, and below the eye's patience of 5 s.
_WAIT_S = 1.5
# picamera2 names channels from the last byte to the first: this one gives R, G, B arrays.
_FORMAT = "BGR888"
_CABLE = (
    "Check that the ribbon cable sits straight at both ends, with the power off, and that "
    "camera_auto_detect=1 stands in /boot/firmware/config.txt."
)


class Picamera2Camera:
    """A `Camera` on the ribbon connector.

    Configured once and never switched: picamera2 leaks on each change (its issues 887 and 958).

    Raises:
        Unavailable: picamera2 is not installed, no camera is found, or it is busy; says which and
            what to do.
    """

    def __init__(self, settings: CameraSettings) -> None:
        # The usual /dev/video0, or anything else that is no number, means the first.
        index = int(settings.device) if re.fullmatch("[0-9]{1,3}", settings.device) else 0
        models = ribbon_cameras()
        if index >= len(models):
            raise Unavailable(
                f"ribbon camera {index} is not found (there are {len(models)}). {_CABLE}"
            )
        self.name = f"ribbon camera {models[index]}"
        source = _Requests(index, self.name, settings)
        self._reader = CameraReader(self.name, source, rotation_deg=settings.rotation_deg)

    def read(self, timeout_s: float) -> Frame | None:
        return self._reader.read(timeout_s)

    def close(self) -> None:
        self._reader.close()


def ribbon_cameras() -> tuple[str, ...]:
    """Return the models of the ribbon cameras there are.

    Raises:
        Unavailable: picamera2 is not installed, or cannot say.
    """
    try:
        known: list[dict[str, Any]] = _library().global_camera_info()
    except (RuntimeError, OSError) as error:
        raise Unavailable(f"picamera2 cannot list its cameras ({error}). {_CABLE}") from error
    return tuple(str(camera.get("Model", "of unknown model")) for camera in known)


class _Requests:
    """picamera2's completed requests as a `Source`; at most one is held at a time."""

    def __init__(self, index: int, name: str, settings: CameraSettings) -> None:
        library = _library()
        self._request: Any = None
        try:
            self._camera = library(index)
        except (RuntimeError, IndexError, OSError) as error:
            raise Unavailable(
                f"{name} cannot be opened ({error}). If another program uses it, end that one. "
                f"{_CABLE}"
            ) from error
        try:
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": (settings.width_px, settings.height_px), "format": _FORMAT},
                    controls={"FrameDurationLimits": _FRAME_DURATION_US},
                )
            )
            self._camera.start()
        except (RuntimeError, ValueError, OSError) as error:
            self._camera.close()
            raise Unavailable(f"{name} does not start ({error}). {_CABLE}") from error

    def advance(self) -> None:
        self._let_request_go()
        try:
            self._request = self._camera.capture_request(wait=_WAIT_S)
        except TimeoutError as error:
            raise Unavailable(f"it gave no picture for {_WAIT_S:g} s. {_CABLE}") from error
        except (RuntimeError, OSError) as error:
            raise Unavailable(f"it stopped giving pictures ({error}). {_CABLE}") from error

    def picture(self) -> Pixels:
        try:
            return np.array(self._request.make_array("main")[..., :3], np.uint8, order="C")
        except (RuntimeError, ValueError, OSError) as error:
            raise Unavailable(f"it gives pictures that cannot be read ({error}).") from error

    def release(self) -> None:
        self._let_request_go()
        self._camera.stop()
        self._camera.close()

    def _let_request_go(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.release()


def _library() -> Any:
    try:
        return import_module("picamera2").Picamera2
    except ImportError as error:
        raise Unavailable(
            "picamera2 is not installed, which a ribbon camera needs. On a Raspberry Pi: sudo apt "
            "install python3-picamera2, then run scripts/provision.sh again."
        ) from error
