"""A tiny stand-in for the library picamera2, as far as our adapter uses it.

The real one comes with Raspberry Pi OS only. Set the class attributes to steer it.
"""

import threading
from typing import Any, ClassVar

import numpy as np


class Picamera2:
    """One ribbon camera that shows noise around a level."""

    models: ClassVar[list[str]] = ["imx708"]
    busy: ClassVar[bool] = False
    stalled: ClassVar[bool] = False
    opened: ClassVar[list["Picamera2"]] = []

    def __init__(self, index: int) -> None:
        if self.busy:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self.index = index
        self.is_open = True
        self.is_started = False
        self.requests_out = 0
        self.configuration: dict[str, Any] = {}
        self._random = np.random.default_rng(1)
        self.opened.append(self)

    @classmethod
    def reset(cls) -> None:
        cls.models, cls.busy, cls.stalled, cls.opened = ["imx708"], False, False, []

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return [{"Model": model, "Num": number} for number, model in enumerate(cls.models)]

    def create_video_configuration(self, **wanted: Any) -> dict[str, Any]:
        return wanted

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def start(self) -> None:
        self.is_started = True

    def capture_request(self, *, wait: float) -> "Request":
        if self.stalled:
            raise TimeoutError
        assert wait > 0
        threading.Event().wait(0.01)  # a hundred pictures a second
        self.requests_out += 1
        width, height = self.configuration["main"]["size"]
        assert self.configuration["main"]["format"] == "BGR888"
        noise = self._random.integers(-3, 4, (height, width, 3))
        return Request(self, (np.array([200, 100, 50]) + noise).astype(np.uint8))

    def stop(self) -> None:
        self.is_started = False

    def close(self) -> None:
        self.is_open = False


class Request:
    """A completed request; it holds one of the camera's few buffers until released."""

    def __init__(self, camera: Picamera2, pixels: np.ndarray[Any, Any]) -> None:
        self._camera = camera
        self._pixels: np.ndarray[Any, Any] | None = pixels

    def make_array(self, name: str) -> np.ndarray[Any, Any]:
        assert name == "main"
        assert self._pixels is not None, "the buffer went back to the camera"
        return self._pixels

    def release(self) -> None:
        self._pixels = None
        self._camera.requests_out -= 1
