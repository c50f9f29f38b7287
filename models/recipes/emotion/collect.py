"""Put the training data, as its owners hand it out, into the files the recipes read.

    python -m models.recipes.emotion.collect --data FOLDER \
        --fer2013 fer2013.csv --ferplus fer2013new.csv --muxspace facial_expressions

The two tables belong together: row n of one is row n of the other. The third is a checkout, and
optional: the recipes do without it. All of its pictures are taken, of whomever they are.
`models/emotion.md` says who owns what.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.muxspace import collect_muxspace
from models.recipes.emotion.pictures import FER2013_CLASSES, FILE, MORE_FILE, PICTURE_PX

_NUMBERS = tuple(str(number) for number in range(FER2013_CLASSES))
_USAGES = ("Training", "PublicTest", "PrivateTest")
_VOTES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "NF"),
)


def collect(fer2013: Path, ferplus: Path, target: Path) -> int:
    """Write `target` from the two tables and return how many rows it holds.

    Raises:
        SystemExit: A table cannot be read or lacks a column, or they are not of the same rows.
    """
    for table in (fer2013, ferplus):
        if not table.is_file():
            raise SystemExit(f"{table} is not a file: models/emotion.md says where it comes from")
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
                labels.append(_NUMBERS.index(face["emotion"]))
                usages.append(_USAGES.index(face["Usage"]))
                votes.append([int(tags[name]) for name in _VOTES])
        except (KeyError, ValueError) as error:
            raise SystemExit(
                f"row {len(usages) + 2} of {fer2013} and {ferplus} is not understood ({error!r}). "
                "Take the original files."
            ) from error
    if not usages:
        raise SystemExit(f"{fer2013} and {ferplus} have no rows. Take the original files.")
    np.savez_compressed(
        target,
        images=np.array(pictures),
        label=np.array(labels, np.int8),
        usage=np.array(usages, np.int8),
        ferplus_votes=np.array(votes, np.int8),
        label_ambiguous=are_ambiguous(pictures, labels, usages),
    )
    return len(usages)


def are_ambiguous(
    pictures: Sequence[npt.NDArray[np.uint8]], labels: Sequence[int], usages: Sequence[int]
) -> npt.NDArray[np.bool_]:
    """Return per row whether the very same picture of the same usage has another label as well."""
    keys = [(usage, picture.tobytes()) for usage, picture in zip(usages, pictures, strict=True)]
    labels_of: dict[tuple[int, bytes], set[int]] = {}
    for key, label in zip(keys, labels, strict=True):
        labels_of.setdefault(key, set()).add(label)
    return np.array([len(labels_of[key]) > 1 for key in keys])


def main() -> None:
    """Read the two tables and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fer2013", type=Path, help="fer2013.csv")
    parser.add_argument("--ferplus", type=Path, help="fer2013new.csv")
    parser.add_argument("--muxspace", type=Path, help="checkout of muxspace/facial_expressions")
    parser.add_argument("--data", type=Path, required=True, help="folder to write into")
    arguments = parser.parse_args()
    fer2013, ferplus, muxspace = arguments.fer2013, arguments.ferplus, arguments.muxspace
    if (fer2013 is None) != (ferplus is None):
        parser.error("--fer2013 and --ferplus belong together: give both")
    if fer2013 is None and muxspace is None:
        parser.error("nothing to collect: give --fer2013 and --ferplus, or --muxspace, or all")

    arguments.data.mkdir(parents=True, exist_ok=True)
    if fer2013 is not None:
        rows = collect(fer2013, ferplus, arguments.data / FILE)
        print(f"{arguments.data / FILE}: {rows} rows")
    if muxspace is not None:
        counts = collect_muxspace(muxspace, arguments.data / MORE_FILE)
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        print(f"{arguments.data / MORE_FILE}: {told}")


if __name__ == "__main__":
    main()
