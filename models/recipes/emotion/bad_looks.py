"""Good looks at a face made bad step by step: what the gate before the classifier is chosen on."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from soulsync_edge.domain.crop_square import crop_square
from soulsync_edge.domain.face import Face

Grey = npt.NDArray[np.uint8]
"""`(H, W)` uint8."""

Look = tuple[Grey, Face]
"""A picture, and where the face is in it."""

Spoil = Callable[[Grey, Face, np.random.Generator], Look]

# FER pictures are small. Three times as large, one pixel's noise weighs as on a face near by.
_NEAR = 3

_MIDDLE_GREY = 128


def moved(face: Face, scale: float, right_px: float = 0.0, down_px: float = 0.0) -> Face:
    """Return `face` where it is once its picture was scaled and then moved."""
    one, two, three, four, five, six = (
        (x * scale + right_px, y * scale + down_px) for x, y in face.key_points
    )
    return replace(
        face,
        left_px=face.left_px * scale + right_px,
        top_px=face.top_px * scale + down_px,
        width_px=face.width_px * scale,
        height_px=face.height_px * scale,
        key_points=(one, two, three, four, five, six),
    )


def _resized(picture: Grey, face: Face, side_px: int) -> Look:
    scale = side_px / max(picture.shape)
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8), moved(face, scale)


def _near(picture: Grey, face: Face) -> Look:
    return _resized(picture, face, _NEAR * max(picture.shape))


def _far(picture: Grey, face: Face, _random: np.random.Generator, face_px: float) -> Look:
    return _resized(picture, face, max(round(max(picture.shape) * face_px / face.width_px), 4))


def _zoomed(picture: Grey, face: Face, random: np.random.Generator, face_px: float) -> Look:
    """Few pixels, blown up again by a camera or a player."""
    small, at = _far(picture, face, random, face_px)
    return _resized(small, at, _NEAR * max(picture.shape))


def _out_of_focus(picture: Grey, face: Face, _random: np.random.Generator, sigma_px: float) -> Look:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8), face


def _in_motion(picture: Grey, face: Face, random: np.random.Generator, way_px: int) -> Look:
    """Smeared along a line of `way_px`, whichever way."""
    smear = np.zeros((way_px, way_px), np.float32)
    smear[way_px // 2] = 1
    middle = (way_px - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), float(random.choice((0, 45, 90, 135))), 1)
    smear = np.asarray(cv2.warpAffine(smear, turn, (way_px, way_px)), np.float32)
    smeared = cv2.filter2D(picture, -1, smear / smear.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smeared, np.uint8), face


def _dim(picture: Grey, face: Face, _random: np.random.Generator, gain: float) -> Look:
    """Little light on a sensor without noise: only whole levels are left."""
    return _levels(gain * picture.astype(np.float32)), face


def _grainy(
    picture: Grey, face: Face, random: np.random.Generator, contrast: float, noise: float
) -> Look:
    """Fog, or little light made up for by gain; near by or at the size FER has."""
    if random.integers(2):
        picture, face = _near(picture, face)
    grey = _MIDDLE_GREY + contrast * (picture.astype(np.float32) - _MIDDLE_GREY)
    return _levels(grey + random.normal(0, noise, grey.shape).astype(np.float32)), face


def _overexposed(
    picture: Grey, face: Face, _random: np.random.Generator, gain: float, lift: float
) -> Look:
    return _levels(gain * picture.astype(np.float32) + lift), face


def _leaving(picture: Grey, face: Face, random: np.random.Generator, share: float) -> Look:
    """Cut where the crop's square has `share` of its side left, at a side or below."""
    square = crop_square(face)
    height_px, width_px = picture.shape
    keep_px = square.side_px * (1 - share)
    first_x, first_y = (middle - square.side_px / 2 for middle in square.centre)
    left, right, bottom = 0, width_px, height_px
    match random.integers(3):
        case 0:
            left = min(max(round(first_x + square.side_px - keep_px), 0), width_px - 2)
        case 1:
            right = min(max(round(first_x + keep_px), 2), width_px)
        case _:
            bottom = min(max(round(first_y + keep_px), 2), height_px)
    return np.ascontiguousarray(picture[:bottom, left:right]), moved(face, 1, -left)


def _levels(grey: npt.NDArray[np.float32]) -> Grey:
    return np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8)


def rolled(picture: Grey, angle_deg: float) -> Grey:
    """Return `picture` turned anticlockwise about its middle; past its edge the edge repeats."""
    height_px, width_px = picture.shape
    turn = cv2.getRotationMatrix2D(((width_px - 1) / 2, (height_px - 1) / 2), angle_deg, 1)
    turned = cv2.warpAffine(picture, turn, (width_px, height_px), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


ROLLS_DEG = (15, 30, 45, 60, 75, 90, 135, 180)

LADDERS: Mapping[str, tuple[Spoil, ...]] = {
    "width_px": tuple(
        partial(_far, face_px=face_px) for face_px in (40, 32, 24, 20, 16, 13, 11, 9, 7)
    ),
    "sharpness": (
        *(partial(_out_of_focus, sigma_px=sigma) for sigma in (0.7, 1, 1.5, 2, 2.5, 3, 4, 6)),
        *(partial(_in_motion, way_px=way_px) for way_px in (3, 5, 7, 9, 13, 17)),
        *(partial(_zoomed, face_px=face_px) for face_px in (24, 16, 13, 10, 8)),
    ),
    "highlight": tuple(
        partial(_dim, gain=gain) for gain in (0.5, 0.25, 0.12, 0.08, 0.05, 0.035, 0.025, 0.015)
    ),
    "contrast": tuple(
        partial(_grainy, contrast=contrast, noise=noise)
        for noise in (3, 6, 10)
        for contrast in (0.5, 0.25, 0.18, 0.12, 0.08, 0.05, 0.035)
    ),
    "burnt": (
        *(partial(_overexposed, gain=gain, lift=0) for gain in (1.3, 1.6, 2, 2.5, 3, 4, 6)),
        *(partial(_overexposed, gain=1, lift=lift) for lift in (60, 100, 130, 150, 170, 200)),
    ),
    "outside": tuple(
        partial(_leaving, share=share) for share in (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)
    ),
}
"""What is made worse, and the steps from hardly to far too much."""
