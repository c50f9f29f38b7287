"""Where the face is in each training picture, as `frame.py` found it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.pictures import Rows
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.domain.face import Face

FACES = "faces.npz"
"""`box` `(N, 4)`: left, top, width, height; `points` `(N, 6, 2)`; `score` `(N,)`: 0 where no face
was found, and box and points are where faces lie in such pictures."""

CANONICAL = Face(
    left_px=3.33,
    top_px=7.67,
    width_px=41.0,
    height_px=41.0,
    key_points=((15.2, 19.4), (32.8, 19.1), (24.2, 29.0), (24.3, 37.5), (6.0, 23.2), (42.1, 22.5)),
    score=0.0,
)
"""The median face of FER's 48-pixel pictures: stands in where none was found (0.4 %)."""


def load_faces(work: Path) -> list[Face]:
    """Return one `Face` per row of the data set, in picture pixels, as `frame.py` found them."""
    path = work / FACES
    if not path.is_file():
        raise SystemExit(f"{path} is missing: run models.recipes.emotion.frame first")
    with np.load(path) as found:
        boxes, points, scores = found["box"], found["points"], found["score"]
    return [
        stored_face(box, six, float(score))
        for box, six, score in zip(boxes, points, scores, strict=True)
    ]


def plain_crops(rows: Rows, faces: list[Face]) -> npt.NDArray[np.uint8]:
    """Return the rows' crops as the device would cut them: `(N, 64, 64)` uint8."""
    return np.stack(
        [
            crop_face(picture, faces[row])
            for picture, row in zip(rows.pictures, rows.index, strict=True)
        ]
    )


def stored_face(
    box: npt.NDArray[np.float32], points: npt.NDArray[np.float32], score: float
) -> Face:
    """Return a `Face` from its box, its six points and its score."""
    left, top, width, height = (float(value) for value in box)
    one, two, three, four, five, six = ((float(x), float(y)) for x, y in points)
    return Face(left, top, width, height, (one, two, three, four, five, six), score)
