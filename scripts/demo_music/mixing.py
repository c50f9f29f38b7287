"""Mixing and mastering: balance, room, glue, level and safe peaks."""

import math

import numpy as np
from scipy import ndimage, signal

from scripts.demo_music.piece import Room
from scripts.demo_music.synth.signals import (
    RATE_HZ,
    Samples,
    body,
    decay,
    highpass,
    lowpass,
    noise,
    samples,
    soften_end,
    soften_start,
)

CEILING_DB = -2.0
"""Highest sample of a master. Lossy formats overshoot; this keeps them below -1 dB."""

_PART_LEVEL_DB = -22.0
_NOTHING_DB = -120.0

_AIR = ((9000.0, 0.5, 1.5), (65.0, 0.8, -1.5))
"""Master equaliser, each (Hz, Q, dB): a little openness on top, a little less boom."""

_SILENCE_DB = -62.0
"""Below this a tail is over: a file should not end in seconds of nothing."""

# Seconds to fall by 60 dB (low, middle, high band), seconds of delay before the tail.
_ROOMS: dict[Room, tuple[tuple[float, float, float], float]] = {
    "booth": ((0.35, 0.3, 0.2), 0.004),
    "room": ((0.75, 0.7, 0.45), 0.010),
    "plate": ((1.3, 1.5, 1.1), 0.006),
    "hall": ((2.3, 2.0, 1.1), 0.022),
    "cathedral": ((4.2, 3.6, 1.7), 0.032),
}


def loudness_db(sound: Samples) -> float:
    """Return the loudness of what is audible, in dB below full scale.

    The mean square of ear-weighted sound over the 400 ms windows that are
    within 12 dB of the mean of all audible ones, in the manner of ITU-R
    BS.1770: rests and tails do not count as quiet music.
    """
    weighted = highpass(sound, 70) + 0.58 * highpass(sound, 1700)
    window = samples(0.4)
    usable = len(weighted) // window * window
    if usable == 0:
        return _NOTHING_DB
    power = (weighted[:usable] ** 2).sum(axis=1).reshape(-1, window).mean(axis=1)
    audible = power[power > 1e-7 * max(float(power.max()), 1e-12)]
    if audible.size == 0:
        return _NOTHING_DB
    loud = audible[audible >= audible.mean() * 10**-1.2]
    return 10 * math.log10(max(float(loud.mean()), 1e-12))


def level_to(sound: Samples, target_db: float) -> Samples:
    """Return the sound brought to a loudness; silence stays silence."""
    now_db = loudness_db(sound)
    if now_db <= _NOTHING_DB:
        return sound
    result: Samples = sound * 10 ** ((target_db - now_db) / 20)
    return result


def place(sound: Samples, *, level_db: float, pan: float) -> Samples:
    """Return a part at its level and place in the mix.

    Every part is first brought to one loudness, so that a score can say how
    loud parts are against each other whatever the instrument.
    """
    angle = (pan + 1) * math.pi / 4
    sides = np.array([math.cos(angle), math.sin(angle)]) * math.sqrt(2)
    return level_to(sound, _PART_LEVEL_DB + level_db) * sides


def echo_of(room: Room, rng: np.random.Generator) -> Samples:
    """Return the impulse response of a room: early reflections, then a dense tail, stereo."""
    (low_s, middle_s, high_s), delay_s = _ROOMS[room]
    seconds = max(low_s, middle_s) * 1.1
    sides = []
    for _ in range(2):
        grain = noise(seconds, rng)
        low = lowpass(grain, 350)
        high = highpass(grain, 3200)
        middle = grain - low - high
        tail = 0.8 * low * decay(seconds, low_s)
        tail += middle * decay(seconds, middle_s) + 0.7 * high * decay(seconds, high_s)
        tail = soften_start(lowpass(tail, 9000), 0.004 + delay_s)
        tail = np.concatenate((np.zeros(samples(delay_s)), tail))
        for _ in range(7):
            at = samples(rng.uniform(0.004, 0.012 + 2 * delay_s))
            tail[at] += rng.choice((-1, 1)) * rng.uniform(1.0, 3.0) * 10 ** (-at / RATE_HZ * 8)
        sides.append(tail)
    echo = np.column_stack(sides)
    result: Samples = echo / np.sqrt((echo**2).sum(axis=0))
    return result


def reverberate(sound: Samples, room: Room, rng: np.random.Generator) -> Samples:
    """Return only the room's answer to a sound; bass stays out so that the room stays clear."""
    echo = echo_of(room, rng)
    thin = highpass(sound, 160)
    wet: Samples = signal.oaconvolve(thin, echo, axes=0)[: len(sound)]
    return wet


def glue(sound: Samples, *, ratio: float = 1.8, range_db: float = 6.0) -> Samples:
    """Return the mix with its loudest moments held back, gently and without pumping."""
    window = samples(0.03)
    power = ndimage.uniform_filter1d((sound**2).mean(axis=1), window)
    level_db = 10 * np.log10(power + 1e-9)
    threshold_db = float(np.percentile(level_db, 70))
    over_db = np.clip(level_db - threshold_db, 0, range_db / (1 - 1 / ratio))
    gain_db = -over_db * (1 - 1 / ratio)
    gain_db = ndimage.uniform_filter1d(gain_db, samples(0.08))
    result: Samples = sound * (10 ** (gain_db / 20))[:, None]
    return result


def limit(sound: Samples, ceiling_db: float = CEILING_DB) -> Samples:
    """Return the sound with no sample above the ceiling.

    The gain is the lowest one needed anywhere within the look-ahead, smoothed
    over the same span, so it is always low enough by the time a peak arrives.
    """
    ceiling = 10 ** (ceiling_db / 20)
    peak = np.max(np.abs(sound), axis=1)
    needed = np.minimum(1.0, ceiling / np.maximum(peak, 1e-9))
    span = samples(0.006) | 1
    lowest = ndimage.minimum_filter1d(needed, 2 * span + 1)
    gain = ndimage.uniform_filter1d(ndimage.uniform_filter1d(lowest, span), span)
    result: Samples = np.clip(sound * gain[:, None], -ceiling, ceiling)
    return result


def master(mix: Samples, *, target_db: float, fade_s: float) -> Samples:
    """Return the finished stereo sound: no rumble, glued, at its level, faded, no clipping."""
    clean = body(highpass(mix, 28), _AIR)
    loud = limit(level_to(glue(clean), target_db))
    # Limiting costs a little level; a second, smaller step makes the target true.
    loud = limit(level_to(loud, target_db))
    audible = np.flatnonzero(np.max(np.abs(loud), axis=1) > 10 ** (_SILENCE_DB / 20))
    kept = loud[: audible[-1] + samples(0.2)] if audible.size else loud
    return soften_end(soften_start(kept, 0.004), fade_s)
