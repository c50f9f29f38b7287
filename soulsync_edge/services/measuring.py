"""Measures how well a face can be seen: a few numbers from a small grey copy of it."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from soulsync_edge.domain.crop_square import CropSquare, crop_square
from soulsync_edge.domain.face import Face
from soulsync_edge.domain.face_quality import FaceQuality, turn_of
from soulsync_edge.eye_ports import Pixels

Levels = npt.NDArray[np.float32]
"""Brightness, 0 to 255."""

PATCH_PX = 32
"""Side of the copy: half the classifier's crop, so that it averages noise away as that does."""

_RIM_PX = 4
"""So much at each side of the copy is hair and room: a sharp shelf behind it sharpens no face."""

# Large faces are sampled at about this many pixels a side: enough for the copy to be an average.
_SAMPLES_PX = 2 * PATCH_PX

_HIGHLIGHT_PCT = 90
_DARKEST_PCT, _LIGHTEST_PCT = 5, 95
_BURNT_LEVEL = 250

# Blurring once more is the mean of so many pixels in a row.
_ONCE_MORE_PX = 5

# Motion blurs along one direction: down, across, and what a loss along it weighs. A step along a
# diagonal is longer, so sharp faces lose more there: medians of 0.63 and 0.54 on PublicTest.
_DIRECTIONS = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.86), (1, -1, 0.86))

# A whole picture's light: every so many pixels, and so many of those, a side, for one mean.
_APART_PX = 8
_SQUARE = 4

# A mixed second difference of pure noise has twice its standard deviation, of which the median
# magnitude is 0.6745.
_GRAIN_OF_MEDIAN = 1 / (2 * 0.6745)
_LEAST_GRAIN = 0.3
"""Levels: rounding to whole ones alone makes as much. Source: 1 / sqrt(12)."""


