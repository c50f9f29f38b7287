"""Varied views of a training picture: what a room, a camera and a face finder do to a face."""

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from soulsync_edge.adapters.crop_opencv import CROP_PX, crop_face
from soulsync_edge.domain.face import Face, Point

Grey = npt.NDArray[np.float32]
"""A crop, `(64, 64)`, 0 black to 1 white; may lie outside in between."""

# Standard deviations of the framing: wider than what the finder itself wavers on a still face, so
# that the classifier does not waver with it.
_ROLL_SD_RAD = math.radians(8)
_MOST_ROLL_RAD = math.radians(25)
_SCALE_SD = 0.09
_SHIFT_SD_SIDES = 0.04

# How often each change is made; the others only to crops that are disturbed at all.
_MIRRORED = 0.5
_DISTURBED = 0.7
_COARSER = 0.3
_BLURRED = 0.25
_RELIT = 0.6
_LIT_FROM_A_SIDE = 0.3
_NOISY = 0.3
_COVERED = 0.35
_COMPRESSED = 0.2

_EVEN = 0.5
_LEAST_GAMMA, _MOST_GAMMA = 0.3, 2.5
_LEAST_SOURCE_PX = 22  # of 64: with FER's 48-pixel pictures a face that is 24 pixels wide
_LEAST_NOISE_SD, _MOST_NOISE_SD = 0.01, 0.08  # of the full range: up to 20 grey levels
_LEAST_JPEG_QUALITY, _MOST_JPEG_QUALITY = 12, 80


def varied_crop(
    picture: npt.NDArray[np.uint8], face: Face, random: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Return a `(64, 64)` uint8 crop of `picture`, framed, lit and disturbed by chance."""
    crop = crop_face(picture, jittered(face, random))
    if random.random() < _MIRRORED:
        crop = np.ascontiguousarray(crop[:, ::-1])
    if random.random() >= _DISTURBED:
        return crop
    grey = crop.astype(np.float32) / 255
    for chance, change in _CHANGES:
        if random.random() < chance:
            grey = change(grey, random)
    varied = (np.clip(grey, 0, 1) * 255).astype(np.uint8)
    return _compressed(varied, random) if random.random() < _COMPRESSED else varied


def jittered(face: Face, random: np.random.Generator) -> Face:
    """Return `face` turned, scaled and moved, so that `crop_face` frames it so."""
    turn = float(np.clip(random.normal(0, _ROLL_SD_RAD), -_MOST_ROLL_RAD, _MOST_ROLL_RAD))
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


def _coarser(grey: Grey, random: np.random.Generator) -> Grey:
    """Return the crop as of a face far away."""
    side_px = int(random.integers(_LEAST_SOURCE_PX, CROP_PX))
    small = cv2.resize(grey, (side_px, side_px), interpolation=cv2.INTER_AREA)
    way = cv2.INTER_LINEAR if random.random() < _EVEN else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(small, (CROP_PX, CROP_PX), interpolation=way), np.float32)


def _blurred(grey: Grey, random: np.random.Generator) -> Grey:
    """Return the crop out of focus, or with the head in motion."""
    if random.random() < _EVEN:
        blurred = cv2.GaussianBlur(grey, (0, 0), random.uniform(0.5, 2.2))
        return np.asarray(blurred, np.float32)
    length = int(random.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    middle = (length - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), random.uniform(0, 180), 1)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (length, length)), np.float32)
    return np.asarray(cv2.filter2D(grey, -1, kernel / kernel.sum()), np.float32)


def _relit(grey: Grey, random: np.random.Generator) -> Grey:
    """Return the crop under another exposure and contrast, its ends perhaps clipped."""
    gamma = math.exp(random.uniform(math.log(_LEAST_GAMMA), math.log(_MOST_GAMMA)))
    curved = np.power(np.clip(grey, 0, 1), gamma)
    contrast = math.exp(random.normal(0, 0.25))
    return np.asarray((curved - 0.5) * contrast + 0.5 + random.normal(0, 0.08), np.float32)


def _lit_from_a_side(grey: Grey, random: np.random.Generator) -> Grey:
    """Return the crop under a lamp at one side."""
    across, down = random.normal(0, 0.18, 2)
    ramp = np.linspace(-1, 1, CROP_PX, dtype=np.float32)
    return np.asarray(grey + across * ramp[None, :] + down * ramp[:, None], np.float32)


def _noisy(grey: Grey, random: np.random.Generator) -> Grey:
    """Return the crop with the grain of a dim room."""
    grain = random.normal(0, random.uniform(_LEAST_NOISE_SD, _MOST_NOISE_SD), grey.shape)
    return np.asarray(grey + grain, np.float32)


def _covered(grey: Grey, random: np.random.Generator) -> Grey:
    """Return the crop with part of the face covered; changes `grey` in place."""
    shade = random.uniform(0, 1)
    kind = random.integers(4)
    if kind == 0:  # a mask, a scarf or a cup
        grey[int(random.uniform(0.6, 0.85) * CROP_PX) :] = shade
    elif kind == 1:  # dark glasses
        top, height = int(random.uniform(0.25, 0.35) * CROP_PX), int(random.integers(7, 13))
        grey[top : top + height] = grey[top : top + height] * 0.3 + 0.2 * shade
    elif kind == 2:  # noqa: PLR2004  # a hand
        across, down = (int(value) for value in random.integers(0, CROP_PX, 2))
        axes = (int(random.integers(6, 13)), int(random.integers(10, 22)))
        cv2.ellipse(
            grey, (across, down), axes, random.uniform(0, 180), 0, 360, (shade,), cv2.FILLED
        )
    else:  # something in front
        height, width = random.integers(CROP_PX // 8, CROP_PX // 3, 2)
        top, left = random.integers(0, CROP_PX - height), random.integers(0, CROP_PX - width)
        grey[top : top + height, left : left + width] = shade
    return grey


_CHANGES: tuple[tuple[float, Callable[[Grey, np.random.Generator], Grey]], ...] = (
    (_COVERED, _covered),
    (_RELIT, _relit),
    (_LIT_FROM_A_SIDE, _lit_from_a_side),
    (_BLURRED, _blurred),
    (_COARSER, _coarser),
    (_NOISY, _noisy),
)
"""How often each change is made, and the change, in the order light takes from face to sensor."""


def _compressed(crop: npt.NDArray[np.uint8], random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return the crop after a lossy camera stream."""
    quality = int(random.integers(_LEAST_JPEG_QUALITY, _MOST_JPEG_QUALITY))
    _, file = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
