"""Reads pictures with labels from any npz, and says of a bad one which key is wrong and how."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
import numpy.typing as npt

from soulsync_edge.domain.emotion import Emotion

Array = npt.NDArray[Any]

Picture = npt.NDArray[np.uint8]
"""`(H, W)` grey or `(H, W, 3)` RGB, uint8."""

WORDS: Mapping[str, Emotion] = {
    **{str(emotion): emotion for emotion in Emotion},
    "happiness": Emotion.HAPPY,
    "surprised": Emotion.SURPRISE,
    "sadness": Emotion.SAD,
    "anger": Emotion.ANGRY,
    "disgusted": Emotion.DISGUST,
    "fearful": Emotion.FEAR,
    "contemptuous": Emotion.CONTEMPT,
}
"""What data sets call the eight classes; the case does not matter."""

_BRIGHTEST = 255
_CHANNELS = 3

UNREADABLE = (
    OSError,
    ValueError,  # among others: pickled objects, which are never loaded
    EOFError,
    MemoryError,
    RuntimeError,  # zipfile's word for an encrypted file, or one packed in a way it does not know
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy raises on reading an npz that is damaged or none at all."""


class ExamplesError(Exception):
    """The file is of no use: one sentence on which file and key, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Examples:
    """N pictures and what they show.

    Attributes:
        pictures: Can be gone through again and again; a packed picture is unpacked each time.
        labels: Which of `emotions` each picture shows; int64 `(N,)`.
        emotions: The classes that the data set knows, in its own order.
        note: What was done to the pictures on reading, or empty.
    """

    pictures: "Album"
    labels: npt.NDArray[np.int64]
    emotions: tuple[Emotion, ...]
    note: str = ""


class Album:
    """Pictures as an npz holds them: one block, or JPEG files one after another.

    Args:
        block: The pictures, or the bytes of all files.
        offset: Where in `block` each file begins, and the last ends.
        as_grey: Files are unpacked as grey, by their own brightness channel.
    """

    def __init__(
        self,
        block: Array,
        offset: npt.NDArray[np.int64] | None = None,
        *,
        as_grey: bool = False,
    ) -> None:
        self._block = block
        self._offset = offset
        self._as_grey = as_grey

    def __len__(self) -> int:
        return len(self._block) if self._offset is None else len(self._offset) - 1

    def __iter__(self) -> Iterator[Picture]:
        """Give each as `(H, W)` grey or `(H, W, 3)` RGB uint8.

        Raises:
            ValueError: A JPEG file does not decode.
        """
        for row in range(len(self)):
            if self._offset is None:
                yield self._block[row]
            else:
                content = self._block[self._offset[row] : self._offset[row + 1]]
                yield _decoded(content, row, as_grey=self._as_grey)


def read_examples(path: Path) -> Examples:
    """Return what `path` holds under `images` or `jpeg` and `offset`, `label`, `label_names`.

    `images` is `(N, H, W)` grey or `(N, H, W, 3)` RGB: uint8, other whole numbers from 0 to 255,
    or fractions from 0 to 1. `jpeg` is uint8, all files one after another, and `offset` `(N + 1,)`
    where each begins and the last ends. `label` `(N,)` counts into `label_names` `(K,)`, any of
    the words in `WORDS`.

    Raises:
        ExamplesError: It does not hold that.
    """
    try:
        with path.open("rb") as opened:
            return _examples(_File(path, opened))
    except FileNotFoundError as error:
        raise ExamplesError(f"{path}: no such file; name an npz with pictures.") from error
    except IsADirectoryError as error:
        raise ExamplesError(f"{path}: that is a folder; name one npz file in it.") from error
    except OSError as error:
        raise ExamplesError(f"{path}: cannot be read ({error.strerror}); mend that.") from error


def _examples(file: "_File") -> Examples:
    emotions = _emotions(file)
    labels = _labels(file, len(emotions))
    if file.has("images"):
        key, (pictures, note) = "images", _images(file)
    elif file.has("jpeg"):
        key, (pictures, note) = "offset", (_jpegs(file), "")
    else:
        raise ExamplesError(
            f"{file.path}: the key `images` is missing, and so is `jpeg`; it has {file.keys}. "
            "Store the pictures as `images` (N, H, W) or (N, H, W, 3) uint8, or as `jpeg` and "
            "`offset`."
        )
    if len(pictures) != len(labels):
        raise ExamplesError(
            f"{file.path}: `{key}` tells of {len(pictures)} pictures and `label` of {len(labels)}; "
            "store one label per picture."
        )
    return Examples(pictures, labels, emotions, note)


class _File:
    """An npz that is read key by key and never runs what is pickled in it."""

    def __init__(self, path: Path, opened: IO[bytes]) -> None:
        self.path = path
        try:
            stored = np.load(opened, allow_pickle=False)
        except UNREADABLE as error:
            raise ExamplesError(
                f"{path}: not an npz, or cut short; write it with numpy.savez."
            ) from error
        if not isinstance(stored, np.lib.npyio.NpzFile):
            raise ExamplesError(
                f"{path}: a single array, not an npz; write it with numpy.savez and the keys "
                "`images`, `label` and `label_names`."
            )
        self._stored = stored

    @property
    def keys(self) -> str:
        """The keys that are there, in words."""
        return ", ".join(f"`{key}`" for key in self._stored.files) or "none"

    def has(self, key: str) -> bool:
        """Return whether `key` is there."""
        return key in self._stored.files

    def read(self, key: str, remedy: str) -> Array:
        """Return the array under `key`; `remedy` says what belongs there."""
        if not self.has(key):
            raise ExamplesError(
                f"{self.path}: the key `{key}` is missing; it has {self.keys}. {remedy}"
            )
        try:
            found = self._stored[key]
        except UNREADABLE as error:
            if "allow_pickle" in str(error):
                raise ExamplesError(
                    f"{self.path}: `{key}` holds pickled Python objects, which are not loaded. "
                    f"{remedy}"
                ) from error
            raise ExamplesError(
                f"{self.path}: `{key}` is damaged ({_brief(error)}); make the file anew."
            ) from error
        if not isinstance(found, np.ndarray):  # a member that is not an array comes as bytes
            raise ExamplesError(f"{self.path}: `{key}` is not an array. {remedy}")
        return found

    def wrong(self, key: str, found: Array, remedy: str) -> ExamplesError:
        """Return the error that `key` has another shape or type than it should."""
        return ExamplesError(
            f"{self.path}: `{key}` has the shape {found.shape} and the type {found.dtype}. {remedy}"
        )


def _emotions(file: _File) -> tuple[Emotion, ...]:
    key, remedy = "label_names", "Store in it the names of the classes, as a list of words."
    found = file.read(key, remedy)
    if found.ndim != 1 or not len(found) or found.dtype.kind not in "US":
        raise file.wrong(key, found, remedy)
    names = [
        name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in found
    ]
    emotions = []
    for name in names:
        emotion = WORDS.get(name.strip().casefold())
        if emotion is None:
            raise ExamplesError(
                f"{file.path}: `{key}` has {name!r}, which is not a class of this model; leave its "
                f"pictures out or call it one of {', '.join(Emotion)}."
            )
        if emotion in emotions:
            raise ExamplesError(
                f"{file.path}: `{key}` names {emotion} twice ({', '.join(names)}); give both the "
                "same number in `label` and name it once."
            )
        emotions.append(emotion)
    return tuple(emotions)


def _labels(file: _File, classes: int) -> npt.NDArray[np.int64]:
    key, remedy = "label", "Store in it one whole number per picture, counting into `label_names`."
    found = file.read(key, remedy)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise file.wrong(key, found, remedy)
    if not len(found):
        raise ExamplesError(f"{file.path}: `{key}` is empty; there is nothing to measure on.")
    beyond = np.flatnonzero((found < 0) | (found >= classes))
    if len(beyond):
        raise ExamplesError(
            f"{file.path}: `{key}` is {found[beyond[0]]} in row {beyond[0]}, and `label_names` has "
            f"only 0 to {classes - 1}; mend it or leave the row out."
        )
    return found.astype(np.int64)


def _images(file: _File) -> tuple[Album, str]:
    """Return the block of pictures as uint8, and what had to be done for that."""
    key, remedy = "images", "Store (N, H, W) grey or (N, H, W, 3) RGB, uint8."
    found = file.read(key, f"{remedy} For pictures of several sizes, store `jpeg` and `offset`.")
    if found.ndim == 4 and found.shape[3] == 1:  # noqa: PLR2004  # (N, H, W, 1): grey
        found = found[..., 0]
    is_colour = found.ndim == 4 and found.shape[3] == _CHANNELS  # noqa: PLR2004  # (N, H, W, 3)
    if not (found.ndim == 3 or is_colour) or 0 in found.shape[1:]:  # noqa: PLR2004  # (N, H, W)
        raise file.wrong(key, found, remedy)
    if not len(found) or found.dtype == np.uint8:
        return Album(found), ""
    if found.dtype.kind not in "iuf":
        raise file.wrong(key, found, remedy)
    low, high = found.min(), found.max()
    is_whole = found.dtype.kind in "iu"
    if not 0 <= low <= high <= (_BRIGHTEST if is_whole else 1):  # also when one is no number
        scale = "0 to 255" if is_whole else "0 to 1"
        raise ExamplesError(
            f"{file.path}: `{key}` is {found.dtype} from {low} to {high}, where {scale} is "
            "understood; store uint8 from 0 to 255."
        )
    if is_whole:
        note = f"`{key}` is {found.dtype}: taken as 0 to 255"
        return Album(found.astype(np.uint8)), note
    scaled = np.empty(found.shape, np.uint8)
    for row, picture in enumerate(found):  # one by one: the whole as float64 may not fit
        scaled[row] = np.rint(picture.astype(np.float64) * _BRIGHTEST)
    note = f"`{key}` is {found.dtype}: taken as 0 to 1 and rounded to 256 levels"
    return Album(scaled), note


def _jpegs(file: _File) -> Album:
    key, remedy = "jpeg", "Store in it all JPEG files one after another, as (bytes,) uint8."
    block = file.read(key, remedy)
    if block.ndim != 1 or block.dtype != np.uint8:
        raise file.wrong(key, block, remedy)
    remedy = "Store in it N + 1 whole numbers: where in `jpeg` each file begins, and the last ends."
    offset = file.read("offset", remedy)
    if offset.ndim != 1 or offset.dtype.kind not in "iu" or not len(offset):
        raise file.wrong("offset", offset, remedy)
    starts, ends = offset[:-1], offset[1:]
    broken = np.flatnonzero((starts < 0) | (starts >= ends) | (ends > len(block)))
    if len(broken):
        row = broken[0]
        raise ExamplesError(
            f"{file.path}: `offset` puts picture {row} at {starts[row]} to {ends[row]} of the "
            f"{len(block)} bytes of `jpeg`. {remedy}"
        )
    pictures = Album(block, offset.astype(np.int64))
    try:
        for _ in pictures:  # now, not after minutes of measuring
            pass
    except ValueError as error:
        raise ExamplesError(f"{file.path}: `jpeg`: {error}; mend it or leave it out.") from error
    return pictures


def _decoded(content: Array, row: int, *, as_grey: bool) -> Picture:
    try:
        picture = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE if as_grey else cv2.IMREAD_COLOR_RGB)
    except cv2.error:  # some damage, a huge size in the header for one, comes so
        picture = None
    if picture is None:
        raise ValueError(f"picture {row} does not decode")
    return np.asarray(picture, np.uint8)


def _brief(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
