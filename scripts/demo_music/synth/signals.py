"""Building blocks of sound: decaying modes, noise, envelopes and filters.

Sound is float64 in -1..1 at `RATE_HZ`; mono has shape (n,), stereo (n, 2).
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE_HZ = 44_100

Samples: TypeAlias = NDArray[np.float64]

_BLOCK = 512
_HIGHEST_HZ = 17_000.0


def samples(seconds: float) -> int:
    """Return the number of samples in a duration, at least one."""
    return max(1, round(seconds * RATE_HZ))


def clock(seconds: float) -> Samples:
    """Return the time in seconds of every sample of a duration."""
    result: Samples = np.arange(samples(seconds)) / RATE_HZ
    return result


def pitch_hz(midi: float) -> float:
    """Return the equal-tempered frequency of a MIDI pitch, A4 at 440 Hz."""
    return 440.0 * math.pow(2.0, (midi - 69) / 12)


def modes(
    hz: Samples, amplitude: Samples, t60_s: Samples, seconds: float, phase: Samples | None = None
) -> Samples:
    """Return the sum of decaying sines.

    A decaying sine splits into (start of block) x (inside the block), so the
    whole sum is one matrix product instead of a sine call per mode and sample.

    Args:
        hz: Frequency of each mode; those above 17 kHz are left out.
        amplitude: Level of each mode at the start.
        t60_s: Seconds to fall by 60 dB; infinity holds the mode.
        seconds: Length of the result.
        phase: Radians at the start; sines from zero when left out.
    """
    start = np.full(hz.shape, 0.0) if phase is None else phase
    keep = (hz < _HIGHEST_HZ) & (amplitude != 0)
    rate = (-math.log(1000) / t60_s[keep] + 2j * np.pi * hz[keep]) / RATE_HZ
    count = samples(seconds)
    blocks = -(-count // _BLOCK)
    outer = amplitude[keep] * np.exp(1j * start[keep] + np.outer(np.arange(blocks) * _BLOCK, rate))
    inner = np.exp(np.outer(rate, np.arange(_BLOCK)))
    # One contiguous product in single precision: rounding stays 120 dB below the sound, and
    # strided complex parts would miss the fast path.
    left = np.hstack((outer.imag, outer.real)).astype(np.float32)
    right = np.vstack((inner.real, inner.imag)).astype(np.float32)
    return (left @ right).ravel()[:count].astype(np.float64)


def stereo(left: Samples, right: Samples | None = None) -> Samples:
    """Return two channels as shape (n, 2); one channel is copied to both."""
    return np.column_stack((left, left if right is None else right))


def noise(seconds: float, rng: np.random.Generator) -> Samples:
    """Return white noise with a standard deviation of one."""
    return rng.standard_normal(samples(seconds))


def decay(seconds: float, t60_s: float) -> Samples:
    """Return an exponential fall from one, by 60 dB in `t60_s`."""
    result: Samples = np.exp(-math.log(1000) / t60_s * clock(seconds))
    return result


def soften_start(sound: Samples, seconds: float) -> Samples:
    """Return the sound with a raised-cosine start, which keeps onsets free of clicks."""
    count = min(samples(seconds), len(sound))
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)
    result = sound.copy()
    result[:count] *= ramp if sound.ndim == 1 else ramp[:, None]
    return result


def soften_end(sound: Samples, seconds: float) -> Samples:
    """Return the sound with a raised-cosine end."""
    return soften_start(sound[::-1], seconds)[::-1]


def swell(seconds: float, attack_s: float, release_s: float) -> Samples:
    """Return an envelope that rises over `attack_s` and falls over the last `release_s`."""
    attack = min(attack_s, seconds * 0.5)
    flat: Samples = np.ones(samples(seconds))
    return soften_end(soften_start(flat, attack), min(release_s, seconds * 0.5))


def lowpass(sound: Samples, hz: float, order: int = 2) -> Samples:
    """Return the sound with everything above `hz` rolled off."""
    return _filter(sound, hz, "lowpass", order)


def highpass(sound: Samples, hz: float, order: int = 2) -> Samples:
    """Return the sound with everything below `hz` rolled off."""
    return _filter(sound, hz, "highpass", order)


def bandpass(sound: Samples, low_hz: float, high_hz: float, order: int = 1) -> Samples:
    """Return the band between two frequencies."""
    return _filter(sound, (low_hz, high_hz), "bandpass", order)


def _filter(sound: Samples, hz: float | tuple[float, float], kind: str, order: int) -> Samples:
    sections = signal.butter(order, hz, btype=kind, fs=RATE_HZ, output="sos")
    result: Samples = signal.sosfilt(sections, sound, axis=0)
    return result


def body(sound: Samples, peaks: Sequence[tuple[float, float, float]]) -> Samples:
    """Return the sound coloured by resonances, each (Hz, Q, gain in dB).

    Source: peaking filter of the Audio EQ Cookbook (Bristow-Johnson).
    """
    for hz, q, gain_db in peaks:
        level = 10 ** (gain_db / 40)
        angle = 2 * math.pi * hz / RATE_HZ
        alpha = math.sin(angle) / (2 * q)
        numerator = np.array([1 + alpha * level, -2 * math.cos(angle), 1 - alpha * level])
        denominator = np.array([1 + alpha / level, -2 * math.cos(angle), 1 - alpha / level])
        sound = signal.lfilter(
            numerator / denominator[0], denominator / denominator[0], sound, axis=0
        )
    return sound


def saturate(sound: Samples, drive: float) -> Samples:
    """Return the sound pushed into a soft clipper, at four times the rate against aliasing."""
    fast = signal.resample_poly(sound, 4, 1, axis=0)
    result: Samples = signal.resample_poly(np.tanh(fast * drive), 1, 4, axis=0)
    return result[: len(sound)]


def peak_to(sound: Samples, level: float) -> Samples:
    """Return the sound scaled to a peak of `level`; silence stays silence."""
    peak = float(np.max(np.abs(sound), initial=0.0))
    return sound if peak == 0 else sound * (level / peak)
