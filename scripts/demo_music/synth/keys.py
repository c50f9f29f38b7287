"""Keyboards and tuned percussion: felt piano, electric piano, bells and bars."""

import math

import numpy as np

from scripts.demo_music.synth.instruments import Strike
from scripts.demo_music.synth.signals import (
    Samples,
    bandpass,
    clock,
    decay,
    lowpass,
    modes,
    noise,
    pitch_hz,
    samples,
    soften_end,
    soften_start,
    stereo,
)


def piano(*, felt: float, ring: float) -> Strike:
    """Return a piano; `felt` from 0 (hard hammer) to 1 (strip of felt), `ring` scales the decay.

    Source: stiff-string partials and two-stage decay after Fletcher & Rossing,
    The Physics of Musical Instruments, chapter 12.
    """

    def strike(pitch: int, velocity: float, rng: np.random.Generator) -> Samples:
        f0 = pitch_hz(pitch)
        seconds = ring * min(7.0, 3.6 * 2 ** ((60 - pitch) / 24))
        count = int(min(28, 9000 / f0)) + 2
        number = np.arange(1, count + 1)
        stiffness = 0.00035 * 2 ** ((pitch - 60) / 10)
        hz = f0 * number * np.sqrt(1 + stiffness * number**2)
        # A softer hammer or a lighter touch leaves out the high partials.
        reach_hz = (700 + 2600 * velocity**1.3) * (1.9 - 1.4 * felt) + f0
        amplitude = number**-0.9 * np.abs(np.sin(np.pi * number / 7.6)) * np.exp(-hz / reach_hz)
        # The sounding board favours the low middle.
        amplitude *= 1 / np.sqrt(1 + (90 / hz) ** 3)
        t60 = seconds * 1.25 / (1 + 0.16 * (number - 1))
        channels = [_piano_channel(hz, amplitude, t60, seconds, rng, side) for side in (-1, 1)]
        lean = np.clip((pitch - 62) / 60, -0.35, 0.35)
        sound = np.column_stack((channels[0] * (1 - lean), channels[1] * (1 + lean)))
        sound = soften_start(sound, 0.0015 + 0.005 * felt * (1.2 - velocity))
        knock = lowpass(noise(0.06, rng), 380 + 900 * (1 - felt)) * decay(0.06, 0.045)
        level = np.max(np.abs(sound))
        sound[: len(knock)] += 0.16 * level * stereo(knock / np.max(np.abs(knock)))
        return soften_end(sound / level, 0.2) * math.pow(velocity, 1.25)

    return strike


def _piano_channel(
    hz: Samples,
    amplitude: Samples,
    t60: Samples,
    seconds: float,
    rng: np.random.Generator,
    side: int,
) -> Samples:
    """Return what one microphone hears: two strings a hair apart, fast then slow decay."""
    colour = amplitude * 10 ** (rng.normal(0, 1.2, hz.shape) / 20)
    spread = 2 ** (side * rng.uniform(0.15, 0.5) / 1200)
    return modes(hz * spread, colour * 0.68, t60 * 0.42, seconds) + modes(
        hz / spread, colour * 0.32, t60 * 1.3, seconds
    )


def electric_piano(*, bark: float) -> Strike:
    """Return a tine piano by frequency modulation; `bark` from 0 to 1 roughens loud notes.

    Source: Chowning, The Synthesis of Complex Audio Spectra by Means of
    Frequency Modulation (1973).
    """

    def strike(pitch: int, velocity: float, rng: np.random.Generator) -> Samples:
        f0 = pitch_hz(pitch)
        seconds = min(6.0, 4.8 * 2 ** ((60 - pitch) / 30))
        time = clock(seconds)
        keys = 2 ** ((60 - pitch) / 28)
        body_index = (
            (0.25 + (0.5 + 1.5 * bark) * velocity**1.6) * keys * (0.35 + 0.65 * decay(seconds, 2.2))
        )
        tine_index = (0.10 + 0.45 * velocity) * min(1.0, keys) * decay(seconds, 0.35)
        channels = []
        for detune in (-0.4, 0.4):
            phase = 2 * np.pi * f0 * 2 ** (detune / 1200) * time + rng.uniform(0, 0.05)
            warm = np.sin(phase + body_index * np.sin(phase))
            tine = np.sin(phase + tine_index * np.sin(14 * phase))
            channels.append(0.72 * warm + 0.28 * tine)
        sound = np.column_stack(channels) * decay(seconds, seconds * 1.05)[:, None]
        sound = soften_start(sound, 0.003)
        thud = lowpass(noise(0.03, rng), 900) * decay(0.03, 0.03)
        sound[: len(thud)] += stereo(thud) * 0.02
        return soften_end(sound, 0.2) * 0.8 * math.pow(velocity, 1.2)

    return strike


def bars(
    *,
    ratios: tuple[float, ...],
    levels: tuple[float, ...],
    t60_s: float,
    mallet: float,
    falls: float = 1.0,
) -> Strike:
    """Return a tuned-percussion voice: a few modes and the tap of a mallet.

    Args:
        ratios: Frequency of each mode over the fundamental.
        levels: Level of each mode at full force.
        t60_s: Decay of the fundamental at middle C, in seconds.
        mallet: Level of the tap, 0 to 1.
        falls: How much faster higher modes decay.
    """

    def strike(pitch: int, velocity: float, rng: np.random.Generator) -> Samples:
        f0 = pitch_hz(pitch)
        ratio = np.array(ratios)
        t60 = t60_s * 2 ** ((60 - pitch) / 26) / ratio ** (0.7 * falls)
        seconds = float(min(5.0, t60[0] * 0.9 + 0.15))
        # Light strokes excite mostly the lowest mode.
        amplitude = np.array(levels) * velocity ** (0.5 * np.arange(len(ratios)))
        channels = [
            modes(
                f0 * ratio * 2 ** (rng.normal(0, 0.7, ratio.shape) / 1200), amplitude, t60, seconds
            )
            for _ in range(2)
        ]
        sound = soften_start(np.column_stack(channels), 0.0012)
        tap = bandpass(noise(0.02, rng), 600, 5000) * decay(0.02, 0.018)
        sound[: samples(0.02)] += mallet * 0.3 * stereo(tap)[: len(sound)]
        return soften_end(sound, 0.1) * velocity

    return strike
