"""Find the face in every training picture: training crops are framed as the device frames them.

    python -m models.recipes.emotion.frame --data FOLDER --work FOLDER

Needs MediaPipe (`make setup`), not the `train` extra. Takes two minutes; writes `faces.npz`.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.recipes.emotion.faces import CANONICAL, FACES, stored_face
from models.recipes.emotion.pictures import FILE, PICTURE_PX, all_pictures
from soulsync_edge.domain.face import Face

# First: it loads MediaPipe without the drawing tools, which nobody installs.
import soulsync_edge.adapters.faces_mediapipe  # noqa: F401  # for what it does  # isort: skip
import mediapipe  # isort: skip
from mediapipe.tasks import python as tasks  # isort: skip

DETECTOR = Path("models/face_detection_short_range.tflite")

# FER pictures are cut tighter than the detector likes. At 144 pixels on a grey card twice as wide
# it finds a face in 99.6 % of them; with mirrored or repeated edges in 93 to 99 %.
_ENLARGED_PX = 144
_CARD_PX = 2 * _ENLARGED_PX
_CARD_GREY = 110
_LEAST_SCORE = 0.4
_CLEAR_SCORE = 0.6


def find_face(detector: object, picture: npt.NDArray[np.uint8]) -> Face | None:
    """Return the likeliest face in one square grey picture, in its pixels, or None."""
    margin = (_CARD_PX - _ENLARGED_PX) // 2
    card = np.full((_CARD_PX, _CARD_PX, 3), _CARD_GREY, np.uint8)
    large = cv2.resize(picture, (_ENLARGED_PX, _ENLARGED_PX), interpolation=cv2.INTER_CUBIC)
    card[margin:-margin, margin:-margin] = large[..., None]
    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=card)
    found = detector.detect(image).detections  # type: ignore[attr-defined]  # MediaPipe has no types
    if not found:
        return None
    best = max(found, key=lambda detection: detection.categories[0].score)
    scale = len(picture) / _ENLARGED_PX
    box = best.bounding_box
    corner = np.array([box.origin_x - margin, box.origin_y - margin, box.width, box.height])
    points = np.array([(point.x, point.y) for point in best.keypoints]) * _CARD_PX - margin
    return stored_face(corner * scale, points * scale, float(best.categories[0].score))


def _print_medians(boxes: npt.NDArray[np.float32], points: npt.NDArray[np.float32]) -> None:
    side = boxes[:, 2:].mean(axis=1)
    eyes = points[:, :2].mean(axis=1)
    apart = np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
    to_mouth = np.linalg.norm(points[:, 3] - eyes, axis=1)
    print(f"eyes apart / box side     {np.median(apart / side):.3f}")
    print(f"eyes to mouth / box side  {np.median(to_mouth / side):.3f}")
    print(f"median box {np.median(boxes, axis=0).round(2)} of {PICTURE_PX} pixels")
    print(f"median key points {np.median(points, axis=0).astype(float).round(1).tolist()}")


def main() -> None:
    """Find the faces, print what the crop's constants come from, and write the cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help=f"folder with {FILE}")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made here")
    parser.add_argument("--detector", type=Path, default=DETECTOR, help="face detector (.tflite)")
    arguments = parser.parse_args()

    pictures = all_pictures(arguments.data)
    boxes = np.zeros((len(pictures), 4), np.float32)
    points = np.zeros((len(pictures), 6, 2), np.float32)
    scores = np.zeros(len(pictures), np.float32)
    options = tasks.vision.FaceDetectorOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(arguments.detector)),
        min_detection_confidence=_LEAST_SCORE,
    )
    with tasks.vision.FaceDetector.create_from_options(options) as detector:
        for row, picture in enumerate(pictures):
            face = find_face(detector, picture) or CANONICAL
            # The stand-in is for FER's pictures; others are larger and framed alike.
            scale = len(picture) / PICTURE_PX if face is CANONICAL else 1.0
            box = (face.left_px, face.top_px, face.width_px, face.height_px)
            boxes[row] = scale * np.array(box)
            points[row] = scale * np.array(face.key_points)
            scores[row] = face.score
    arguments.work.mkdir(parents=True, exist_ok=True)
    np.savez(arguments.work / FACES, box=boxes, points=points, score=scores)
    print(f"found a face in {np.mean(scores > 0):.2%} of {len(pictures)} pictures")
    is_clear = (scores > _CLEAR_SCORE) & [len(picture) == PICTURE_PX for picture in pictures]
    _print_medians(boxes[is_clear], points[is_clear])


if __name__ == "__main__":
    main()
