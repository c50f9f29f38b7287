"""Varied views of a training picture: what a room, a camera and a face finder do to a face."""

import math
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from soulsync_edge.adapters.crop_opencv import CROP_PX, crop_face
from soulsync_edge.domain.face import Face, Point

# Standard deviations of the framing: wider than what the finder itself wavers on a still face, so
# that the classifier does not waver with it.
_ROLL_SD_RAD = math.radians(6)
_SCALE_SD = 0.07
_SHIFT_SD_SIDES = 0.03

# How often each change is made.
_MIRRORED = 0.5
_COARSER = 0.25
_NOISY = 0.4
_COVERED = 0.3
_LIT_FROM_A_SIDE = 0.4


def varied_crop(
    picture: npt.NDArray[np.uint8], face: Face, random: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Return a `(64, 64)` uint8 crop of `picture`, framed, lit and disturbed by chance."""
    crop = crop_face(picture, jittered(face, random))
    if random.random() < _MIRRORED:
        crop = crop[:, ::-1]
    grey = crop.astype(np.float32) / 255
    if random.random() < _COARSER:
        grey = _coarser(grey, random)
    grey = _relit(grey, random)
    if random.random() < _NOISY:
        grey += random.normal(0, random.uniform(0.01, 0.06), grey.shape).astype(np.float32)
    if random.random() < _COVERED:
        _hide_a_patch(grey, random)
    return (np.clip(grey, 0, 1) * 255).astype(np.uint8)


def jittered(face: Face, random: np.random.Generator) -> Face:
    """Return `face` turned, scaled and moved a little, so that `crop_face` frames it so."""
    turn = random.normal(0, _ROLL_SD_RAD)
    scale = math.exp(random.normal(0, _SCALE_SD))
    shift_x, shift_y = random.normal(0, _SHIFT_SD_SIDES * face.width_px, 2)
    centre_x, centre_y = face.centre
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)

    def moved(point: Point) -> Point:
        x, y = point[0] - centre_x, point[1] - centre_y
        return (
            centre_x + shift_x + cosine * x - sine * y,
            centre_y + shift_y + sine * x + cosine * y,
        )

    one, two, three, four, five, six = (moved(point) for point in face.key_points)
    return replace(
        face,
        left_px=centre_x + shift_x - scale * face.width_px / 2,
        top_px=centre_y + shift_y - scale * face.height_px / 2,
        width_px=scale * face.width_px,
        height_px=scale * face.height_px,
        key_points=(one, two, three, four, five, six),
    )


def _coarser(grey: npt.NDArray[np.float32], random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the crop as of a face far away: 20 to 44 pixels wide."""
    side_px = int(random.integers(20, 45))
    small = cv2.resize(grey, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.resize(small, (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR), np.float32
    )


def _relit(grey: npt.NDArray[np.float32], random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the crop under another exposure, contrast, and light from another side."""
    grey = np.power(np.clip(grey, 0, 1), math.exp(random.normal(0, 0.25)))
    grey = (grey - 0.5) * math.exp(random.normal(0, 0.2)) + 0.5 + random.normal(0, 0.06)
    if random.random() < _LIT_FROM_A_SIDE:
        across, down = random.normal(0, 0.15, 2)
        ramp = np.linspace(-1, 1, CROP_PX, dtype=np.float32)
        grey = grey + across * ramp[None, :] + down * ramp[:, None]
    return grey.astype(np.float32)


def _hide_a_patch(grey: npt.NDArray[np.float32], random: np.random.Generator) -> None:
    """Cover a random rectangle, as a hand or a cup does; changes `grey` in place."""
    height, width = random.integers(CROP_PX // 8, CROP_PX // 3, 2)
    top, left = random.integers(0, CROP_PX - height), random.integers(0, CROP_PX - width)
    grey[top : top + height, left : left + width] = random.uniform(0, 1)
