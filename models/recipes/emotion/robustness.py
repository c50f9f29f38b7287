"""What a living room does to a picture, one thing at a time, for measuring what it costs."""

from collections.abc import Callable, Mapping
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
"""`(H, W)` uint8."""

Change = Callable[[Grey, int], Grey]
"""Takes a picture and its row number, which the noise comes from."""

_COVER_GREY = 128


def from_fewer_pixels(picture: Grey, _row: int, side_px: int) -> Grey:
    """Return `picture` as a coarser camera gives it: `side_px` on its longer side."""
    scale = side_px / max(picture.shape)
    height_px, width_px = (max(round(side * scale), 1) for side in picture.shape)
    small = cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _relit(picture: Grey, _row: int, gamma: float) -> Grey:
    return np.asarray(np.rint(255 * (picture / 255.0) ** gamma), np.uint8)


def _blurred(picture: Grey, _row: int, sigma_px: float) -> Grey:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8)


def _noisy(picture: Grey, row: int, sigma: float) -> Grey:
    grain = np.random.default_rng(row).normal(0, sigma, picture.shape)
    return np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)


def _rotated(picture: Grey, _row: int, angle_deg: float) -> Grey:
    """Anticlockwise; past the picture's edge the edge repeats."""
    height_px, width_px = picture.shape
    turn = cv2.getRotationMatrix2D(((width_px - 1) / 2, (height_px - 1) / 2), angle_deg, 1)
    turned = cv2.warpAffine(picture, turn, (width_px, height_px), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def _compressed(picture: Grey, _row: int, quality: int) -> Grey:
    _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)


def _covered(picture: Grey, _row: int) -> Grey:
    covered = picture.copy()
    covered[round(len(picture) * 2 / 3) :] = _COVER_GREY
    return covered


CHANGES: Mapping[str, Change] = {
    "gamma 0.4": partial(_relit, gamma=0.4),
    "gamma 2.2": partial(_relit, gamma=2.2),
    "blur sigma 1.5": partial(_blurred, sigma_px=1.5),
    "noise sigma 15": partial(_noisy, sigma=15.0),
    "rotated +20": partial(_rotated, angle_deg=20.0),
    "rotated -20": partial(_rotated, angle_deg=-20.0),
    "32 px source": partial(from_fewer_pixels, side_px=32),
    "JPEG 20": partial(_compressed, quality=20),
    "lower third covered": _covered,
}
"""Each is made to the whole picture, before the face is looked for."""
