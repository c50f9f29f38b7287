"""The FER pictures with their FER+ votes, as rows to train on and rows to judge by."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FILE = "fer2013_ferplus.npz"
PICTURE_PX = 48
CLASSES = 8
"""FER+ order: neutral, happy, surprise, sad, angry, disgust, fear, contempt."""

_TRAINING, _PUBLIC_TEST, _PRIVATE_TEST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of the data set.

    Attributes:
        index: Row numbers in the file; int64 `(N,)`.
        pictures: uint8 `(N, 48, 48)`, grey.
        shares: What share of the taggers saw which class; float32 `(N, 8)`, rows sum to 1.
    """

    index: npt.NDArray[np.int64]
    pictures: npt.NDArray[np.uint8]
    shares: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.index)

    @property
    def majority(self) -> npt.NDArray[np.int64]:
        """The class with most votes, per row."""
        return np.asarray(self.shares.argmax(axis=1), np.int64)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The three parts; `train` shares no picture with the other two.

    `choose` is what settings are chosen by, `test` is looked at once, for the final figures.
    """

    train: Rows
    choose: Rows
    test: Rows


def load_pictures(folder: Path) -> Pictures:
    """Return the three parts of `fer2013_ferplus.npz` in `folder`.

    The file holds `images` `(35887, 48, 48)` uint8 in the row order of `fer2013.csv`, `usage`
    (0 Training, 1 PublicTest, 2 PrivateTest) and `ferplus_votes` `(35887, 10)`. `models/emotion.md`
    says who owns them and how to make the file.

    Training rows keep every vote as a soft label; `choose` and `test` follow the majority rule of
    the FER+ authors (a class needs more than half of the votes that are not single).
    """
    path = folder / FILE
    if not path.is_file():
        raise SystemExit(f"{path} is missing: models/emotion.md says how to make it")
    with np.load(path) as stored:
        pictures, usage, votes = stored["images"], stored["usage"], stored["ferplus_votes"]
    agreed = np.where(votes > 1, votes, 0).astype(np.float32)
    total = agreed.sum(axis=1)
    is_emotion = (total > 0) & (agreed.argmax(axis=1) < CLASSES)
    has_majority = is_emotion & (agreed.max(axis=1) > 0.5 * total)

    in_tests = {picture.tobytes() for picture in pictures[usage != _TRAINING]}
    is_free = np.array([picture.tobytes() not in in_tests for picture in pictures])

    def rows(wanted: npt.NDArray[np.bool_]) -> Rows:
        index = np.flatnonzero(wanted)
        seen = agreed[index, :CLASSES]
        return Rows(index, pictures[index], seen / seen.sum(axis=1, keepdims=True))

    return Pictures(
        train=rows((usage == _TRAINING) & is_emotion & is_free),
        choose=rows((usage == _PUBLIC_TEST) & has_majority),
        test=rows((usage == _PRIVATE_TEST) & has_majority),
    )
