"""Average the clear pictures of each expression into the demo actor's eight faces.

    python -m models.recipes.actor.average --data FOLDER --work FOLDER

Run `models.recipes.actor.landmarks` first. Writes `models/actor.npz` and its manifest entry.

Every picture is warped, triangle by triangle of its face mesh, onto one common shape and averaged
there, which keeps eyes and mouths sharp; the mean shape of each class says how to bend the average
back. At least 25 pictures make a face, so it shows nobody.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay

from models.recipes.actor.landmarks import MESH
from models.recipes.emotion.pictures import CLASSES, FILE, PICTURE_PX
from models.recipes.manifest import MODELS, write_entry
from soulsync_edge.domain.emotion import EMOTIONS, Emotion

ACTOR = "actor.npz"
WIDTH_PX, HEIGHT_PX = 224, 256
_FACE_PX = 150
"""From the top of the mesh to the chin in the common shape."""
_CENTRE = np.array([WIDTH_PX / 2, 136.0])
_FIELD_PX = (WIDTH_PX // 4, HEIGHT_PX // 4)
"""Bending is stored for every fourth pixel: smoother than the mesh is fine."""

_LEAST_PICTURES, _MOST_PICTURES = 25, 160
_KEPT_SHARE = 0.6
"""Of the pictures found, the clearest and most frontal."""

_SKIN_GREY, _CONTRAST_GREY = 150.0, 40.0
_SHARPEN_PX, _SHARPEN = 2.2, 0.9
"""Averaging blurs by about this much; this much is put back."""

_FOREHEAD, _CHIN = 10, 152
_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""Mesh points around the face. Source: MediaPipe face mesh topology."""

Points = npt.NDArray[np.float64]
Grey = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Meshes:
    """The meshes found, one per picture; see `landmarks.MESH`."""

    row: Rows
    emotion: Rows
    share: npt.NDArray[np.float64]
    points: Points


class Warp:
    """Carries pixels of the actor's canvas into other shapes, each triangle by itself."""

    def __init__(self, shape: Points) -> None:
        rows, columns = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
        pixels = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)
        mesh = Delaunay(_with_surroundings(shape))
        triangle = mesh.find_simplex(pixels)
        to_weights = mesh.transform[triangle]
        two = np.einsum("nij,nj->ni", to_weights[:, :2], pixels - to_weights[:, 2])
        self._corners = mesh.simplices[triangle]
        self._weights = np.c_[two, 1 - two.sum(axis=1)]

    def into(self, shape: Points) -> Grey:
        """Return where each canvas pixel lies in `shape`: `(H, W, 2)`, column and row."""
        corners = _with_surroundings(shape)[self._corners]
        there = (corners * self._weights[..., None]).sum(axis=1)
        return np.asarray(there.reshape(HEIGHT_PX, WIDTH_PX, 2), np.float32)


def aligned_shapes(points: Points) -> tuple[Points, Points]:
    """Return all meshes moved, turned and scaled onto their mean, and that mean, mirror-even."""
    # Heads lean to both sides alike, so the plain mean is upright: the mirror below relies on it.
    mean = points.mean(axis=0) - points.mean(axis=(0, 1))
    aligned = points
    for _ in range(5):
        aligned = np.array([_fitted(one, mean) for one in points])
        mean = aligned.mean(axis=0)
        mean -= mean.mean(axis=0)
        mean /= np.sqrt((mean**2).sum(axis=1).mean())
    return aligned, _even(mean, _mirror(mean))


def chosen(meshes: Meshes, aligned: Points, mirror: Rows, emotion: int) -> Rows:
    """Return positions of the pictures to average: clearest votes, straightest heads."""
    own = np.flatnonzero(meshes.emotion == emotion)
    shapes = aligned[own]
    crooked = np.sqrt(((shapes - shapes[:, mirror] * (-1, 1)) ** 2).sum(axis=2).mean(axis=1))
    unusual = np.sqrt(((shapes - np.median(shapes, axis=0)) ** 2).sum(axis=2).mean(axis=1))
    outside = ((meshes.points[own] < -1) | (meshes.points[own] > PICTURE_PX)).any(axis=2)
    score = meshes.share[own] - 3 * crooked - unusual - 5 * outside.mean(axis=1)
    count = min(_MOST_PICTURES, round(_KEPT_SHARE * len(own)))
    if count < _LEAST_PICTURES:
        raise SystemExit(f"only {count} clear pictures of {EMOTIONS[emotion]}: too few to average")
    return np.asarray(own[np.argsort(-score)[:count]], np.int64)


