"""Find the face in every training picture: training crops are framed as the device frames them.

    python -m models.recipes.emotion.frame --data FOLDER --work FOLDER

Needs MediaPipe (`make setup`), not the `train` extra. Takes five minutes; writes `faces.npz`.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.faces import FACES
from models.recipes.emotion.framing import Framing
from models.recipes.emotion.pictures import FILE, PICTURE_PX, all_pictures
from models.recipes.emotion.telling import percent
from models.recipes.manifest import MODELS

_CLEAR_SCORE = 0.6


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
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the face detector")
    arguments = parser.parse_args()

    pictures = all_pictures(arguments.data)
    boxes = np.zeros((len(pictures), 4), np.float32)
    points = np.zeros((len(pictures), 6, 2), np.float32)
    scores = np.zeros(len(pictures), np.float32)
    framing = Framing(arguments.models)
    for row, picture in enumerate(pictures):
        face = framing.face_in(picture)
        boxes[row] = (face.left_px, face.top_px, face.width_px, face.height_px)
        points[row] = face.key_points
        scores[row] = face.score
    framing.close()
    arguments.work.mkdir(parents=True, exist_ok=True)
    np.savez(arguments.work / FACES, box=boxes, points=points, score=scores)
    print(f"found a face in {percent(float(np.mean(scores > 0)), 2)} of {len(pictures)} pictures")
    is_clear = (scores > _CLEAR_SCORE) & [len(picture) == PICTURE_PX for picture in pictures]
    _print_medians(boxes[is_clear], points[is_clear])


if __name__ == "__main__":
    main()
