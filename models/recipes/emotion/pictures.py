"""The training pictures with what people saw in them, as rows to train on and rows to judge by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.examples import UNREADABLE, Album
from soulsync_edge.adapters.emotion_tflite import FER2013_WORDS

FILE = "fer2013_ferplus.npz"
MORE_FILE = "muxspace_train.npz"
PICTURE_PX = 48
CLASSES = 8
"""FER+ order: neutral, happy, surprise, sad, angry, disgust, fear, contempt."""

FER2013_CLASSES = len(FER2013_WORDS)

NO_LABEL = -1

_REMEDY = "models/emotion.md says how to make it"

# What belongs to each row under every key of `FILE`.
_SIDES: dict[str, tuple[int, ...]] = {
    "images": (PICTURE_PX, PICTURE_PX),
    "label": (),
    "usage": (),
    "ferplus_votes": (10,),
}

_TRAINING, _PUBLIC_TEST, _PRIVATE_TEST = 0, 1, 2

# From the numbers of `muxspace_train.npz` (FER2013's, and 7 contempt) to FER+'s.
_FERPLUS_OF = np.array([4, 5, 6, 1, 3, 2, 0, 7])

# One student's word: as sure as four of five taggers, the rest spread evenly.
_ONE_VOICE = 0.8


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of the data.

    Attributes:
        index: Row numbers: those of `FILE`, then those of `MORE_FILE`; int64 `(N,)`.
        pictures: N pictures, each `(H, W)` uint8, grey: 48 pixels, or 96 out of `MORE_FILE`.
        shares: What share of the taggers saw which class; float32 `(N, 8)`, rows sum to 1.
        searched: The word the picture was found by, FER2013's label; int64 `(N,)`, `NO_LABEL`
            where there is none or two copies of the picture disagree.
    """

    index: npt.NDArray[np.int64]
    pictures: Sequence[npt.NDArray[np.uint8]]
    shares: npt.NDArray[np.float32]
    searched: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.index)

    @property
    def majority(self) -> npt.NDArray[np.int64]:
        """The class with most votes, per row."""
        return np.asarray(self.shares.argmax(axis=1), np.int64)

    def __add__(self, more: "Rows") -> "Rows":
        return Rows(
            np.concatenate([self.index, more.index]),
            [*self.pictures, *more.pictures],
            np.concatenate([self.shares, more.shares]),
            np.concatenate([self.searched, more.searched]),
        )


@dataclass(frozen=True, slots=True)
class Pictures:
    """The parts; `train` shares no picture with the others.

    `choose` is what settings are chosen by, `test` is looked at once per release, for the final
    figures. Both are FER+ rows with a majority; `searched_choose` and `searched_test` are all rows
    of the same two parts, judged by FER2013's labels.
    """

    train: Rows
    choose: Rows
    test: Rows
    searched_choose: Rows
    searched_test: Rows


