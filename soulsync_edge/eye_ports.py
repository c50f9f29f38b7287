"""What the eye needs from the outside world; apart, so that only the eye loads numpy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from soulsync_edge.domain.emotion import EmotionEstimate
from soulsync_edge.domain.face import Face

Pixels = npt.NDArray[np.uint8]
"""A picture, (height, width, 3) RGB, 0 to 255. Never leaves the eye's memory."""

Crop = npt.NDArray[np.uint8]
"""One face, cut out and levelled for the classifier: (64, 64) grey, 0 to 255."""

FaceCropper = Callable[[Pixels, Face], Crop]
"""Cuts one face out of a picture; the same function on the device and in training."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from a camera.

    Attributes:
        pixels: (height, width, 3) uint8, RGB.
        at_s: When it was taken, on the monotonic clock; for a recording, seconds from its start.
    """

    pixels: Pixels
    at_s: float


class Camera(Protocol):
    """Gives the newest picture of the room. Used from one thread."""

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame, or None when a recording has ended.

        Raises:
            NoFrameYet: No new frame within `timeout_s`; later ones may still come.
            Unavailable: The device is gone or shows a frozen picture.
        """

    def close(self) -> None:
        """Let the device go. Does nothing when already closed."""


class FaceFinder(Protocol):
    """Finds faces in a picture. Used from one thread, one instance for life."""

    def find(self, pixels: Pixels) -> tuple[Face, ...]:
        """Return the faces in `pixels`, best score first; empty when there are none."""

    def close(self) -> None:
        """Let the model go. Does nothing when already closed."""


class EmotionReader(Protocol):
    """Tells what a face looks like. Used from one thread."""

    def read(self, crop: Crop) -> EmotionEstimate:
        """Return calibrated class probabilities and how far to trust them.

        Raises:
            ValueError: `crop` is not (64, 64) uint8.
        """
