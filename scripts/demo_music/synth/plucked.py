"""Plucked strings: guitars, harp, pizzicato and basses."""

import math

import numpy as np

from scripts.demo_music.synth.instruments import Strike
from scripts.demo_music.synth.signals import (
    Samples,
    body,
    decay,
    highpass,
    lowpass,
    modes,
    noise,
    pitch_hz,
    samples,
    soften_end,
    soften_start,
    stereo,
)

NYLON_BODY = ((105.0, 4.0, 4.0), (210.0, 4.0, 3.0), (420.0, 2.0, 2.0), (2600.0, 1.0, -2.0))
STEEL_BODY = ((110.0, 4.0, 3.0), (220.0, 3.0, 2.0), (3200.0, 1.0, 3.0))
UPRIGHT_BODY = ((62.0, 3.0, 2.0), (105.0, 3.0, 4.0), (230.0, 2.0, 3.0), (900.0, 1.0, 2.0))


def string(
    *,
    ring_s: float,
    bright_hz: float,
    pluck_at: float,
    loss: float,
    resonances: tuple[tuple[float, float, float], ...] = (),
    touch: float = 0.3,
) -> Strike:
    """Return a plucked string as the modes of a damped loop with random excitation.

    The loop of a Karplus-Strong string loses its high partials faster; written
    as modes it is exactly in tune at every pitch.

    Args:
        ring_s: Decay (60 dB) of the fundamental at middle C, in seconds.
        bright_hz: Where the pluck's spectrum has fallen to a third, at full force.
        pluck_at: Plucking point as a share of the string; small is nasal.
        loss: How much faster high partials decay; 0 (steel) to 2 (gut).
        resonances: Body peaks as (Hz, Q, dB).
        touch: Level of the fingertip's noise.

    Source: Karplus & Strong, Digital Synthesis of Plucked-String and Drum
    Timbres (1983).
    """

    def strike(pitch: int, velocity: float, rng: np.random.Generator) -> Samples:
        f0 = pitch_hz(pitch)
        number = np.arange(1, int(min(60, 12_000 / f0)) + 2)
        hz = f0 * number * np.sqrt(1 + 0.00006 * number**2)
        amplitude = np.abs(np.sin(np.pi * number * pluck_at)) / number**0.75
        amplitude *= np.exp(-hz / (bright_hz * (0.35 + 0.65 * velocity) + f0))
        amplitude *= rng.uniform(0.75, 1.25, number.shape)
        ring = ring_s * 2 ** ((60 - pitch) / 22)
        t60 = ring / (1 + loss * (hz / 1800) ** 1.1)
        seconds = min(4.5, ring * 0.85)
        channels = [
            modes(
                hz * 2 ** (side * 0.4 / 1200),
                amplitude,
                t60 * rng.uniform(0.92, 1.08, number.shape),
                seconds,
            )
            for side in (-1, 1)
        ]
        sound = soften_start(np.column_stack(channels), 0.0012 + 0.002 * (1 - velocity))
        level = np.max(np.abs(sound))
        fingertip = lowpass(highpass(noise(0.025, rng), 250), 2600) * decay(0.025, 0.02)
        sound[: samples(0.025)] += touch * 0.25 * level * stereo(fingertip)[: len(sound)]
        sound = body(sound, resonances)
        return soften_end(sound / level, 0.15) * math.pow(velocity, 1.1)

    return strike
