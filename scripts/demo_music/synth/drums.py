"""Drums and hand percussion made of swept sines, ringing modes and filtered noise."""

import math

import numpy as np

from scripts.demo_music.synth.instruments import Hit
from scripts.demo_music.synth.signals import (
    Samples,
    bandpass,
    clock,
    decay,
    highpass,
    lowpass,
    modes,
    noise,
    peak_to,
    samples,
    saturate,
    soften_end,
    soften_start,
    stereo,
)


def _place(sound: Samples, pan: float) -> Samples:
    """Return mono sound at a place between left (-1) and right (1), at equal power."""
    angle = (pan + 1) * np.pi / 4
    sides: Samples = np.column_stack((sound * np.cos(angle), sound * np.sin(angle)))
    return sides * math.sqrt(2)


def louder(hit: Hit, gain_db: float) -> Hit:
    """Return a stroke at another level, to balance the drums of a kit."""

    def balanced(velocity: float, rng: np.random.Generator) -> Samples:
        return hit(velocity, rng) * 10 ** (gain_db / 20)

    return balanced


def kick(*, low_hz: float, sweep_hz: float, t60_s: float, click: float, drive: float = 0.0) -> Hit:
    """Return a bass drum: a sine that drops from `low_hz + sweep_hz` to `low_hz`."""

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        seconds = t60_s + 0.03
        time = clock(seconds)
        hz = low_hz + sweep_hz * velocity * np.exp(-time / 0.022)
        thump = np.sin(2 * np.pi * np.cumsum(hz) / 44_100) * decay(seconds, t60_s)
        beater = lowpass(noise(0.012, rng), 3500) * decay(0.012, 0.010)
        thump[: len(beater)] += click * velocity * beater * 0.5
        if drive:
            thump = saturate(thump, drive) * 0.9
        return stereo(soften_end(soften_start(thump, 0.0008), 0.02))

    return hit


def snare(*, tone_hz: float, wires_s: float, wires: float, low_hz: float = 1400.0) -> Hit:
    """Return a snare drum: two shell modes and the rattle of the wires."""

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        seconds = wires_s + 0.12
        shell = modes(
            tone_hz * np.array([1.0, 1.62, 2.3]),
            np.array([0.8, 0.45, 0.2]),
            np.array([0.16, 0.11, 0.07]),
            seconds,
        )
        sides = []
        for _ in range(2):
            rattle = bandpass(noise(seconds, rng), low_hz, 9000) * decay(seconds, wires_s)
            sides.append(shell * 0.6 + wires * (0.4 + 0.6 * velocity) * rattle)
        return soften_end(soften_start(np.column_stack(sides), 0.0008), 0.02)

    return hit


def cymbal(*, t60_s: float, low_hz: float, ring: float, pan: float, tick: float = 0.4) -> Hit:
    """Return a hat, ride or crash: a cloud of inharmonic modes over bright noise."""

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        seconds = t60_s + 0.02
        hz = np.geomspace(low_hz * 0.6, 13_000, 90) * rng.uniform(0.97, 1.03, 90)
        level = rng.uniform(0.2, 1.0, 90) * (hz / 6000) ** -0.3
        t60 = t60_s * rng.uniform(0.4, 1.0, 90)
        metal = peak_to(modes(hz, level, t60, seconds, rng.uniform(0, 6.28, 90)), 0.8)
        air = highpass(noise(seconds, rng), low_hz, 3) * decay(seconds, t60_s * 0.8) * 0.25
        stick = highpass(noise(0.006, rng), 3000) * decay(0.006, 0.005)
        sound = ring * metal + (1 - ring) * air
        sound[: len(stick)] += tick * velocity * 0.3 * stick[: len(sound)]
        sound = highpass(sound, low_hz, 2)
        return _place(soften_end(soften_start(sound, 0.0006), 0.02), pan)

    return hit


