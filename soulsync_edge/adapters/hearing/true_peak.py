"""The highest point of a sound between its samples.

FFmpeg's loudness meter can tell it too, but resamples everything to four times the rate for it.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

_PHASES = 4
"""Points looked at per sample. Source: ITU-R BS.1770-5, annex 2, for 44.1 and 48 kHz."""

_REACH = 12
"""Samples on each side that shape the curve between two; more changes less than 0.05 dB."""

_HIGH = 0.6
"""Only around samples that reach this share of the highest is the curve drawn: between samples
it rises above its neighbours by some 3 dB at most in music, and drawing it all takes far longer."""


class TruePeakMeter:
    """Takes a sound block by block and knows its highest point.

    Attributes:
        highest: Of what was heard so far, full scale 1.
    """

    def __init__(self) -> None:
        self.highest = 0.0
        self._before: NDArray[np.float32] | None = None

    def hear(self, block: NDArray[np.float32]) -> None:
        """Take the next block, (channels, N) float32, always with as many channels."""
        if self._before is not None:
            block = np.concatenate([self._before, block], axis=1)
        self._before = block[:, -2 * _REACH :]
        sizes = np.abs(block)
        self.highest = max(self.highest, float(sizes.max()))
        inner = sizes[:, _REACH:-_REACH]
        if not inner.size:
            return
        is_top = (inner >= sizes[:, _REACH - 1 : -_REACH - 1]) & (
            inner >= sizes[:, _REACH + 1 : inner.shape[1] + _REACH + 1]
        )
        for channel, is_candidate in zip(
            block, is_top & (inner >= _HIGH * self.highest), strict=True
        ):
            at = np.flatnonzero(is_candidate)[:, None] + np.arange(2 * _REACH + 1)
            if at.size:
                between = np.abs(channel[at] @ _curves())
                self.highest = max(self.highest, float(between.max()))


@cache
def _curves() -> NDArray[np.float32]:
    """Return what each sample around adds to the points half a sample around the middle one."""
    steps = np.array([step / _PHASES for step in range(-_PHASES // 2, _PHASES // 2 + 1) if step])
    away = np.arange(-_REACH, _REACH + 1)[:, None] - steps[None, :]
    window = np.cos(np.pi * away / (2 * _REACH + 2)) ** 2
    curves: NDArray[np.float32] = (np.sinc(away) * window).astype(np.float32)
    return curves
