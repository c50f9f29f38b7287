"""The training data: front-end frames of the 4Q clips, with the mood their listeners tagged."""

import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.descriptors import descriptors_of, vector
from soulsync_edge.adapters.hearing.frames import BANDS, GROUP, Frames, with_floor

FRAMES = "fourq_frontend_train.npz"
LABELS = "fourq_descriptors_train.csv"

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
"""Happy, tense, sad, calm: signs of valence and arousal ++, -+, --, +-."""

# From means of word norms (1 to 9) to the plane: raters use the middle of the scale of arousal
# only. So placed, the four quadrants' means lie at about +-0.6 and +-0.5, where the words of
# `domain/emotion.py` lie too.
_VALENCE_CENTRE, _VALENCE_SLOPE = 5.1, 0.4
_AROUSAL_CENTRE, _AROUSAL_SLOPE = 4.8, 0.625

_PARTS = ((0, 2 / 3), (1 / 3, 1))
"""Overlapping parts of a clip that are further examples of its mood: less is learnt by heart."""


_RANGE_DB = np.float32(80)  # of the packed log-mel
FEWEST_ARTISTS = 10
_LEAST_NORM, _MOST_NORM = 1.0, 9.0
_FEWEST_GROUPS = 32  # about 3 s
_COLUMNS = {"song", "quadrant", "tag_valence_1_9", "tag_arousal_1_9", "artist_id"}
_WIDTHS = {
    "song": None,
    "mel": BANDS,
    "mel_len": None,
    "chroma_sqrt": 12,
    "scalars": 7,
    "frame4_len": None,
}
"""The arrays of the frames' file and how many columns each has; None for a plain list."""


class DataError(Exception):
    """The data folder is not as it must be; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The clips.

    Attributes:
        names: Of the descriptors, D of them.
        rows: Descriptors of each whole clip, (N, D) float64.
        parts: Descriptors of two parts of each clip, (2, N, D) float64.
        affect: Valence and arousal, (N, 2) float64, about -1 to 1.
        quadrant: Index into `QUADRANTS`, (N,) int.
        artist: A number per artist, (N,) int: clips of one artist are never on both sides.
    """

    names: tuple[str, ...]
    rows: NDArray[np.float64]
    parts: NDArray[np.float64]
    affect: NDArray[np.float64]
    quadrant: NDArray[np.int64]
    artist: NDArray[np.int64]


def read_corpus(folder: Path) -> Corpus:
    """Return the clips in `folder`.

    Raises:
        DataError: A file or a column is missing, or the two files do not belong together.
    """
    labels = _labels(folder / LABELS)
    songs, clips = _clips(folder / FRAMES)
    if songs != [label.song for label in labels]:
        raise DataError(f"{FRAMES} and {LABELS} in {folder} do not list the same clips in order")
    described = [descriptors_of(clip) for clip in clips]
    parts = [[vector(descriptors_of(_part(clip, *part))) for clip in clips] for part in _PARTS]
    tagged = np.array([[row.valence, row.arousal] for row in labels])
    centre = np.array([_VALENCE_CENTRE, _AROUSAL_CENTRE])
    return Corpus(
        names=tuple(described[0]),
        rows=np.array([vector(one) for one in described]),
        parts=np.array(parts),
        affect=(tagged - centre) * np.array([_VALENCE_SLOPE, _AROUSAL_SLOPE]),
        quadrant=np.array([QUADRANTS.index(row.quadrant) for row in labels]),
        artist=_numbered([row.artist for row in labels]),
    )


@dataclass(frozen=True, slots=True)
class _Label:
    """What a row of the label file says; valence and arousal as norms from 1 to 9."""

    song: str
    quadrant: str
    valence: float
    arousal: float
    artist: str


def _labels(path: Path) -> list[_Label]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read: {error}; docs/music.md says what belongs there"
        ) from error
    if not rows or _COLUMNS - rows[0].keys():
        raise DataError(f"{path} must hold rows with {', '.join(sorted(_COLUMNS))}")
    labels = [_label(path, number, row) for number, row in enumerate(rows, start=2)]
    if (artists := len({label.artist for label in labels})) < FEWEST_ARTISTS:
        raise DataError(
            f"{path} names {artists} artists; at least {FEWEST_ARTISTS} are needed to judge by "
            "artists that were not heard"
        )
    return labels


