"""Print how good the shipped emotion model is, through the very code the device runs.

    python -m models.recipes.emotion.evaluate --data FOLDER --work FOLDER [--part choose]

Needs no `train` extra. The default part is the FER+ test (PrivateTest, majority rule): choose by
`--part choose`, look at the test once.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.faces import load_faces, plain_crops
from models.recipes.emotion.pictures import load_pictures
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.domain.emotion import EMOTIONS

MODELS = Path("models")
_BINS = 15
"""Bins of equal width, as in Guo et al. (2017)."""


def read_all(reader: TfliteEmotionReader, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the probabilities of every crop: `(N, 8)`."""
    return np.array([reader.read(crop).probabilities for crop in crops])


def calibration_error(shares: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> float:
    """Return the expected calibration error: how far confidence is from being right, 0 to 1."""
    confidence, is_right = shares.max(axis=1), shares.argmax(axis=1) == labels
    which = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(confidence[which == number].sum() - is_right[which == number].sum())
        for number in range(_BINS)
    ]
    return float(sum(gaps) / len(labels))


def main() -> None:
    """Read one part and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument("--work", type=Path, required=True, help="folder with faces.npz")
    parser.add_argument("--part", choices=["choose", "test"], default="test")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the model")
    arguments = parser.parse_args()

    pictures = load_pictures(arguments.data)
    rows = pictures.test if arguments.part == "test" else pictures.choose
    crops, labels = plain_crops(rows, load_faces(arguments.work)), rows.majority
    reader = TfliteEmotionReader(arguments.models)
    began_s = time.perf_counter()
    shares = read_all(reader, crops)
    each_ms = (time.perf_counter() - began_s) / len(crops) * 1000
    predicted = shares.argmax(axis=1)

    is_right = predicted == labels
    recalls = [is_right[labels == number].mean() for number in range(len(EMOTIONS))]
    print(f"{len(rows)} rows of {arguments.part}, {each_ms:.2f} ms each")
    print(f"accuracy           {is_right.mean():.4f}")
    print(f"mean class recall  {np.mean(recalls):.4f}")
    print(f"calibration error  {calibration_error(shares, labels):.4f}")
    print("rows: what most taggers saw; columns: what the model says")
    print(f"{'':9} rows recall " + " ".join(f"{emotion:>8}" for emotion in EMOTIONS))
    for number, emotion in enumerate(EMOTIONS):
        said = np.bincount(predicted[labels == number], minlength=len(EMOTIONS))
        counts = " ".join(f"{count:8}" for count in said)
        print(f"{emotion:9} {said.sum():4} {recalls[number]:6.3f} {counts}")


if __name__ == "__main__":
    main()
