"""The composed corpus: plain rendered pieces, with the mood their cues add up to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.recipes.music.composing import Composed, compose
from models.recipes.music.cues import MINOR
from models.recipes.music.voices import FAMILIES
from soulsync_edge.adapters.hearing.descriptors import descriptors_of, vector
from soulsync_edge.adapters.hearing.frames import Frames, frames_of
from soulsync_edge.adapters.hearing.rhythm import pulse_of
from soulsync_edge.adapters.hearing.tonal import key_of

EACH = 120
"""Pieces of each family of instruments: 720 in all, as many as there are clips."""

_NEAR = 0.04
_OCTAVES = (1.0, 2.0, 0.5, 3.0, 1 / 3)


@dataclass(frozen=True, slots=True)
class ComposedCorpus:
    """The pieces.

    Attributes:
        rows: Descriptors, (N, D) float64.
        affect: Valence and arousal that their cues add up to, (N, 2) float64.
        family: Index into `FAMILIES` of the instruments of each, (N,) int.
        heard: How well tempo and mode are heard in them: by name, shares of all.
    """

    rows: NDArray[np.float64]
    affect: NDArray[np.float64]
    family: NDArray[np.int64]
    heard: dict[str, float]


def composed_corpus(seed: int, each: int = EACH) -> ComposedCorpus:
    """Return `each` pieces of each family; takes a sixth of a second a piece."""
    rows, pieces, heard = [], [], []
    for family in FAMILIES:
        for number in range(each):
            piece = compose(1000 * seed + number, family)
            frames = frames_of(piece.samples)
            rows.append(vector(descriptors_of(frames)))
            heard.append(_heard(piece, frames))
            pieces.append(piece.cues)
    return ComposedCorpus(
        rows=np.array(rows),
        affect=np.array([cues.affect for cues in pieces]),
        family=np.repeat(np.arange(len(FAMILIES)), each),
        heard={name: float(np.mean([one[name] for one in heard])) for name in heard[0]},
    )


def tempo_ratios(told_bpm: Sequence[float], truth_bpm: Sequence[float]) -> dict[str, float]:
    """Return which share of tempi is within 4 %, and which when double, half and so on count."""
    ratio = np.array(told_bpm) / np.array(truth_bpm)
    octaves = np.abs(ratio[:, None] / np.array(_OCTAVES) - 1).min(axis=1)
    return {
        "tempo_within_4pct": float(np.mean(np.abs(ratio - 1) <= _NEAR)),
        "tempo_or_octave": float(np.mean(octaves <= _NEAR)),
    }


def _heard(piece: Composed, frames: Frames) -> dict[str, float]:
    key, is_minor = key_of(frames)
    pulse = pulse_of(frames, piece.cues.affect[1])
    is_mode = is_minor == (piece.cues.mode in MINOR)
    tempo = tempo_ratios([pulse.tempo_bpm], [piece.cues.tempo_bpm])
    return {"mode": float(is_mode), "key": float(is_mode and key == piece.tonic), **tempo}
