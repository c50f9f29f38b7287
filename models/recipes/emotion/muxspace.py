"""Brings the labelled pictures of the repository muxspace/facial_expressions into one file."""

import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from soulsync_edge.adapters.emotion_tflite import FER2013_WORDS

LABELS = (*FER2013_WORDS, "contempt")
"""FER2013's numbers, and 7 for contempt."""

SIDE_PX = 96
_LEAST_SIDE_PX = 40
_JPEG_QUALITY = 88

# Each student wrote the words in their own way.
_NUMBER_OF = {
    **{word: number for number, word in enumerate(LABELS)},
    "anger": 0,
    "disgusted": 1,
    "fearful": 2,
    "happiness": 3,
    "sadness": 4,
    "surprised": 5,
}


def collect_muxspace(repository: Path, target: Path) -> Counter[str]:
    """Write `target` from a checkout and return how many rows were kept or left out, and why.

    Keys of the file: `jpeg` (all pictures one after another, uint8), `offset` (N + 1), `label`
    (numbers of `LABELS`), `name`, `label_names`. Each picture is made grey, padded to a square
    with the shade of its edge, and brought to 96 x 96.

    Args:
        repository: The checkout, with `images/` and `data/legend.csv` (user, image, emotion).
        target: The npz file to write.

    Raises:
        SystemExit: It is no such checkout, or nothing in it could be used.
    """
    legend = repository / "data" / "legend.csv"
    try:
        lines = legend.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise SystemExit(
            f"{legend} cannot be read ({error.strerror}). Name a checkout of "
            "muxspace/facial_expressions: it has the folders data and images."
        ) from error
    labels, counts = _labels(lines)
    files: dict[str, npt.NDArray[np.uint8]] = {}
    for name in labels:
        picture = _picture(repository / "images" / name)
        if picture is None:
            counts["picture missing or not readable"] += 1
        elif min(picture.shape) < _LEAST_SIDE_PX:
            counts[f"picture under {_LEAST_SIDE_PX} pixels"] += 1
        else:
            files[name] = _as_jpeg(_squared(picture))
    if not files:
        raise SystemExit(f"{legend} names no picture that can be used: {dict(counts)}")
    np.savez(
        target,
        jpeg=np.concatenate(list(files.values())),
        offset=np.cumsum([0, *(len(file) for file in files.values())]),
        label=np.array([labels[name] for name in files], np.int8),
        name=np.array(list(files)),
        label_names=np.array(LABELS),
    )
    counts["kept"] = len(files)
    return counts


def _labels(lines: list[str]) -> tuple[dict[str, int], Counter[str]]:
    """Return the number of each picture that has exactly one, and how many lines fell out."""
    seen: dict[str, set[int]] = {}
    counts: Counter[str] = Counter()
    # Some lines have tabs where the others have commas.
    for cells in csv.reader(line.replace("\t", ",") for line in lines[1:]):
        if len(cells) != 3 or Path(cells[1]).name != cells[1]:  # noqa: PLR2004  # user, image, word
            counts["line not understood"] += 1
        elif (number := _NUMBER_OF.get(cells[2].strip().lower())) is None:
            counts["word unknown"] += 1
        else:
            seen.setdefault(cells[1], set()).add(number)
    clear = {name: numbers.pop() for name, numbers in seen.items() if len(numbers) == 1}
    counts["labelled in two ways"] = len(seen) - len(clear)
    return clear, +counts


def _picture(path: Path) -> npt.NDArray[np.uint8] | None:
    """Return the picture in grey, or None where there is none."""
    try:
        packed = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    picture = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE) if len(packed) else None
    return None if picture is None else np.asarray(picture, np.uint8)


def _squared(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = picture.shape
    side = max(height, width)
    above, left = (side - height) // 2, (side - width) // 2
    padded = cv2.copyMakeBorder(
        *(picture, above, side - height - above, left, side - width - left),
        cv2.BORDER_REPLICATE,
    )
    shrinks = side > SIDE_PX
    resized = cv2.resize(
        padded,
        (SIDE_PX, SIDE_PX),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )
    return np.asarray(resized, np.uint8)


def _as_jpeg(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return np.asarray(packed, np.uint8).ravel()
