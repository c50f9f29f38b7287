"""The front end: samples to log-mel frames, chroma and a few numbers per frame.

All but the notes follows the front end of the training data to the letter, so that what was learnt
there holds here: Hann window of 2048, hop of 512 at 22.05 kHz, no padding.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.notes import notes_of
from soulsync_edge.adapters.hearing.rate import RATE_HZ

WINDOW = 2048
HOP = 512
FRAME_HZ = RATE_HZ / HOP
"""Log-mel frames per second: 43.07."""

GROUP = 4
"""Log-mel frames per frame of chroma and of the other numbers: these change more slowly."""

GROUP_HZ = FRAME_HZ / GROUP

BANDS = 40
FLOOR_DB = -60.0
"""Below the loudest band of the piece: noise that is added to every band. What is softer than that
is the noise of the file, and changes with its loudness and its coding."""

SHORTEST_S = 3.0
"""Seconds of sound from which something can be said; less holds no bar of music."""

_LOWEST_HZ, _HIGHEST_HZ = 40.0, 11025.0
_CHROMA_HZ = (100.0, 2500.0)
_CHROMA_WIDTH = 0.35
"""Semitones: the standard deviation of the bell by which a frequency counts for a pitch class."""
_A4_HZ = 440.0
_QUIETEST = 1e-10
_AT_ONCE = 128  # windows: what a core keeps near at hand

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frames:
    """What the front end hears in a piece; gain changes nothing of it.

    Attributes:
        mel_db: Log-mel power, (T, 40) float32, dB from -60 to 0, the loudest band of all being 0.
        chroma: Share of each pitch class, C first, (T // 4, 12) float32, 0 to 1 of the largest.
        centroid_hz: Centre of the power spectrum, (T // 4,) float32.
        rolloff_hz: Below it lie 85 and 95 % of the power, (T // 4, 2) float32.
        level_db: Root mean square, (T // 4,) float32, dB; only differences mean something.
        crest_db: Peak above that, (T // 4,) float32, dB.
        notes: How strongly each pitch class is played, C first, (U, 12) float32, of moments that
            are not silent, each of length 1.
        is_whole: They begin where the piece begins.
    """

    mel_db: Floats
    chroma: Floats
    centroid_hz: Floats
    rolloff_hz: Floats
    level_db: Floats
    crest_db: Floats
    notes: Floats
    is_whole: bool


def frames_of(samples: Floats, *, is_whole: bool = True) -> Frames:
    """Return what the front end hears.

    Args:
        samples: Mono at 22.05 kHz, (N,) float32, at least `SHORTEST_S` long.
        is_whole: They begin where the piece begins.

    Raises:
        ValueError: They are too few, or silent throughout.
    """
    if len(samples) < SHORTEST_S * RATE_HZ:
        raise ValueError(f"{len(samples) / RATE_HZ:.1f} s of sound are too short")
    loudest = float(np.abs(samples).max())
    if loudest < _QUIETEST:
        raise ValueError("it is silent")
    samples = samples / np.float32(loudest)
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    windows = windows[: len(windows) // GROUP * GROUP]
    parts = np.array_split(windows, len(windows) // _AT_ONCE + 1)
    power = np.concatenate([_power(part) for part in parts])
    mel = power @ _mel_filters().T
    chroma = _grouped(np.sqrt(power) @ _chroma_filters().T)
    spectrum = _grouped(power) + np.float32(_QUIETEST)
    total = spectrum.sum(axis=1)
    frequencies = _frequencies_hz()
    cumulated = np.cumsum(spectrum, axis=1) / total[:, None]
    hops = samples[: len(windows) * HOP].reshape(-1, GROUP * HOP)
    level = np.sqrt(np.mean(hops**2, axis=1)) + 1e-6
    return Frames(
        mel_db=with_floor(mel / mel.max()),
        chroma=(chroma / max(float(chroma.max()), _QUIETEST)).astype(np.float32),
        centroid_hz=(spectrum @ frequencies / total).astype(np.float32),
        rolloff_hz=np.stack(
            [frequencies[np.argmax(cumulated >= share, axis=1)] for share in (0.85, 0.95)], axis=1
        ),
        level_db=20 * np.log10(level),
        crest_db=20 * np.log10((np.abs(hops).max(axis=1) + 1e-6) / level),
        notes=notes_of(samples),
        is_whole=is_whole,
    )


def with_floor(power: Floats) -> Floats:
    """Return powers relative to the largest, 0 to 1, in dB above a floor of soft noise."""
    floor = np.float32(10 ** (FLOOR_DB / 10))
    decibels: Floats = 10 * np.log10(power * (1 - floor) + floor)
    return decibels


def _power(windows: Floats) -> Floats:
    """Return the power spectrum of each window, (T, 1025)."""
    spectrum = np.fft.rfft(windows * np.hanning(WINDOW + 1)[:-1].astype(np.float32), axis=1)
    return (spectrum.real**2 + spectrum.imag**2).astype(np.float32)


def _grouped(values: Floats) -> Floats:
    """Return the means of each `GROUP` of frames that follow each other."""
    means: Floats = values.reshape(-1, GROUP, values.shape[1]).mean(axis=1)
    return means


@cache
def _frequencies_hz() -> Floats:
    return (np.arange(WINDOW // 2 + 1) * (RATE_HZ / WINDOW)).astype(np.float32)


@cache
def _mel_filters() -> Floats:
    """Return triangles of equal area over the bins, (40, 1025), HTK's mel scale."""

    def mel(hz: float) -> float:
        return float(2595 * np.log10(1 + hz / 700))

    corners = 700 * (10 ** (np.linspace(mel(_LOWEST_HZ), mel(_HIGHEST_HZ), BANDS + 2) / 2595) - 1)
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    bins = _frequencies_hz()[None, :]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return triangles.astype(np.float32)


@cache
def _chroma_filters() -> Floats:
    """Return how much each bin counts for each pitch class, (12, 1025), C first."""
    bins = np.maximum(_frequencies_hz(), 1.0)
    semitones = 12 * np.log2(bins / _A4_HZ) + 9  # A is nine semitones above C
    away = (semitones[None, :] - np.arange(12)[:, None] + 6) % 12 - 6
    bells = np.exp(-0.5 * (away / _CHROMA_WIDTH) ** 2)
    is_heard = (bins >= _CHROMA_HZ[0]) & (bins <= _CHROMA_HZ[1])
    return np.where(is_heard, bells, 0).astype(np.float32)
