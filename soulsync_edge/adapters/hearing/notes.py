"""Which notes sound: pitch classes through a window long enough to part neighbours in the bass."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.rate import RATE_HZ

Floats = NDArray[np.float32]

_WINDOW = 8192
"""Samples at 22.05 kHz: 2.7 Hz apart, less than half a semitone from 100 Hz up."""

_HOP = 2048
_LOWEST, _HIGHEST = 33, 92
"""MIDI notes, 55 to 1661 Hz: where harmony is played."""

_WIDTH = 0.22
_REACH = 0.6
"""Semitones: the standard deviation of the bell by which a frequency counts for a note, and its
end."""

_A4_HZ, _A4 = 440.0, 69
_OVERTONES = ((12, 0.5), (19, 0.35), (24, 0.25), (28, 0.2))
"""Semitones above a note where its overtones lie, and how much of it is taken off there: what an
instrument of medium brightness has. Ours to tune; chosen on composed pieces of known key."""

_AT_ONCE = 32  # windows: what a core keeps near at hand
_QUIETEST = 0.02  # of the loudest moment


def notes_of(samples: Floats) -> Floats:
    """Return how strongly each pitch class sounds, C first, (U, 12) float32, 0 to 1 of a moment.

    Moments are 93 ms apart; silent ones are left out, so there may be none.

    Args:
        samples: Mono at 22.05 kHz, (N,) float32, not silent, at least 0.4 s long.
    """
    first, filters = _filters()
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    bell = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    parts = []
    for start in range(0, len(windows), _AT_ONCE):
        spectrum = np.abs(np.fft.rfft(windows[start : start + _AT_ONCE] * bell, axis=1))
        heard = spectrum[:, first : first + filters.shape[1]].astype(np.float32)
        parts.append(heard @ filters.T)
    notes = np.concatenate(parts)
    level = notes.sum(axis=1)
    return _folded(_without_overtones(notes[level > _QUIETEST * level.max()]))


def _without_overtones(notes: Floats) -> Floats:
    rest = notes.copy()
    for above, share in _OVERTONES:
        rest[:, above:] -= np.float32(share) * notes[:, :-above]
    return np.maximum(rest, 0)


def _folded(notes: Floats) -> Floats:
    """Return the sums over all octaves, C first, of each moment's length 1."""
    classes = np.zeros((len(notes), 12), np.float32)
    for column, note in enumerate(range(_LOWEST, _HIGHEST + 1)):
        classes[:, note % 12] += notes[:, column]
    scaled: Floats = classes / (np.linalg.norm(classes, axis=1, keepdims=True) + np.float32(1e-9))
    return scaled


@cache
def _filters() -> tuple[int, Floats]:
    """Return the first bin that counts, and how much each from there on counts for each note."""
    bins = np.arange(_WINDOW // 2 + 1) * (RATE_HZ / _WINDOW)
    places = 12 * np.log2(np.maximum(bins, 1.0) / _A4_HZ) + _A4
    away = places[None, :] - np.arange(_LOWEST, _HIGHEST + 1)[:, None]
    bells = np.where(np.abs(away) <= _REACH, np.exp(-0.5 * (away / _WIDTH) ** 2), 0)
    used = np.flatnonzero(bells.any(axis=0))
    return int(used[0]), bells[:, used[0] : used[-1] + 1].astype(np.float32)