def luma(pixels: Pixels) -> Levels:
    """Return perceived brightness, 0 to 255. Source: ITU-R BT.601, section 2.5.1."""
    if pixels.ndim == 2:  # noqa: PLR2004  # grey already
        return pixels.astype(np.float32)
    return np.asarray(pixels @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


@dataclass(frozen=True, slots=True)
class Light:
    """How much light a whole picture has.

    Attributes:
        level: How bright its brighter parts are, 0 to 255, with the noise averaged away.
        grain: Standard deviation of the noise from pixel to pixel, in levels; above 0.
    """

    level: float
    grain: float


def light_of(pixels: Pixels) -> Light:
    """Return the light of a picture, (H, W, 3) RGB or (H, W) grey, uint8: from a few of its pixels.

    Noise makes single pixels of a black picture bright, so it takes squares of them.
    """
    if min(pixels.shape[:2]) < 2:  # noqa: PLR2004  # a line has no squares
        pixels = pixels.repeat(2, axis=0).repeat(2, axis=1)
    rows, columns = ((side - 2) // _APART_PX + 1 for side in pixels.shape[:2])
    one, right, below, across = (
        luma(pixels[down::_APART_PX, along::_APART_PX][:rows, :columns])
        for down in (0, 1)
        for along in (0, 1)
    )
    level = np.percentile(_in_squares((one + right + below + across) / 4), _LIGHTEST_PCT)
    return Light(float(level), _grain_of(one - right - below + across))


def _in_squares(levels: Levels) -> Levels:
    """Return the means of squares of `_SQUARE` a side, or as many as there are."""
    down, along = (min(_SQUARE, side) for side in levels.shape)
    rows, columns = levels.shape[0] // down, levels.shape[1] // along
    squares = levels[: rows * down, : columns * along].reshape(rows, down, columns, along)
    return np.asarray(squares.mean(axis=(1, 3)), np.float32)


def measured(pixels: Pixels, face: Face) -> FaceQuality:
    """Return how well `face` can be seen in `pixels`: (H, W, 3) RGB or (H, W) grey, uint8."""
    square, turn = crop_square(face), turn_of(face)
    patch = _patch(pixels, square)
    inner = patch[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX]
    darkest, highlight, lightest = np.percentile(
        inner, (_DARKEST_PCT, _HIGHLIGHT_PCT, _LIGHTEST_PCT)
    )
    return FaceQuality(
        width_px=face.width_px,
        sharpness=_sharpness(patch),
        highlight=min(float(highlight), 255.0),  # weights sum to 1 up to rounding
        contrast=float(lightest - darkest) / _grain(inner),
        burnt=float(np.mean(inner >= _BURNT_LEVEL)),
        yaw=turn.yaw,
        pitch=turn.pitch,
        tilt_deg=turn.tilt_deg,
        outside=_outside(pixels.shape[:2], square),
    )


def _patch(pixels: Pixels, square: CropSquare) -> Levels:
    """Return the upright square around the crop's middle, `(PATCH_PX, PATCH_PX)`.

    Past the picture's edge the edge repeats, as in the crop.
    """
    rows, down = _averages(square.centre[1], square.side_px, pixels.shape[0])
    columns, across = _averages(square.centre[0], square.side_px, pixels.shape[1])
    return np.asarray(down @ luma(pixels[rows, columns]) @ across.T, np.float32)


def _averages(middle: float, side_px: float, picture_px: int) -> tuple[slice, Levels]:
    """Return which pixels along one axis count, and how much each for every patch pixel.

    Args:
        middle: Of the square, in pixels.
        side_px: Of the square.
        picture_px: Of the picture.

    Returns:
        A slice with a step for large faces, and weights `(PATCH_PX, pixels)`, rows sum to 1.
    """
    step = max(int(side_px) // _SAMPLES_PX, 1)
    first = min(max(math.floor(middle - side_px / 2), 0), picture_px - 1)
    last = min(max(math.ceil(middle + side_px / 2), first + 1), picture_px)
    at = np.arange(first, last, step)
    apart = side_px / PATCH_PX
    centres = middle - side_px / 2 + (np.arange(PATCH_PX) + 0.5) * apart - 0.5
    centres = np.clip(centres, at[0], at[-1])
    reach = max(apart, float(step))
    weights = np.clip(1 - np.abs(at[None, :] - centres[:, None]) / reach, 0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    return slice(first, last, step), weights.astype(np.float32)


def _sharpness(patch: Levels) -> float:
    """Return the share of its detail that `patch` loses when blurred, where it loses least.

    Source: the idea of Crete et al. (2007), The blur effect: perception and estimation with a new
    no-reference perceptual blur metric. What is blurred already hardly changes; smooth skin,
    darkness and fog take from both sides alike, so they do not count as blur.
    """
    return min(weight * _loss(patch, down, across) for down, across, weight in _DIRECTIONS)


def _loss(patch: Levels, down: int, across: int) -> float:
    """Return the share of the differences along one direction that a blur along it takes away."""
    reach = _ONCE_MORE_PX // 2

    def moved(steps: int) -> Levels:
        top, left = _RIM_PX + steps * down, _RIM_PX + steps * across
        inner_px = PATCH_PX - 2 * _RIM_PX
        return patch[top : top + inner_px, left : left + inner_px]

    here = np.abs(moved(1) - moved(0))
    # The mean of a row of pixels changes, from one to the next, by what enters less what leaves.
    blurred = np.abs(moved(reach + 1) - moved(-reach)) / _ONCE_MORE_PX
    total = float(here.sum())
    return 1 - float(np.minimum(here, blurred).sum()) / total if total > 0 else 0.0


def _grain(patch: Levels) -> float:
    """Return the standard deviation of the noise, in levels: what is left of flat skin.

    Source: the mask of Immerkaer (1996), Fast noise variance estimation, in its smallest form.
    """
    return _grain_of(patch[:-1, :-1] - patch[1:, :-1] - patch[:-1, 1:] + patch[1:, 1:])


def _grain_of(mixed: Levels) -> float:
    return max(float(np.median(np.abs(mixed))) * _GRAIN_OF_MEDIAN, _LEAST_GRAIN)


def _outside(size_px: tuple[int, ...], square: CropSquare) -> float:
    """Return the share of the crop's lower half that lies outside a picture of (height, width)."""
    height_px, width_px = size_px
    steps = (np.arange(PATCH_PX) + 0.5) / PATCH_PX - 0.5
    across = square.side_px * steps[None, :]
    down = square.side_px * steps[PATCH_PX // 2 :, None]
    cosine, sine = math.cos(square.roll_rad), math.sin(square.roll_rad)
    column = square.centre[0] + cosine * across - sine * down
    row = square.centre[1] + sine * across + cosine * down
    is_inside = (column >= 0) & (column < width_px) & (row >= 0) & (row < height_px)
    return 1 - float(is_inside.mean())
