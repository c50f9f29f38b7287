"""Reads pictures as the device reads them, and puts what was found into one report."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.examples import Picture
from models.recipes.emotion.measures import (
    Labels,
    Shares,
    accuracy,
    accuracy_at_80,
    calibration_error,
    confusion,
    mean_recall,
)
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.domain.emotion import EMOTIONS, LEAST_CONFIDENCE, Emotion, EmotionEstimate
from soulsync_edge.domain.events import Obstacle
from soulsync_edge.domain.face import Face
from soulsync_edge.services.perception import is_dark, read_face

Find = Callable[[Picture], Face]
"""Returns the face in a picture; its score is 0 where none was found."""

Read = Callable[[Picture], Sequence[float]]
"""Returns the probabilities of a crop."""

Look = Callable[[Picture, Face], Sequence[float] | str]
"""Returns the probabilities of a face, times how far they are believed, or why it is not read."""

NO_FACE = "no face"
DIGITS = 5
"""Places after the point of every figure that is written down."""


class Reader(Protocol):
    """What reads a crop: the device's own reader."""

    def read(self, crop: Picture) -> EmotionEstimate:
        """Return what the face looks like."""
        ...


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read off N pictures, M of which were not turned away.

    Attributes:
        faces: Where the face is in each picture; N.
        rows: Which pictures were read; int64 `(M,)`.
        shares: What was read, times how far the look is believed: 1 unless it was told otherwise;
            float64 `(M, K)`, a row's largest is its confidence.
        each_ms: How long crop and reader took, and the gate if there is one; float64 `(M,)`.
        abstained: How many pictures were turned away for which reason.
    """

    faces: tuple[Face, ...]
    rows: npt.NDArray[np.int64]
    shares: Shares
    each_ms: npt.NDArray[np.float64]
    abstained: dict[str, int] = field(default_factory=dict)

    @property
    def faces_found(self) -> float:
        """The share of pictures in which a face was found."""
        return float(np.mean([face.score > 0 for face in self.faces]))

    def of(self, rows: npt.NDArray[np.int64]) -> "Readings":
        """Return those of some pictures, when all were read."""
        return Readings(
            tuple(self.faces[row] for row in rows),
            np.arange(len(rows)),
            self.shares[rows],
            self.each_ms[rows],
        )


def read_all(reader: Reader, crops: npt.NDArray[np.uint8]) -> Shares:
    """Return the probabilities of every crop: `(N, 8)`."""
    return np.array([reader.read(crop).probabilities for crop in crops])


def as_the_device(reader: Reader, least_face_px: int) -> Look:
    """Return the device's own way to look at a face: its gate, and its doubts about a poor look."""

    def look(picture: Picture, face: Face) -> Sequence[float] | str:
        if is_dark(picture):
            return Obstacle.TOO_DARK
        if face.score <= 0:
            return NO_FACE
        found = read_face(picture, face, crop_face, reader, least_face_px)
        if isinstance(found, Obstacle):
            return found
        believed = found.confidence / max(found.probabilities)
        return [believed * share for share in found.probabilities]

    return look


def read_pictures(pictures: Iterable[Picture], find: Find, read: Read) -> Readings:
    """Return what `read` says about the face in each picture, one picture at a time."""
    return look_at_pictures(pictures, find, lambda picture, face: read(crop_face(picture, face)))


def look_at_pictures(pictures: Iterable[Picture], find: Find, look: Look) -> Readings:
    """Return what `look` says about the face in each picture, one picture at a time."""
    faces, rows, shares, each_ms = [], [], [], []
    abstained: Counter[str] = Counter()
    for row, picture in enumerate(pictures):
        face = find(picture)
        faces.append(face)
        began_s = time.perf_counter()
        found = look(picture, face)
        took_ms = (time.perf_counter() - began_s) * 1000
        if isinstance(found, str):
            abstained[str(found)] += 1
            continue
        shares.append(found)
        each_ms.append(took_ms)
        rows.append(row)
    return Readings(
        tuple(faces),
        np.array(rows, np.int64),
        np.array(shares, np.float64),
        np.array(each_ms),
        dict(abstained),
    )


def restricted(shares: Shares, emotions: Sequence[Emotion]) -> Shares:
    """Return `(N, 8)` shares as shares among `emotions` only: `(N, K)`, rows sum to what they did.

    What was believed of a look is believed of it still.
    """
    among = shares[:, [EMOTIONS.index(emotion) for emotion in emotions]]
    total = among.sum(axis=1, keepdims=True)
    even = np.full_like(among, 1 / len(emotions))
    of_it = np.divide(among, total, out=even, where=total > 0)
    return np.asarray(of_it * shares.sum(axis=1, keepdims=True), np.float64)


def report(readings: Readings, labels: Labels, emotions: Sequence[Emotion]) -> dict[str, Any]:
    """Return the figures over the pictures that were read.

    Args:
        readings: Of all pictures; of 8 classes, or of just `emotions`.
        labels: Which of `emotions` each picture shows; `(N,)`.
        emotions: The classes that the data set knows.

    The keys are always the same; None is said of what cannot be told: every figure where no
    picture was read, and `unsure` of shares that are not over all eight classes.
    """
    figures: dict[str, Any] = {"n": len(readings.rows)}
    names = ("accuracy", "mean_recall", "ece", "accuracy_at_80")
    measures = (accuracy, mean_recall, calibration_error, accuracy_at_80)
    table = np.zeros((len(emotions), len(emotions)), np.int64)
    figures |= dict.fromkeys((*names, "ms_per_face", "unsure"))
    if len(readings.rows):
        read, right = readings.shares, labels[readings.rows]
        if read.shape[1] == len(EMOTIONS):
            unsure = float(np.mean(read.max(axis=1) < LEAST_CONFIDENCE))
            figures["unsure"] = round(unsure, DIGITS)
            read = restricted(read, emotions)
        figures |= {
            name: round(measure(read, right), DIGITS)
            for name, measure in zip(names, measures, strict=True)
        }
        figures["ms_per_face"] = round(float(np.median(readings.each_ms)), 3)
        table = confusion(read, right)
    return figures | {
        "confusion": table.tolist(),
        "labels": [str(emotion) for emotion in emotions],
        "faces_found": round(readings.faces_found, DIGITS),
    }
