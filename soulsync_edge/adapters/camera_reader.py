"""What cameras share: a reader thread that keeps the newest picture, turning and shrinking."""

import threading
import time
import zlib
from typing import Protocol

import cv2
import numpy as np

from soulsync_edge.errors import NoFrameYet, Unavailable
from soulsync_edge.eye_ports import Frame, Pixels
from soulsync_edge.ports import Clock

# How long closing may take before the library counts as hung: longer than any one wait for a
# picture. A camera that works is closed once its present picture is done.
LET_GO_S = 3.0

# Looks without a single changed pixel: sensors are noisy, so a live picture does not repeat.
FROZEN_LOOKS = 10
# Picking every eighth pixel keeps the noise that averaging would remove.
_STEP_PX = 8
# A picture all below or all above these levels of 255 is dark or dazzled, and may repeat.
_DARK_LEVEL = 20
_DAZZLED_LEVEL = 235


class Source(Protocol):
    """A camera as its library gives it: calls may block. Used from the reader thread alone."""

    def advance(self) -> None:
        """Wait for the next picture without decoding it.

        Raises:
            Unavailable: There will be none.
        """

    def picture(self) -> Pixels:
        """Return the picture `advance` waited for, `(H, W, 3)` uint8 RGB, in memory of its own.

        Raises:
            Unavailable: It cannot be had.
        """

    def release(self) -> None:
        """Let the device go."""


class CameraReader:
    """A `Camera` over a `Source`, which it owns from now on.

    One thread keeps the source moving, so that what `read` gives is never old, and decodes only
    what was asked for.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        *,
        rotation_deg: int = 0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._name = name
        self._source = source
        self._rotation_deg = rotation_deg
        self._clock = clock
        self._repeats = _Repeats()
        self._changed = threading.Condition()
        self._is_wanted = False
        self._closing = threading.Event()
        self._newest: Frame | None = None
        self._fault: str | None = None
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Frame | None:
        with self._changed:
            self._is_wanted = True
            self._changed.wait_for(self._has_news, timeout_s)
            frame, self._newest = self._newest, None
            fault = "it is closed" if self._closing.is_set() else self._fault
        if fault is not None:
            raise Unavailable(f"{self._name}: {fault}")
        if frame is None:
            raise NoFrameYet(f"{self._name} gave no picture in {timeout_s:g} s")
        if self._repeats.after(frame.pixels) >= FROZEN_LOOKS:
            raise Unavailable(
                f"{self._name} is frozen: the last {FROZEN_LOOKS} pictures are the same to the "
                "pixel. It is opened again; if that does not help, unplug it for a moment."
            )
        return Frame(turned(frame.pixels, self._rotation_deg), frame.at_s)

    def close(self) -> None:
        """Let the device go. Does nothing when already closed.

        Raises:
            Unavailable: The camera's library does not return, so that the device stays open
                until the process ends.
        """
        with self._changed:
            self._closing.set()
            self._newest = None
        self._thread.join(LET_GO_S)
        if self._thread.is_alive():
            raise Unavailable(
                f"{self._name} does not let go: its driver has not answered for {LET_GO_S:g} s. "
                "Ending the program closes it."
            )

    def _has_news(self) -> bool:
        return self._newest is not None or self._fault is not None or self._closing.is_set()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._source.advance()
                self._keep_if_wanted()
        except Unavailable as error:
            self._end(str(error))
        else:
            self._end("it is closed")
        finally:
            self._source.release()

    def _keep_if_wanted(self) -> None:
        with self._changed:
            if not self._is_wanted or self._closing.is_set():
                return
        frame = Frame(self._source.picture(), self._clock())
        with self._changed:
            self._newest = None if self._closing.is_set() else frame
            self._is_wanted = False
            self._changed.notify_all()

    def _end(self, why: str) -> None:
        with self._changed:
            self._fault = why
            self._changed.notify_all()


class _Repeats:
    """Counts how many pictures running were the same to the pixel."""

    def __init__(self) -> None:
        self._digest: int | None = None
        self._count = 0

    def after(self, pixels: Pixels) -> int:
        """Return how many pictures running, `pixels` included, are the same; 0 when it may be."""
        sample = pixels[::_STEP_PX, ::_STEP_PX]
        if sample.max() < _DARK_LEVEL or sample.min() > _DAZZLED_LEVEL:
            self._digest, self._count = None, 0
            return 0
        digest = zlib.crc32(sample.tobytes())
        self._count = self._count + 1 if digest == self._digest else 1
        self._digest = digest
        return self._count


def turned(pixels: Pixels, rotation_deg: int) -> Pixels:
    """Return `pixels` turned clockwise by 0, 90, 180 or 270 degrees, in memory of its own."""
    return np.ascontiguousarray(np.rot90(pixels, -rotation_deg // 90)) if rotation_deg else pixels


def within(pixels: Pixels, most_width_px: int, most_height_px: int) -> Pixels:
    """Return `pixels`, shrunk where they are larger than allowed; the shape of things is kept."""
    height, width = pixels.shape[:2]
    share = min(most_width_px / width, most_height_px / height)
    if share >= 1.0:
        return pixels
    size = (max(round(width * share), 1), max(round(height * share), 1))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
