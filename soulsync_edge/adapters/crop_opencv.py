"""The one face crop, used on the device and in training: level, centred, grey, 64 pixels."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from soulsync_edge.domain.face import Face

CROP_PX = 64
"""Side of the crop in pixels.

A face 2 to 3 m from a 640-pixel-wide camera is 40 to 80 pixels wide, and FER pictures are 48: at
64 both keep all they hold, even turned, and the classifier still runs within a few milliseconds.
"""

# Medians over the 35,887 FER pictures, as shares of the side of MediaPipe's square box.
# Source: models/recipes/emotion/frame.py, which prints them.
_EYES_APART = 0.427
_EYES_TO_MOUTH = 0.456

# A crop of 1.15 box sides whose middle lies 0.105 box sides above the features' middle takes in
# what a FER picture takes in: from the hairline to the chin.
_CROP_SIDES = 1.15
_LIFT_SIDES = 0.105

# Nearer together than this share of the box, the head is in profile and the line through the eyes
# says nothing about roll.
_PROFILE = 0.12


def crop_face(
    frame: npt.NDArray[np.uint8], face: Face, side_px: int = CROP_PX
) -> npt.NDArray[np.uint8]:
    """Return the face levelled by its eyes, centred, grey, `(side_px, side_px)` uint8.

    The size is the median of three measures (box, distance between the eyes, eyes to mouth), so a
    turned head, an open mouth or a jumping box alone does not change it. Light and contrast are
    left as they are: the classifier evens them out. Past the frame's edge the edge repeats.

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
    centre, size_px, roll_rad = _framing(face)
    # Shrinking by plain interpolation skips pixels and so adds patterns: turn the face at a whole
    # multiple of the crop, at least as fine as the frame, then average down.
    finer = max(1, math.ceil(_CROP_SIDES * size_px / side_px))
    turned_px = finer * side_px
    step = _CROP_SIDES * size_px / turned_px
    along, down = step * math.cos(roll_rad), step * math.sin(roll_rad)
    half = (turned_px - 1) / 2
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


def _framing(face: Face) -> tuple[tuple[float, float], float, float]:
    """Return the crop's centre (pixels), the face's size (box sides, pixels) and roll (radians)."""
    right_eye, left_eye, _, mouth, _, _ = face.key_points
    eyes = ((right_eye[0] + left_eye[0]) / 2, (right_eye[1] + left_eye[1]) / 2)
    box_px = (face.width_px + face.height_px) / 2
    apart_px = math.dist(right_eye, left_eye)
    size_px = sorted((box_px, apart_px / _EYES_APART, math.dist(eyes, mouth) / _EYES_TO_MOUTH))[1]
    size_px = max(size_px, 1.0)

    roll_rad = 0.0
    if apart_px > _PROFILE * box_px:
        roll_rad = math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])

    # Half box, half features: the box is steadier sideways, the features up and down.
    box_x, box_y = face.centre
    lift_px = _LIFT_SIDES * size_px
    return (
        (
            (box_x + (eyes[0] + mouth[0]) / 2) / 2 + lift_px * math.sin(roll_rad),
            (box_y + (eyes[1] + mouth[1]) / 2) / 2 - lift_px * math.cos(roll_rad),
        ),
        size_px,
        roll_rad,
    )
