"""Descriptors as a short text, to be sent and kept: half precision is finer than they are known."""

import base64

import numpy as np
from numpy.typing import NDArray

_PACKED = np.dtype("<f2")
_LARGEST = float(np.finfo(np.float16).max)


def packed(descriptors: NDArray[np.float64]) -> str:
    """Return the descriptors (D,) as Base64 of float16, low byte first; 65504 is the most."""
    halves = np.clip(descriptors, -_LARGEST, _LARGEST).astype(_PACKED)
    return base64.b64encode(halves.tobytes()).decode()


def unpacked(text: str) -> NDArray[np.float64]:
    """Return the descriptors, (D,).

    Raises:
        ValueError: The text holds none.
    """
    return np.frombuffer(base64.b64decode(text, validate=True), _PACKED).astype(np.float64)
