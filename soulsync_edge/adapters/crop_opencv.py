"""The one face crop, used on the device and in training: level, centred, grey, 64 pixels."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from soulsync_edge.domain.crop_square import crop_square
from soulsync_edge.domain.face import Face

CROP_PX = 64
"""Side of the crop in pixels.

A face 2 to 3 m from a 640-pixel-wide camera is 40 to 80 pixels wide, and FER pictures are 48: at
64 both keep all they hold, even turned, and the classifier still runs within a few milliseconds.
"""


def crop_face(
    frame: npt.NDArray[np.uint8], face: Face, side_px: int = CROP_PX
) -> npt.NDArray[np.uint8]:
    """Return the face levelled by its eyes, centred, grey, `(side_px, side_px)` uint8.

    Which part of the frame it is, `crop_square` says. Light and contrast are left as they are: the
    classifier evens them out. Past the frame's edge the edge repeats.

    Args:
        frame: `(H, W, 3)` uint8 RGB, or `(H, W)` uint8 grey.
        face: Where the face is, in this frame's pixels.
        side_px: Side of the result in pixels; the classifier takes `CROP_PX`.

    Raises:
        ValueError: The frame has another shape or type.
    """
    if frame.dtype != np.uint8 or frame.shape[2:] not in {(), (3,)}:
        raise ValueError(
            f"crop_face needs a (H, W, 3) or (H, W) uint8 frame, got {frame.shape} {frame.dtype}"
        )
    square = crop_square(face)
    # Shrinking by plain interpolation skips pixels and so adds patterns: turn the face at a whole
    # multiple of the crop, at least as fine as the frame, then average down.
    finer = max(1, math.ceil(square.side_px / side_px))
    turned_px = finer * side_px
    step = square.side_px / turned_px
    along, down = step * math.cos(square.roll_rad), step * math.sin(square.roll_rad)
    half = (turned_px - 1) / 2
    centre = square.centre
    to_frame = np.array(
        [
            [along, -down, centre[0] - half * along + half * down],
            [down, along, centre[1] - half * down - half * along],
        ]
    )
    turned = cv2.warpAffine(
        frame,
        to_frame,
        (turned_px, turned_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    crop = cv2.resize(turned, (side_px, side_px), interpolation=cv2.INTER_AREA)
    is_colour = crop.shape[2:] == (3,)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) if is_colour else crop, np.uint8)
