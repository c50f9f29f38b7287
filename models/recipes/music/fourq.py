"""The training data: front-end frames of the 4Q clips, with the mood their listeners tagged."""

import csv
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.descriptors import descriptors_of, vector
from soulsync_edge.adapters.hearing.frames import FLOOR_DB, GROUP, Frames

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
    if songs != [label["song"] for label in labels]:
        raise DataError(f"{FRAMES} and {LABELS} in {folder} do not list the same clips in order")
    described = [descriptors_of(clip) for clip in clips]
    parts = [[vector(descriptors_of(_part(clip, *part))) for clip in clips] for part in _PARTS]
    tagged = np.array(
        [[float(row["tag_valence_1_9"]), float(row["tag_arousal_1_9"])] for row in labels]
    )
    centre = np.array([_VALENCE_CENTRE, _AROUSAL_CENTRE])
    return Corpus(
        names=tuple(described[0]),
        rows=np.array([vector(one) for one in described]),
        parts=np.array(parts),
        affect=(tagged - centre) * np.array([_VALENCE_SLOPE, _AROUSAL_SLOPE]),
        quadrant=np.array([QUADRANTS.index(row["quadrant"]) for row in labels]),
        artist=np.array([int(row["artist_id"]) for row in labels]),
    )


def _labels(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}; docs/music.md says what belongs there"
        ) from error
    wanted = {"song", "quadrant", "tag_valence_1_9", "tag_arousal_1_9", "artist_id"}
    if not rows or not wanted <= rows[0].keys():
        raise DataError(f"{path} must hold rows with {', '.join(sorted(wanted))}")
    return rows


def _clips(path: Path) -> tuple[list[str], list[Frames]]:
    wanted = ("song", "mel", "mel_len", "chroma_sqrt", "scalars", "frame4_len")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in wanted}
    except (OSError, ValueError, BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read: {error}; docs/music.md says what belongs there"
        ) from error
    except KeyError as error:
        raise DataError(f"{path} has no {error}; it must hold {', '.join(wanted)}") from error
    mel = np.split(arrays["mel"], np.cumsum(arrays["mel_len"])[:-1])
    cuts = np.cumsum(arrays["frame4_len"])[:-1]
    chroma, scalars = np.split(arrays["chroma_sqrt"], cuts), np.split(arrays["scalars"], cuts)
    clips = [_frames(*clip) for clip in zip(mel, chroma, scalars, strict=True)]
    return [str(song) for song in arrays["song"]], clips


def _frames(
    mel: NDArray[np.uint8], chroma_sqrt: NDArray[np.uint8], scalars: NDArray[np.float16]
) -> Frames:
    """Return frames as the device hears them from how the data file packs them."""
    level_db, crossings, centroid, flatness, low, high, peak = scalars.astype(np.float32).T
    return Frames(
        mel_db=mel.astype(np.float32) * np.float32(-FLOOR_DB / 255) + np.float32(FLOOR_DB),
        chroma=(chroma_sqrt / np.float32(255)) ** 2,
        zero_crossings=crossings,
        centroid_hz=centroid,
        flatness=flatness,
        rolloff_hz=np.stack([low, high], axis=1),
        level_db=level_db,
        crest_db=20 * np.log10(np.maximum(peak, 1e-6)) - level_db,
    )


def _part(clip: Frames, begin: float, end: float) -> Frames:
    """Return the frames between two shares of a clip."""
    length = len(clip.chroma)
    first, last = int(begin * length), int(end * length)
    slow = slice(first, last)
    return Frames(
        clip.mel_db[first * GROUP : last * GROUP],
        *(
            getattr(clip, name)[slow]
            for name in (
                "chroma",
                "zero_crossings",
                "centroid_hz",
                "flatness",
                "rolloff_hz",
                "level_db",
                "crest_db",
            )
        ),
    )
