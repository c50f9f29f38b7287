"""How a piece moves: onsets, their regularity, and the tempo."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from soulsync_edge.adapters.hearing.frames import FRAME_HZ, Floats, Frames
from soulsync_edge.adapters.hearing.timbre import Described

_SMOOTHING = 7
_NEIGHBOURHOOD = 43
"""Frames: an onset stands out from the second around it."""

_FEWEST_ONSETS = 4
"""Fewer say nothing of how evenly they come."""

_TEMPO_EDGES_BPM = (40, 60, 80, 100, 120, 150, 180, 240, 400)
SLOWEST_BPM, FASTEST_BPM = 40.0, 220.0
_BEATS = 4
"""A beat is heard when the onsets repeat after one, two, three and four of them."""

_FAINT_DB = 0.05
"""Onsets that vary no more than this are no beat, however evenly they come."""

_LIKELY_BPM, _LIKELY_OCTAVES, _OCTAVES_PER_AROUSAL = 125.0, 0.8, 0.7
"""The tempo expected of music of arousal 0, how unsure that is as a standard deviation, and how
far arousal moves it: of half, whole and double tempo, excited music has the faster. Chosen on the
demo pieces, whose tempo is known: `make evaluate-music`."""

_EASIEST_BPM, _EASIEST_OCTAVES = 118.0, 0.5
"""Where people dance best, and how far around it: our reading of the field's custom."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The beat of a piece.

    Attributes:
        tempo_bpm: Beats per minute, 40 to 220.
        clarity: How regular it is, 0 to 1.
    """

    tempo_bpm: float
    clarity: float

    @property
    def danceability(self) -> float:
        """How clear the pulse is and how near a tempo people dance to, 0 to 1."""
        octaves = np.log2(self.tempo_bpm / _EASIEST_BPM)
        return float(self.clarity * np.exp(-0.5 * (octaves / _EASIEST_OCTAVES) ** 2))


def rhythm_of(frames: Frames) -> Described:
    """Return how a piece moves."""
    rise = np.maximum(np.diff(frames.mel_db, axis=0), 0)
    strength = rise.mean(axis=1)
    fall = np.maximum(-np.diff(frames.mel_db, axis=0), 0).mean(axis=1)
    rise_in_bands = rise.reshape(len(rise), 8, 5).mean(axis=2)
    centred = strength - strength.mean()
    skewness = np.mean(centred**3) / (strength.std() ** 3 + 1e-9)
    return {
        "onset_strength": np.array(
            [
                strength.mean(),
                strength.std(),
                *np.percentile(strength, [50, 75, 90, 98]),
                skewness,
            ]
        ),
        "onset_strength_in_bands": rise_in_bands.mean(axis=0),
        "onset_spread_in_bands": rise_in_bands.std(axis=0),
        "decay": np.array([fall.mean(), fall.std()]),
        "onsets": _onsets(strength),
        "pulse": _regularity(strength),
    }


def pulse_of(frames: Frames, arousal: float) -> Pulse:
    """Return the beat of a piece.

    Args:
        frames: What is heard of it.
        arousal: How exciting it is, -1 to 1; decides between a tempo and its half or double.
    """
    strength = np.maximum(np.diff(frames.mel_db, axis=0), 0).mean(axis=1)
    likeness = _likeness(strength)
    tempi_bpm, lags = _tempi_bpm(), np.arange(len(likeness))
    repeats = np.zeros(len(tempi_bpm))
    for beats in range(1, _BEATS + 1):
        after = beats * 60 * FRAME_HZ / tempi_bpm
        repeats += np.interp(after, lags, likeness, right=0.0) / _BEATS
    octaves = np.log2(tempi_bpm / _LIKELY_BPM) - _OCTAVES_PER_AROUSAL * arousal
    likelihood = repeats * np.exp(-0.5 * (octaves / _LIKELY_OCTAVES) ** 2)
    best = int(np.argmax(likelihood))
    heard = strength.var() / (strength.var() + _FAINT_DB**2)
    return Pulse(float(tempi_bpm[best]), float(np.clip(repeats[best] * heard, 0.0, 1.0)))


def _onsets(strength: Floats) -> Floats:
    """Return onsets per second, their strength, and how far apart they are and how evenly."""
    bell = np.hanning(_SMOOTHING)
    smooth = np.convolve(strength, bell / bell.sum(), "same")
    around = np.convolve(smooth, np.ones(_NEIGHBOURHOOD) / _NEIGHBOURHOOD, "same")
    middle = smooth[1:-1]
    is_peak = (middle > smooth[:-2]) & (middle >= smooth[2:])
    peaks = np.flatnonzero(is_peak & (middle > 1.15 * around[1:-1] + 0.1))
    if len(peaks) < _FEWEST_ONSETS:
        return np.array([len(peaks) / len(strength) * FRAME_HZ, 0.0, 1.0, 1.0])
    apart_s = np.diff(peaks) / FRAME_HZ
    return np.array(
        [
            len(peaks) / len(strength) * FRAME_HZ,
            middle[peaks].mean(),
            np.median(apart_s),
            np.std(np.log2(apart_s)),
        ]
    )


def _regularity(strength: Floats) -> Floats:
    """Return how strongly the onsets repeat at tempi of each range, and overall."""
    likeness = _likeness(strength)[1:401]
    tempi_bpm = 60 * FRAME_HZ / np.arange(1, 401)
    of_ranges = [
        likeness[(tempi_bpm >= low) & (tempi_bpm < high)].max()
        for low, high in pairwise(_TEMPO_EDGES_BPM)
    ]
    in_range = likeness[(tempi_bpm >= SLOWEST_BPM) & (tempi_bpm <= FASTEST_BPM)]
    return np.array(
        [
            *of_ranges,
            np.sort(in_range)[-5:].mean(),
            np.abs(in_range).mean(),
            likeness[:200].std(),
        ]
    )


def _likeness(strength: Floats) -> Floats:
    """Return the autocorrelation for lags from 0 frames on, 1 at 0; zeros beyond the piece."""
    centred = strength - strength.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(centred)]
    correlation = np.pad(correlation, (0, max(0, 401 - len(correlation))))
    likeness: Floats = correlation / (correlation[0] + 1e-9)
    return likeness


@cache
def _tempi_bpm() -> Floats:
    """Return the tempi that are tried, each 1 % faster than the one before."""
    count = int(np.log(FASTEST_BPM / SLOWEST_BPM) / 0.01)
    tempi: Floats = SLOWEST_BPM * np.exp(0.01 * np.arange(count + 1))
    return tempi
