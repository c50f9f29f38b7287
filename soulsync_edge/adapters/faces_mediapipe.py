"""Finds faces with MediaPipe's FaceDetector (Tasks API), near ones and across the room."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from soulsync_edge.adapters.model_manifest import REMEDY, checked_model
from soulsync_edge.domain.face import Face, Point
from soulsync_edge.errors import ModelError
from soulsync_edge.eye_ports import Pixels

# MediaPipe loads its drawing tools whether asked or not, and with them matplotlib: 30 MB, half a
# second, and an error where nothing can be written, as in the eye's sandbox. Nothing here draws.
_unwanted = [name for name in ("matplotlib", "matplotlib.pyplot") if name not in sys.modules]
sys.modules.update({name: ModuleType(name) for name in _unwanted})

try:
    import mediapipe

    # The narrow module: the package's own `vision` would load every other task as well.
    from mediapipe.tasks.python.core.base_options import BaseOptions
    from mediapipe.tasks.python.vision.face_detector import FaceDetector, FaceDetectorOptions
finally:
    for _name in _unwanted:  # whoever does draw gets the real one
        del sys.modules[_name]


MODEL = "face_detector"
KEY_POINTS = 6

# Noise of any grain hardly ever scores more; faces large enough to be read, 0.7 and more.
# Source: tests/integration/test_faces_mediapipe.py holds both.
LEAST_SCORE = 0.65

# It finds faces that are upside down as well, less surely, and with key points as if they were
# upright. In the picture turned over such a face scores better, and its points are right. Upside
# down, hardly any face scores as much as the first of these; upright, hardly any scores better by
# the second when turned over. Source: ADR 13, with the command that prints it.
CLEAR_SCORE = 0.85
CLEARER_TURNED_OVER = 0.05
# Upside down, the box lies up to so many widths off.
_SAME_FACE_WIDTHS = 0.5

# The model sees 128 x 128 pixels, so in the whole of a 640 pixel wide picture it finds faces from
# about 80 pixels on: an arm's length. A window half as wide finds them twice as far.
WINDOW_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture, in its pixels."""

    left_px: int
    top_px: int
    side_px: int


class MediapipeFaceFinder:
    """A `FaceFinder` on the model `face_detector` of the manifest in `folder`.

    Looks at the whole picture, and when no face is near, at one window of it as well: where a face
    was last, else the next of a round over the picture; so someone across the room is found within
    seven pictures. Where a face is not clear, it turns the picture over and looks again, so that
    the key points of one that is upside down are right. Three looks of the network are the most a
    picture costs; one, where a face is near and clear.

    Args:
        folder: Where the manifest and the model lie.
        least_score: What a face must score to count, 0 to 1; lower it only for pictures that are
            known to show a face.

    Raises:
        ModelError: The file is missing, damaged, or MediaPipe cannot load it.
    """

    def __init__(self, folder: Path, least_score: float = LEAST_SCORE) -> None:
        model = checked_model(folder, MODEL)
        options = FaceDetectorOptions(
            base_options=BaseOptions(
                model_asset_buffer=model.content, delegate=BaseOptions.Delegate.CPU
            ),
            min_detection_confidence=least_score,
        )
        try:
            self._detector = FaceDetector.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"model `{MODEL}`: MediaPipe cannot load {model.path} ({error}). Refused; {REMEDY}"
            ) from error
        self._is_open = True
        self._round = 0
        self._last: Face | None = None
        # The first run sets up buffers: have that behind us before the first picture.
        self._found_in(np.zeros((128, 128, 3), np.uint8), 0, 0)

    def find(self, pixels: Pixels) -> tuple[Face, ...]:
        faces = self.glance(pixels) or self._found_closer(pixels)
        self._last = faces[0] if faces else None
        return faces

    def glance(self, pixels: Pixels) -> tuple[Face, ...]:
        """Return the faces that one look at the whole of `pixels` shows, best score first.

        For pictures that have nothing to do with each other: it remembers nothing.
        """
        return self._found_in(pixels, 0, 0)

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._detector.close()

    def _found_closer(self, pixels: Pixels) -> tuple[Face, ...]:
        """Return the faces in one window: where one was last, else the next of the round."""
        windows = windows_over(pixels.shape[1], pixels.shape[0])
        if self._last is None:
            self._round = (self._round + 1) % len(windows)
            window = windows[self._round]
        else:
            window = _around(self._last, windows[0].side_px, pixels)
        part = pixels[
            window.top_px : window.top_px + window.side_px,
            window.left_px : window.left_px + window.side_px,
        ]
        return self._found_in(part, window.left_px, window.top_px)

    def _found_in(self, pixels: Pixels, left_px: int, top_px: int) -> tuple[Face, ...]:
        faces = self._detected(pixels, left_px, top_px)
        if any(_is_doubtful(face) for face in faces):
            height_px, width_px = pixels.shape[:2]
            middle = (left_px + width_px / 2, top_px + height_px / 2)
            over = self._detected(pixels[::-1, ::-1], left_px, top_px)
            over = [_turned_over(face, middle) for face in over]
            faces = [
                _rather_upside_down(face, over) if _is_doubtful(face) else face for face in faces
            ]
        return tuple(sorted(faces, key=lambda face: face.score, reverse=True))

    def _detected(self, pixels: Pixels, left_px: int, top_px: int) -> list[Face]:
        whole = np.ascontiguousarray(pixels)
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=whole)
        height_px, width_px = pixels.shape[:2]
        detections = self._detector.detect(image).detections
        return [_face(each, width_px, height_px, left_px, top_px) for each in detections]