def averaged(pictures: npt.NDArray[np.uint8], points: Points, common: Warp) -> Grey:
    """Return the mean of `pictures` in the common shape, each brought to mean 0 and spread 1.

    At every pixel only the middle half of the pictures counts: a hand before one mouth is gone.
    """
    warped = np.empty((len(pictures), HEIGHT_PX, WIDTH_PX), np.float32)
    for number, (picture, mesh) in enumerate(zip(pictures, points, strict=True)):
        left, top = np.clip(mesh.min(axis=0), 0, PICTURE_PX - 2).astype(int)
        right, bottom = np.clip(mesh.max(axis=0), 2, PICTURE_PX).astype(int)
        face = picture[top:bottom, left:right]
        even = ((picture - face.mean()) / max(face.std(), 10.0)).astype(np.float32)
        there = common.into(mesh)
        warped[number] = cv2.remap(even, there[..., 0], there[..., 1], cv2.INTER_CUBIC)
        warped[number][((there < 0) | (there > PICTURE_PX - 1)).any(axis=2)] = np.nan
    warped.sort(axis=0)  # what lies outside a picture sorts to the end
    count = np.count_nonzero(~np.isnan(warped), axis=0)
    rank = np.arange(len(pictures))[:, None, None]
    is_middle = (rank >= count // 4) & (rank < count - count // 4)
    total = np.where(is_middle, warped, 0).sum(axis=0)
    return np.asarray(total / np.maximum(is_middle.sum(axis=0), 1), np.float32)


def finished(mean: Grey, is_inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return a mean face as a picture: sharpened, with the contrast of a single face."""
    blurred = cv2.GaussianBlur(mean, (0, 0), _SHARPEN_PX)
    sharp = mean + _SHARPEN * (mean - blurred)
    even = (sharp - sharp[is_inside].mean()) / sharp[is_inside].std()
    return np.asarray(np.clip(_SKIN_GREY + _CONTRAST_GREY * even, 0, 255), np.uint8)


def _with_surroundings(shape: Points) -> Points:
    """Return the mesh with three wider ovals, so that hair and neck move along."""
    oval = shape[list(_OVAL)]
    middle = oval.mean(axis=0)
    return np.concatenate([shape, *(middle + (oval - middle) * wide for wide in (1.25, 1.7, 3.5))])


def _fitted(shape: Points, target: Points) -> Points:
    """Return `shape` moved, turned and scaled to lie best on `target` (centred on 0).

    Source: Umeyama (1991).
    """
    centred = shape - shape.mean(axis=0)
    left, spread, right = np.linalg.svd(target.T @ centred)
    sign = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    turn = left @ np.diag(sign) @ right
    scale = (spread * sign).sum() / (centred**2).sum()
    return np.asarray(scale * centred @ turn.T)


def _mirror(mean: Points) -> Rows:
    """Return, for each mesh point, the one across the face."""
    across = mean * (-1, 1)
    distance = ((across[:, None] - mean[None]) ** 2).sum(axis=2)
    return np.asarray(distance.argmin(axis=1), np.int64)


def _even(shape: Points, mirror: Rows) -> Points:
    return np.asarray((shape + shape[mirror] * (-1, 1)) / 2)


def _main(data: Path, work: Path) -> None:
    with np.load(data / FILE) as stored:
        pictures = stored["images"]
    with np.load(work / MESH) as stored:
        meshes = Meshes(**{key: stored[key] for key in ("row", "emotion", "share", "points")})
    aligned, mean = aligned_shapes(meshes.points.astype(np.float64))
    mirror = _mirror(mean)
    height = mean[_CHIN, 1] - mean[_FOREHEAD, 1]

    def placed(shape: Points) -> Points:
        middle = (0.0, (mean[_CHIN, 1] + mean[_FOREHEAD, 1]) / 2)
        return np.asarray((shape - middle) * (_FACE_PX / height) + _CENTRE)

    common = Warp(placed(mean))
    oval = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    cv2.fillPoly(oval, [placed(mean)[list(_OVAL)].astype(np.int32)], (1,))
    textures, fields, shapes = [], [], []
    for emotion in range(CLASSES):
        own = chosen(meshes, aligned, mirror, emotion)
        texture = averaged(pictures[meshes.row[own]], meshes.points[own].astype(np.float64), common)
        shape = aligned[own].mean(axis=0)
        if EMOTIONS[emotion] is not Emotion.CONTEMPT:  # one corner of the mouth is contempt itself
            shape, texture = _even(shape, mirror), (texture + texture[:, ::-1]) / 2
        textures.append(finished(texture, oval > 0))
        shapes.append(placed(shape))
        field = Warp(placed(shape)).into(placed(mean))
        fields.append(cv2.resize(field, _FIELD_PX, interpolation=cv2.INTER_AREA))
        print(f"{EMOTIONS[emotion]:9} {len(own)} pictures")
    np.savez_compressed(
        MODELS / ACTOR,
        labels=np.array([str(emotion) for emotion in EMOTIONS]),
        textures=np.array(textures),
        fields=np.array(fields, np.float16),
        landmarks=np.array(shapes, np.float16),
        oval=placed(mean)[list(_OVAL)].astype(np.float16),
    )
    write_entry(
        "actor",
        ACTOR,
        {
            "labels": [str(emotion) for emotion in EMOTIONS],
            "licence": "research data: see actor.md",
            "provenance": "averaged by recipes/actor from FER2013 pictures",
        },
    )
    print(f"{MODELS / ACTOR}: {(MODELS / ACTOR).stat().st_size} bytes")


def main() -> None:
    """Average, and write the actor."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument("--work", type=Path, required=True, help="folder with mesh.npz")
    arguments = parser.parse_args()
    _main(arguments.data, arguments.work)


if __name__ == "__main__":
    main()
