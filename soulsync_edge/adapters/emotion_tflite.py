"""Reads the emotion a face crop looks like with an int8 network on LiteRT."""

import numpy as np
import numpy.typing as npt

# A crop flatter than this, in grey levels, is fog or a wall: do not blow its noise up to a face.
_LEAST_SPREAD = 8.0
_CLIP_SD = 3.0


def standardised(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return crops `(..., H, W)` with mean 0 and spread 1 each, clipped to -3..3, float32.

    What the network sees, on the device and in training: light and contrast of the room are gone.
    """
    grey = crops.astype(np.float32)
    middle = grey.mean(axis=(-2, -1), keepdims=True)
    spread = grey.std(axis=(-2, -1), keepdims=True)
    even: npt.NDArray[np.float32] = (grey - middle) / np.maximum(spread, _LEAST_SPREAD)
    return np.clip(even, -_CLIP_SD, _CLIP_SD, out=even)
