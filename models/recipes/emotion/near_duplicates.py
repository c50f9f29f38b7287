"""Print how many pictures to choose and test by have a near twin among those to train on.

    python -m models.recipes.emotion.near_duplicates --data FOLDER [--write]

Exact copies are left out of training; a photograph that was cut, shrunk or compressed twice is not
an exact copy. Here two pictures are as alike as the correlation of their 16x16 means, either way
round. A copy that was cut quite differently is not found, so there are at least as many.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.recipes.emotion.figures import TWINS, Counted, Twins
from models.recipes.emotion.pictures import load_pictures
from models.recipes.manifest import MODELS

LEAST_LIKENESS = 0.95
"""From here on two pictures are near twins.

Of 40 pairs from 0.95 to 0.96 that were looked at, each a picture of PublicTest and its likest in
training, 39 were the same photograph or the next of a series; of 40 from 0.94 to 0.95, 37; of 40
from 0.93 to 0.94 some 30. All looked at above were. Below, more and more only have light and hair
in common.
"""

LIKENESSES = (0.93, 0.94, LEAST_LIKENESS, 0.96, 0.98, 0.99)

_CELLS = 16
_AT_ONCE = 512
"""Pictures compared at once: with 40,000 others 80 MB of likenesses."""

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


def marks(pictures: Sequence[Picture]) -> Floats:
    """Return what pictures are compared by, `(N, 256)`: means of cells, mean 0 and length 1.

    A picture without any contrast has length 0: it is like none.
    """
    cells = np.array(
        [cv2.resize(one, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA) for one in pictures],
        np.float32,
    ).reshape(len(pictures), _CELLS * _CELLS)
    cells -= cells.mean(axis=1, keepdims=True)
    return np.asarray(
        cells / np.maximum(np.linalg.norm(cells, axis=1, keepdims=True), 1), np.float32
    )


def likest(pictures: Sequence[Picture], others: Sequence[Picture]) -> Floats:
    """Return how alike each picture and the likest of `others` or of their mirror images are.

    `(N,)`, 1 for the same but for light and contrast.
    """
    among = marks(others).T
    found = np.zeros(len(pictures), np.float32)
    for one_way in (pictures, [picture[:, ::-1] for picture in pictures]):
        own = marks(one_way)
        for start in range(0, len(own), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            found[part] = np.maximum(found[part], (own[part] @ among).max(axis=1, initial=0))
    return found


def main() -> None:
    """Compare both parts with the training pictures, print the table, and record it if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder to record in")
    parser.add_argument("--write", action="store_true", help=f"record PrivateTest in {TWINS}")
    arguments = parser.parse_args()
    pictures = load_pictures(arguments.data)
    trained_on = pictures.train.pictures
    chosen_by = likest(pictures.searched_choose.pictures, trained_on)
    tested = likest(pictures.searched_test.pictures, trained_on)
    is_ferplus = np.isin(pictures.searched_test.index, pictures.test.index)
    has_majority = np.isin(pictures.searched_choose.index, pictures.choose.index)

    print(
        f"{len(trained_on):,} pictures to train on. How many have one as like, or more, among them:"
    )
    columns = [*(f"{least:.2f}" for least in LIKENESSES), f"share at {LEAST_LIKENESS:.2f}"]
    print(f"\n| part | pictures | {' | '.join(columns)} |")
    print(f"| --- |{' ---: |' * (len(columns) + 1)}")
    print(_row("PublicTest, all", chosen_by))
    print(_row("PublicTest, FER+ majority", chosen_by[has_majority]))
    print(_row("PrivateTest, all", tested))
    print(_row("PrivateTest, FER+ majority", tested[is_ferplus]))
    print(f"\nNear twins: {LEAST_LIKENESS:.2f} or more.")
    if arguments.write:
        if not is_ferplus.any():
            raise SystemExit("No picture of PrivateTest has a majority: nothing to record.")
        twins = Twins(
            least_likeness=LEAST_LIKENESS,
            trained_on=len(trained_on),
            ferplus_test=_counted(tested[is_ferplus]),
            fer2013_private=_counted(tested),
        )
        path = arguments.models / TWINS
        path.write_text(twins.model_dump_json(indent=1) + "\n", encoding="utf-8")
        print(f"Recorded in {path}; `make docs` writes it into the card.")


def _row(name: str, alike: Floats) -> str:
    counts = [f"{(alike >= least).sum():,}" for least in LIKENESSES]
    share = f"{(alike >= LEAST_LIKENESS).mean():.1%}" if len(alike) else "-"
    return f"| {' | '.join([name, f'{len(alike):,}', *counts, share])} |"


def _counted(alike: Floats) -> Counted:
    return Counted(n=len(alike), twins=int((alike >= LEAST_LIKENESS).sum()))


if __name__ == "__main__":
    main()
