"""Put FER2013's pictures and FER+'s votes into the one file the recipes read.

    python -m models.recipes.emotion.collect --fer2013 fer2013.csv --ferplus fer2013new.csv \
        --data FOLDER

Both tables come from their owners (`models/emotion.md`); row n of one is row n of the other.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.pictures import FILE, PICTURE_PX

_USAGES = ("Training", "PublicTest", "PrivateTest")
_VOTES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "NF"),
)


def collect(fer2013: Path, ferplus: Path, target: Path) -> int:
    """Write `target` from the two tables and return how many rows it holds.

    Raises:
        SystemExit: A table lacks a column, or they are not of the same rows.
    """
    csv.field_size_limit(sys.maxsize)
    pictures: list[npt.NDArray[np.uint8]] = []
    labels: list[int] = []
    usages: list[int] = []
    votes: list[list[int]] = []
    with fer2013.open(newline="") as faces, ferplus.open(newline="") as tagged:
        try:
            for face, tags in zip(csv.DictReader(faces), csv.DictReader(tagged), strict=True):
                if face["Usage"] != tags["Usage"]:
                    raise SystemExit(
                        f"row {len(usages) + 2}: {fer2013} says {face['Usage']}, {ferplus} says "
                        f"{tags['Usage']}. They are not of the same rows: take the original files."
                    )
                pixels = np.array(face["pixels"].split(), np.uint8)
                pictures.append(pixels.reshape(PICTURE_PX, PICTURE_PX))
                labels.append(int(face["emotion"]))
                usages.append(_USAGES.index(face["Usage"]))
                votes.append([int(tags[name]) for name in _VOTES])
        except (KeyError, ValueError) as error:
            raise SystemExit(
                f"row {len(usages) + 2} of {fer2013} and {ferplus} is not understood ({error!r}). "
                "Take the original files."
            ) from error
    np.savez_compressed(
        target,
        images=np.array(pictures),
        label=np.array(labels, np.int8),
        usage=np.array(usages, np.int8),
        ferplus_votes=np.array(votes, np.int8),
    )
    return len(usages)


def main() -> None:
    """Read the two tables and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.csv")
    parser.add_argument("--ferplus", type=Path, required=True, help="fer2013new.csv")
    parser.add_argument("--data", type=Path, required=True, help="folder to write into")
    arguments = parser.parse_args()

    arguments.data.mkdir(parents=True, exist_ok=True)
    rows = collect(arguments.fer2013, arguments.ferplus, arguments.data / FILE)
    print(f"{arguments.data / FILE}: {rows} rows")


if __name__ == "__main__":
    main()
