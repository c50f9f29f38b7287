"""Which square of a picture is one face: level with the eyes, from the hairline to the chin."""

import math
from dataclasses import dataclass

from soulsync_edge.domain.face import Face, Point

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


@dataclass(frozen=True, slots=True)
class CropSquare:
    """A square in a picture, turned with the head.

    Attributes:
        centre: Its middle, in the picture's pixels.
        side_px: Its side, above 0.
        roll_rad: How far its right side is turned down, so that the eyes lie level in it.
    """

    centre: Point
    side_px: float
    roll_rad: float


def crop_square(face: Face) -> CropSquare:
    """Return the square that is cut out of the picture for `face`.

    The size is the median of three measures (box, distance between the eyes, eyes to mouth), so a
    turned head, an open mouth or a jumping box alone does not change it.
    """
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
    return CropSquare(
        (
            (box_x + (eyes[0] + mouth[0]) / 2) / 2 + lift_px * math.sin(roll_rad),
            (box_y + (eyes[1] + mouth[1]) / 2) / 2 - lift_px * math.cos(roll_rad),
        ),
        _CROP_SIDES * size_px,
        roll_rad,
    )