def _label(path: Path, number: int, row: dict[str, str]) -> _Label:
    if row["quadrant"] not in QUADRANTS:
        raise DataError(
            f"{path}, line {number}: quadrant is {row['quadrant']!r}; it must be one of "
            f"{', '.join(QUADRANTS)}"
        )
    norms = []
    for column in ("tag_valence_1_9", "tag_arousal_1_9"):
        try:
            norms.append(float(row[column]))
        except (TypeError, ValueError):
            norms.append(math.nan)
        if not _LEAST_NORM <= norms[-1] <= _MOST_NORM:
            raise DataError(
                f"{path}, line {number}: {column} is {row[column]!r}; it must be a number from "
                f"{_LEAST_NORM:g} to {_MOST_NORM:g}"
            )
    return _Label(row["song"], row["quadrant"], norms[0], norms[1], row["artist_id"])


def _numbered(names: list[str]) -> NDArray[np.int64]:
    """Return a number for each name, the same for the same one."""
    ordered = sorted(set(names), key=lambda name: (len(name), name))
    return np.array([ordered.index(name) for name in names])


def _clips(path: Path) -> tuple[list[str], list[Frames]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in _WIDTHS}
    except KeyError as error:
        raise DataError(f"{path} has no {error}; it must hold {', '.join(_WIDTHS)}") from error
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read: {error}; docs/music.md says what belongs there"
        ) from error
    _check(path, arrays)
    mel = np.split(arrays["mel"], np.cumsum(arrays["mel_len"])[:-1])
    cuts = np.cumsum(arrays["frame4_len"])[:-1]
    chroma, scalars = np.split(arrays["chroma_sqrt"], cuts), np.split(arrays["scalars"], cuts)
    clips = [_frames(*clip) for clip in zip(mel, chroma, scalars, strict=True)]
    return [str(song) for song in arrays["song"]], clips


def _check(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Raise `DataError` where the arrays do not fit together."""
    for name, width in _WIDTHS.items():
        if arrays[name].shape[1:] != (() if width is None else (width,)):
            wanted = "one column" if width is None else f"{width} columns"
            raise DataError(f"{path}: {name} has the shape {arrays[name].shape}; it needs {wanted}")
    songs = len(arrays["song"])
    for lengths, name in (
        ("mel_len", "mel"),
        ("frame4_len", "chroma_sqrt"),
        ("frame4_len", "scalars"),
    ):
        total = int(arrays[lengths].sum())
        if len(arrays[lengths]) != songs or total != len(arrays[name]):
            raise DataError(
                f"{path}: {lengths} tells of {len(arrays[lengths])} clips and {total} frames; song "
                f"has {songs} and {name} {len(arrays[name])}"
            )
    shortest = int(arrays["frame4_len"].min(initial=_FEWEST_GROUPS))
    if shortest < _FEWEST_GROUPS or (arrays["mel_len"] // GROUP < arrays["frame4_len"]).any():
        raise DataError(
            f"{path}: each clip needs {_FEWEST_GROUPS} frames in frame4_len or more, and {GROUP} "
            "times as many in mel_len"
        )


def _frames(
    mel: NDArray[np.uint8], chroma_sqrt: NDArray[np.uint8], scalars: NDArray[np.float16]
) -> Frames:
    """Return frames as the device hears them from how the data file packs them."""
    level_db, _, centroid, _, low, high, peak = scalars.astype(np.float32).T
    chroma = (chroma_sqrt / np.float32(255)) ** 2
    return Frames(
        mel_db=with_floor(10 ** ((mel.astype(np.float32) / 255 - 1) * _RANGE_DB / 10)),
        chroma=chroma,
        centroid_hz=centroid,
        rolloff_hz=np.stack([low, high], axis=1),
        level_db=level_db,
        crest_db=20 * np.log10(np.maximum(peak, 1e-6)) - level_db,
        is_whole=False,
        notes=chroma,  # coarser: what tells the mode is learnt from composed pieces alone
    )


def _part(clip: Frames, begin: float, end: float) -> Frames:
    """Return the frames between two shares of a clip."""
    length = len(clip.chroma)
    first, last = int(begin * length), int(end * length)
    slow = slice(first, last)
    slowly = ("chroma", "centroid_hz", "rolloff_hz", "level_db", "crest_db", "notes")
    return replace(
        clip,
        mel_db=clip.mel_db[first * GROUP : last * GROUP],
        **{name: getattr(clip, name)[slow] for name in slowly},
    )
