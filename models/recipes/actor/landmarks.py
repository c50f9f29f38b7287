"""Find the face mesh in clear, frontal training pictures of each expression.

    python -m models.recipes.actor.landmarks --data FOLDER --work FOLDER

Run `models.recipes.emotion.frame` first. Needs MediaPipe 0.10.18 (Python below 3.13): later ones
have no face mesh. Takes a minute; writes `mesh.npz`.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.recipes.emotion.faces import load_faces
from models.recipes.emotion.pictures import CLASSES, PICTURE_PX, Rows, load_pictures
from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.domain.face import Face

# First: it loads MediaPipe without the drawing tools, which nobody installs.
import soulsync_edge.adapters.faces_mediapipe  # noqa: F401  # for what it does  # isort: skip
import mediapipe  # isort: skip

MESH = "mesh.npz"
"""`row` `(N,)`: row of the data set; `emotion` `(N,)`; `share` `(N,)`: of the votes;
`points` `(N, 468, 2)`: the mesh in picture pixels."""

# Share of the votes a picture needs to stand for its class, in FER+ order. The rare classes seldom
# have more.
_LEAST_SHARE = (0.9, 1.0, 0.8, 0.7, 0.8, 0.5, 0.6, 0.45)
_MOST_TRIED = 450

# Frontal: nose within this many eye distances of the eyes' middle, eyes within this of level.
_NOSE_OFF = 0.16
_ROLL_DEG = 15.0
_LEAST_SCORE = 0.6

_ENLARGED_PX = 240
_CARD_PX = 2 * _ENLARGED_PX
_CARD_GREY = 110


def is_frontal(face: Face) -> bool:
    """Return whether the head is held straight and seen from the front."""
    right, left, nose = (np.array(point) for point in face.key_points[:3])
    apart = left - right
    off = abs(nose[0] - (right[0] + left[0]) / 2) / np.hypot(*apart)
    roll_deg = abs(np.degrees(np.arctan2(apart[1], apart[0])))
    return bool(face.score > _LEAST_SCORE and off < _NOSE_OFF and roll_deg < _ROLL_DEG)


def clear_rows(rows: Rows, faces: list[Face], emotion: int) -> npt.NDArray[np.int64]:
    """Return positions in `rows` of clear, frontal, different pictures of one class, shuffled."""
    wanted = np.flatnonzero(
        (rows.majority == emotion) & (rows.shares[:, emotion] >= _LEAST_SHARE[emotion])
    )
    unique = {
        rows.pictures[n].tobytes(): int(n) for n in wanted if is_frontal(faces[rows.index[n]])
    }
    chosen = np.array(sorted(unique.values()), np.int64)
    return np.random.default_rng(emotion).permutation(chosen)[:_MOST_TRIED]


def find_mesh(mesh: object, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32] | None:
    """Return the 468 mesh points of one picture, `(468, 2)` in its pixels, or None."""
    margin = (_CARD_PX - _ENLARGED_PX) // 2
    card = np.full((_CARD_PX, _CARD_PX, 3), _CARD_GREY, np.uint8)
    large = cv2.resize(picture, (_ENLARGED_PX, _ENLARGED_PX), interpolation=cv2.INTER_CUBIC)
    card[margin:-margin, margin:-margin] = large[..., None]
    found = mesh.process(card).multi_face_landmarks  # type: ignore[attr-defined]  # no types
    if not found:
        return None
    points = np.array([(point.x, point.y) for point in found[0].landmark])
    return ((points * _CARD_PX - margin) * (PICTURE_PX / _ENLARGED_PX)).astype(np.float32)


def main() -> None:
    """Find the meshes and write them down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument("--work", type=Path, required=True, help="folder with faces.npz")
    arguments = parser.parse_args()

    rows, faces = load_pictures(arguments.data).train, load_faces(arguments.work)
    found: list[tuple[int, int, float, npt.NDArray[np.float32]]] = []
    with mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, min_detection_confidence=0.3
    ) as mesh:
        for emotion in range(CLASSES):
            before = len(found)
            for n in clear_rows(rows, faces, emotion):
                points = find_mesh(mesh, rows.pictures[n])
                if points is not None:
                    share = float(rows.shares[n, emotion])
                    found.append((int(rows.index[n]), emotion, share, points))
            print(f"{EMOTIONS[emotion]:9} {len(found) - before} meshes", flush=True)
    np.savez(
        arguments.work / MESH,
        row=np.array([row for row, _, _, _ in found]),
        emotion=np.array([emotion for _, emotion, _, _ in found]),
        share=np.array([share for _, _, share, _ in found]),
        points=np.array([points for _, _, _, points in found]),
    )


if __name__ == "__main__":
    main()