def windows_over(width_px: int, height_px: int) -> tuple[Window, ...]:
    """Return half-wide square windows that overlap by half, so that no face falls on a seam."""
    side_px = max(min(round(max(width_px, height_px) * WINDOW_SHARE), width_px, height_px), 1)
    return tuple(
        Window(left_px, top_px, side_px)
        for top_px in _steps(height_px, side_px)
        for left_px in _steps(width_px, side_px)
    )


def _steps(whole_px: int, side_px: int) -> list[int]:
    """Return where windows start so that they cover `whole_px` and overlap by half or more."""
    room_px = whole_px - side_px
    steps = -(-room_px // max(side_px // 2, 1))
    return [round(room_px * step / steps) for step in range(steps + 1)] if steps else [0]


def _around(face: Face, side_px: int, pixels: Pixels) -> Window:
    """Return a window with `face` in its middle, as far as the picture reaches."""
    height_px, width_px = pixels.shape[:2]
    left, top = (centre - side_px / 2 for centre in face.centre)
    return Window(
        round(min(max(left, 0), width_px - side_px)),
        round(min(max(top, 0), height_px - side_px)),
        side_px,
    )


def _is_doubtful(face: Face) -> bool:
    """Whether the device sees this face at all, and not clearly: less likely ones are left alone.

    Of those, either way up is a guess.
    """
    return LEAST_SCORE <= face.score < CLEAR_SCORE


def _rather_upside_down(face: Face, over: list[Face]) -> Face:
    """Return `face`, or how it was seen in the picture turned over where that is much clearer."""
    clearer = [
        other
        for other in over
        if other.score > face.score + CLEARER_TURNED_OVER
        and other.distance_to(face) <= _SAME_FACE_WIDTHS * max(other.width_px, face.width_px)
    ]
    return max(clearer, key=lambda other: other.score, default=face)


def _turned_over(face: Face, middle: Point) -> Face:
    """Return where `face` is once its picture is turned by 180 degrees about its `middle`."""
    right_px, bottom_px = 2 * middle[0], 2 * middle[1]
    one, two, three, four, five, six = ((right_px - x, bottom_px - y) for x, y in face.key_points)
    return replace(
        face,
        left_px=right_px - face.left_px - face.width_px,
        top_px=bottom_px - face.top_px - face.height_px,
        key_points=(one, two, three, four, five, six),
    )


def _face(detection: Any, width_px: int, height_px: int, left_px: int, top_px: int) -> Face:
    """Return MediaPipe's detection in the whole picture's pixels."""
    box = detection.bounding_box
    points: list[Point] = [
        (left_px + point.x * width_px, top_px + point.y * height_px)
        for point in detection.keypoints[:KEY_POINTS]
    ]
    right_eye, left_eye, nose, mouth, right_ear, left_ear = points
    return Face(
        left_px=float(left_px + box.origin_x),
        top_px=float(top_px + box.origin_y),
        width_px=float(max(box.width, 1)),
        height_px=float(max(box.height, 1)),
        key_points=(right_eye, left_eye, nose, mouth, right_ear, left_ear),
        score=min(float(detection.categories[0].score), 1.0),
    )