def drum(*, hz: float, t60_s: float, bend: float, skin: float, pan: float) -> Hit:
    """Return a tom, timpano, cajon or conga: membrane modes with a falling pitch."""

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        seconds = t60_s + 0.02
        time = clock(seconds)
        sweep = 1 + bend * velocity * np.exp(-time / 0.04)
        phase = 2 * np.pi * hz * np.cumsum(sweep) / 44_100
        # Ideal-membrane modes, pulled together by the air behind the skin.
        ratios, levels = (1.0, 1.52, 1.98, 2.44), (1.0, 0.35, 0.22, 0.12)
        sound = np.zeros(len(time))
        for ratio, level in zip(ratios, levels, strict=True):
            sound += level * np.sin(ratio * phase) * decay(seconds, t60_s / ratio)
        slap = bandpass(noise(0.05, rng), 300, 3000) * decay(0.05, 0.04)
        sound[: len(slap)] += skin * (0.3 + velocity) * 0.6 * slap[: len(sound)]
        return _place(soften_end(soften_start(sound, 0.001), 0.02) * 0.8, pan)

    return hit


def shaken(*, low_hz: float, high_hz: float, length_s: float, attack_s: float, pan: float) -> Hit:
    """Return a shaker, brush sweep or tambourine body: a short swell of noise."""

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        whole = length_s + attack_s
        time = clock(whole)
        shape = np.where(
            time < attack_s, (time / attack_s) ** 2, np.exp(-4 * (time - attack_s) / length_s)
        )
        grain = bandpass(noise(whole, rng), low_hz, high_hz) * (0.7 + 0.3 * velocity)
        return _place(soften_end(grain * shape, 0.01), pan)

    return hit


def clap(*, pan: float) -> Hit:
    """Return a few hands clapping almost together."""

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        seconds = 0.28
        sides = []
        for _ in range(2):
            shape = np.zeros(samples(seconds))
            for delay_s, fall_s in ((0.0, 0.05), (0.011, 0.05), (0.019, 0.05), (0.028, 0.2)):
                start = samples(delay_s + rng.uniform(0, 0.003))
                fall = decay(seconds, fall_s)
                shape[start:] = np.maximum(shape[start:], fall[: len(shape) - start])
            sides.append(bandpass(noise(seconds, rng), 800, 3600) * shape * (0.5 + 0.5 * velocity))
        both: Samples = np.column_stack(sides) * np.array([1 - pan, 1 + pan])
        return soften_end(both, 0.02) * 0.9

    return hit


def wood(*, hz: float, t60_s: float, pan: float) -> Hit:
    """Return a rim click, claves or woodblock."""

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        seconds = t60_s + 0.02
        sound = modes(
            hz * np.array([1.0, 1.47, 2.56]),
            np.array([0.8, 0.4, 0.2]),
            np.array([t60_s, t60_s * 0.6, t60_s * 0.3]),
            seconds,
        )
        tap = bandpass(noise(0.01, rng), 1000, 6000) * decay(0.01, 0.008)
        sound[: len(tap)] += 0.3 * velocity * tap
        return _place(soften_end(soften_start(sound, 0.0005), 0.01), pan)

    return hit


def jingles(*, pan: float) -> Hit:
    """Return a tambourine: shaken noise with a rim of small cymbals."""
    ringing = cymbal(t60_s=0.16, low_hz=5200, ring=0.6, pan=pan, tick=0.5)
    body = shaken(low_hz=5000, high_hz=12_000, length_s=0.09, attack_s=0.006, pan=pan)

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        sound = ringing(velocity, rng)
        swish = body(velocity, rng)[: len(sound)]
        sound[: len(swish)] += 0.6 * swish
        return sound * 0.8

    return hit


def metal_hit(*, hz: float, t60_s: float, pan: float) -> Hit:
    """Return struck sheet metal: many inharmonic modes, driven hard."""

    def hit(velocity: float, rng: np.random.Generator) -> Samples:
        seconds = t60_s + 0.02
        ratios = np.array([1.0, 1.34, 1.87, 2.41, 3.17, 4.03, 5.22, 6.7, 8.1])
        sound = modes(
            hz * ratios * rng.uniform(0.99, 1.01, len(ratios)),
            ratios**-0.5,
            t60_s / ratios**0.5,
            seconds,
        )
        return _place(
            soften_end(soften_start(saturate(sound * 0.6, 1 + 2 * velocity), 0.001), 0.02), pan
        )

    return hit
