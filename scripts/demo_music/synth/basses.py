"""Electric, synthesised and distorted basses (plucked ones live with the strings)."""

import numpy as np

from scripts.demo_music.synth.instruments import Hold
from scripts.demo_music.synth.signals import (
    Samples,
    clock,
    lowpass,
    modes,
    peak_to,
    pitch_hz,
    samples,
    saturate,
    stereo,
    swell,
)


def sub_bass(*, warmth: float) -> Hold:
    """Return a round sine bass; `warmth` from 0 to 1 adds the second and third harmonic."""

    def hold(pitch: int, seconds: float, velocity: float, _rng: np.random.Generator) -> Samples:
        whole = seconds + 0.08
        f0 = pitch_hz(pitch)
        level = np.array([1.0, 0.45 * warmth, 0.22 * warmth, 0.08 * warmth])
        tone = modes(f0 * np.arange(1, 5), level, np.full(4, np.inf), whole)
        fall = 0.7 + 0.3 * np.exp(-clock(whole) / 0.25)
        return stereo(tone * fall * swell(whole, 0.012, 0.08) * 0.5 * velocity)

    return hold


def filter_bass(
    *, open_hz: float, rest: float, close_s: float, resonance: float, drive: float = 0.0
) -> Hold:
    """Return a sawtooth bass whose filter snaps shut after each attack.

    The moving filter is a row of fixed ones, each heard while the cutoff is
    near it: smooth to the ear and free of per-sample loops.

    Args:
        open_hz: How far a full-force note opens the filter.
        rest: Where the closed filter rests, as a multiple of the note's frequency.
        close_s: Time constant of the closing filter.
        resonance: Emphasis at the cutoff, 0 to 1.
        drive: Overdrive; 0 leaves the tone clean.
    """

    def hold(pitch: int, seconds: float, velocity: float, rng: np.random.Generator) -> Samples:
        whole = seconds + 0.04
        f0 = pitch_hz(pitch)
        number = np.arange(1, int(min(60, 7000 / f0)) + 2)
        hz = np.concatenate((f0 * number, f0 * 2 ** (7 / 1200) * number))
        saw = np.concatenate((1 / number, 0.6 / number))
        phase = np.concatenate((np.zeros(len(number)), rng.uniform(0, 1) * number))
        cutoff = rest * f0 + open_hz * velocity**1.5 * np.exp(-clock(whole) / close_s)
        stages = np.geomspace(rest * f0, rest * f0 + open_hz, 6)
        place = np.interp(np.log(cutoff), np.log(stages), np.arange(len(stages)))
        total = np.zeros(samples(whole))
        for index, stage in enumerate(stages):
            weight = np.clip(1 - np.abs(place - index), 0, 1)
            shape = saw / np.sqrt(1 + (hz / stage) ** 6)
            shape = shape * (1 + 2.2 * resonance * np.exp(-(((hz - stage) / (0.25 * stage)) ** 2)))
            total += weight * modes(hz, shape, np.full(hz.shape, np.inf), whole, phase)
        total *= swell(whole, 0.004, 0.04) * (0.65 + 0.35 * np.exp(-clock(whole) / 0.3))
        total = peak_to(total, 1.0)
        if drive:
            total = lowpass(saturate(total, drive), 5500) * swell(whole, 0.002, 0.04) * 0.8
        return stereo(total * 0.45 * velocity)

    return hold
