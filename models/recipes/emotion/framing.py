"""Where the face is in one picture of any size and framing, by the device's own finder."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from models.recipes.emotion.examples import Picture
from models.recipes.emotion.faces import CANONICAL
from models.recipes.emotion.pictures import PICTURE_PX
from soulsync_edge.adapters.faces_mediapipe import (
    LEAST_SCORE,
    MediapipeFaceFinder,
    windows_over,
)
from soulsync_edge.domain.face import Face, Point

# What a picture that is known to show a face has to score. The device asks for more: it must not
# see faces in an empty room.
_LEAST_SCORE = 0.4

# Cut to the face, as FER pictures are, is tighter than the detector likes. Made 144 pixels large on
# a grey card twice as wide, it finds a face in nearly all of them: `make evaluate-emotion` prints
# in how many. With mirrored or repeated edges it finds fewer.
_ENLARGED_PX = 144
_CARD_PX = 2 * _ENLARGED_PX
_CARD_GREY = 110

# Enlarged grain and JPEG blocks hide a face from it; after a blur this wide on the card it finds
# nearly all. `make evaluate-emotion` prints how many with noise of 15 grey levels, blur included.
_SMOOTH_PX = 3.0

# A face in a strip narrower than this is too small to read. It would be looked for in as many
# windows as the strip is longer than wide.
_LEAST_SIDE_PX = 16

# The detector sees 128 x 128 pixels: half-wide windows show it more only of a picture wider than
# twice that.
_WIDE_PX = 256


class Framing:
    """Finds the one face that a picture is about.

    Looks at the picture as it is and at the picture enlarged on a grey card; the look with the
    best score counts. Where neither shows a face clearly, looks at the card without its grain as
    well, and in a large picture at one part after the other, as the device does from one frame to
    the next.

    Args:
        models: Folder with the manifest and the face detector.

    Raises:
        ModelError: The detector is missing or damaged.
    """

    def __init__(self, models: Path) -> None:
        self._finder = MediapipeFaceFinder(models, _LEAST_SCORE)

    def face_in(self, picture: Picture) -> Face:
        """Return the face in pixels of `picture`; of several, the one the device would follow.

        Where none is found, its score is 0 and it lies where faces lie in FER pictures. None is
        looked for in a picture with a side under 16 pixels.
        """
        pixels = as_rgb(picture)
        if min(pixels.shape[:2]) < _LEAST_SIDE_PX:
            return usual_face(pixels.shape)
        looks = [self._finder.glance(pixels), self._on_a_card(pixels)]
        if max(_score(faces) for faces in looks) < LEAST_SCORE:
            looks += [self._on_a_card(pixels, _SMOOTH_PX), self._closer(pixels)]
        return _followed(max(looks, key=_score)) or usual_face(pixels.shape)

    def close(self) -> None:
        """Let go of the detector."""
        self._finder.close()

    def _on_a_card(self, pixels: Picture, smooth_px: float = 0.0) -> tuple[Face, ...]:
        height_px, width_px = pixels.shape[:2]
        scale = _ENLARGED_PX / max(height_px, width_px)
        size = (max(round(width_px * scale), 1), max(round(height_px * scale), 1))
        way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        enlarged = cv2.resize(pixels, size, interpolation=way)
        if smooth_px > 0:
            enlarged = cv2.GaussianBlur(enlarged, (0, 0), smooth_px)
        left, top = ((_CARD_PX - side) // 2 for side in size)
        card = np.full((_CARD_PX, _CARD_PX, 3), _CARD_GREY, np.uint8)
        card[top : top + size[1], left : left + size[0]] = enlarged
        return tuple(
            _moved(face, -left, -top, (width_px / size[0], height_px / size[1]))
            for face in self._finder.glance(card)
        )

    def _closer(self, pixels: Picture) -> tuple[Face, ...]:
        height_px, width_px = pixels.shape[:2]
        if max(height_px, width_px) <= _WIDE_PX:
            return ()
        found: list[Face] = []
        for window in windows_over(width_px, height_px):
            left, top, side = window.left_px, window.top_px, window.side_px
            found += (
                _moved(face, left, top)
                for face in self._finder.glance(pixels[top : top + side, left : left + side])
                if face.score >= LEAST_SCORE  # most of these looks show no face at all
            )
        return tuple(found)


def as_rgb(picture: Picture) -> Picture:
    """Return `picture` with three channels: `(H, W, 3)`."""
    return picture if picture.ndim > 2 else np.repeat(picture[..., None], 3, axis=2)  # noqa: PLR2004  # of (H, W)


def usual_face(shape: tuple[int, ...]) -> Face:
    """Return where the face is in a picture of `shape` that is framed like FER's; its score is 0.

    A picture that is not square is taken as its middle square with more at two sides.
    """
    height_px, width_px = shape[:2]
    side_px = min(height_px, width_px)
    scale = side_px / PICTURE_PX
    scaled = _moved(CANONICAL, 0, 0, (scale, scale))
    return _moved(scaled, (width_px - side_px) / 2, (height_px - side_px) / 2)


def _score(faces: tuple[Face, ...]) -> float:
    """Return the best score, 0 where there is nobody."""
    return max((face.score for face in faces), default=0.0)


def _followed(faces: tuple[Face, ...]) -> Face | None:
    """Return the largest of the faces the device would see, else the likeliest, if any."""
    clear = [face for face in faces if face.score >= LEAST_SCORE]
    if clear:
        return max(clear, key=lambda face: face.area_px)
    return max(faces, key=lambda face: face.score, default=None)


def _moved(
    face: Face, right_px: float, down_px: float, scale: tuple[float, float] = (1.0, 1.0)
) -> Face:
    """Return `face` moved, and then scaled from the top left corner: across, down."""
    across, down = scale

    def moved(point: Point) -> Point:
        return ((point[0] + right_px) * across, (point[1] + down_px) * down)

    left_px, top_px = moved((face.left_px, face.top_px))
    one, two, three, four, five, six = (moved(point) for point in face.key_points)
    return replace(
        face,
        left_px=left_px,
        top_px=top_px,
        width_px=face.width_px * across,
        height_px=face.height_px * down,
        key_points=(one, two, three, four, five, six),
    )