def load_pictures(folder: Path) -> Pictures:
    """Return the parts of `fer2013_ferplus.npz`, and `muxspace_train.npz` if it is there too.

    The first holds `images` `(35887, 48, 48)` uint8 in the row order of `fer2013.csv`, `label`
    (FER2013), `usage` (0 Training, 1 PublicTest, 2 PrivateTest), `ferplus_votes` `(35887, 10)`
    and, if wanted, `label_ambiguous` (bool: the same picture stands in the same part with another
    label too; the words of such training rows are not learnt); the second `jpeg`, `offset` and
    `label`. `models/emotion.md` says who owns them and how to make the files.

    Training rows keep every vote as a soft label; `choose` and `test` follow the majority rule of
    the FER+ authors (a class needs more than half of the votes that are not single).

    Raises:
        SystemExit: `folder` is none, a file is missing or damaged, or a key is missing or of
            another shape.
    """
    if folder.exists() and not folder.is_dir():
        raise SystemExit(f"{folder} is a file: name the folder in which {FILE} lies")
    stored = _stored(folder / FILE, *_SIDES)
    for key, sides in _SIDES.items():
        found, wanted = stored[key].shape, (stored["label"].size, *sides)
        if found != wanted:
            raise SystemExit(f"{folder / FILE}: {key} is {found}, not {wanted}: {_REMEDY}")
    pictures, usage, votes = stored["images"], stored["usage"], stored["ferplus_votes"]
    searched = stored["label"].astype(np.int64)
    if "label_ambiguous" in stored:
        searched[stored["label_ambiguous"] & (usage == _TRAINING)] = NO_LABEL
    agreed = np.where(votes > 1, votes, 0).astype(np.float32)
    total = agreed.sum(axis=1)
    is_emotion = (total > 0) & (agreed.argmax(axis=1) < CLASSES)
    has_majority = is_emotion & (agreed.max(axis=1) > 0.5 * total)

    in_tests = {picture.tobytes() for picture in pictures[usage != _TRAINING]}
    is_free = np.array([picture.tobytes() not in in_tests for picture in pictures])

    def rows(wanted: npt.NDArray[np.bool_]) -> Rows:
        index = np.flatnonzero(wanted)
        seen = agreed[index, :CLASSES]
        shares = seen / np.maximum(seen.sum(axis=1, keepdims=True), 1)
        return Rows(index, list(pictures[index]), shares, searched[index])

    train = rows((usage == _TRAINING) & is_emotion & is_free)
    if (folder / MORE_FILE).is_file():
        train = train + _more_rows(folder / MORE_FILE, first=len(pictures))
    return Pictures(
        train=train,
        choose=rows((usage == _PUBLIC_TEST) & has_majority),
        test=rows((usage == _PRIVATE_TEST) & has_majority),
        searched_choose=rows(usage == _PUBLIC_TEST),
        searched_test=rows(usage == _PRIVATE_TEST),
    )


def all_pictures(folder: Path) -> list[npt.NDArray[np.uint8]]:
    """Return the pictures of every row of both files, in the order `Rows.index` counts them."""
    pictures = list(_stored(folder / FILE, "images")["images"])
    more = folder / MORE_FILE
    return [*pictures, *(_more_pictures(more) if more.is_file() else ())]


def _stored(path: Path, *keys: str) -> dict[str, npt.NDArray[Any]]:
    """Return what the npz at `path` holds, `keys` among it."""
    try:
        with path.open("rb") as file, np.load(file) as opened:
            stored = dict(opened)
    except FileNotFoundError as error:
        raise SystemExit(f"{path} is missing: {_REMEDY}") from error
    except (*UNREADABLE, TypeError) as error:  # TypeError: a single array
        raise SystemExit(f"{path} is damaged or no npz ({error}): {_REMEDY}") from error
    if missing := set(keys) - set(stored):
        raise SystemExit(f"{path} lacks {', '.join(sorted(missing))}: {_REMEDY}")
    return stored


def _more_pictures(path: Path) -> list[npt.NDArray[np.uint8]]:
    stored = _stored(path, "jpeg", "offset")
    try:
        return list(Album(stored["jpeg"], stored["offset"], as_grey=True))
    except (TypeError, ValueError) as error:  # TypeError: offset is of no whole numbers
        raise SystemExit(f"{path}: jpeg does not decode where offset says: {_REMEDY}") from error


def _more_rows(path: Path, first: int) -> Rows:
    pictures = _more_pictures(path)
    label = _stored(path, "label")["label"]
    if len(label) != len(pictures):
        raise SystemExit(f"{path}: label has {len(label)} rows, offset {len(pictures)}: {_REMEDY}")
    shares = np.full((len(label), CLASSES), (1 - _ONE_VOICE) / (CLASSES - 1), np.float32)
    shares[np.arange(len(label)), _FERPLUS_OF[label]] = _ONE_VOICE
    index = first + np.arange(len(label), dtype=np.int64)
    return Rows(index, pictures, shares, np.full(len(label), NO_LABEL, np.int64))
