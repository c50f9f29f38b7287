"""Instruments held by bow, breath or circuit: pads, string sections, organ, brass."""

import math

import numpy as np

from scripts.demo_music.synth.instruments import Hold
from scripts.demo_music.synth.signals import (
    Samples,
    bandpass,
    body,
    clock,
    highpass,
    lowpass,
    modes,
    noise,
    pitch_hz,
    samples,
    saturate,
    soften_end,
    stereo,
    swell,
)

SECTION_BODY = ((290.0, 2.0, 3.0), (560.0, 2.0, 2.0), (1100.0, 1.5, 1.5), (2400.0, 1.2, 2.0))
_MUTED_BELOW_S = 0.25
"""A guitar note shorter than this is damped with the heel of the hand."""

CHOIR_BODY = ((420.0, 3.0, 6.0), (850.0, 4.0, 6.0), (2700.0, 4.0, 4.0), (1700.0, 2.0, -5.0))


def ensemble(  # noqa: PLR0913  a section has this many independent properties
    *,
    attack_s: float,
    release_s: float,
    dark_hz: float,
    bright_hz: float,
    voices: int = 4,
    spread_cents: float = 8.0,
    slope: float = 1.0,
    odd_only: bool = False,
    air: float = 0.0,
    resonances: tuple[tuple[float, float, float], ...] = (),
) -> Hold:
    """Return a section of detuned voices that opens up from dark to bright.

    Args:
        attack_s: Rise time; the brightness takes twice as long.
        release_s: Fall after the note's end.
        dark_hz: Where the spectrum is cut at the start of a note.
        bright_hz: Where it is cut once the note has opened, at full force.
        voices: Players per channel.
        spread_cents: How far players are apart in tuning.
        slope: Fall of the harmonics; 1 is a sawtooth.
        odd_only: Leave out even harmonics (hollow, like a clarinet).
        air: Level of bow or breath noise.
        resonances: Body peaks as (Hz, Q, dB).
    """

    def hold(pitch: int, seconds: float, velocity: float, rng: np.random.Generator) -> Samples:
        f0 = pitch_hz(pitch)
        whole = seconds + release_s
        number = np.arange(1, int(min(48, 9000 / f0)) + 2)
        if odd_only:
            number = number[::2]
        opened_hz = dark_hz + (bright_hz - dark_hz) * (0.35 + 0.65 * velocity)
        opening = swell(whole, 2 * attack_s + 0.05, release_s)
        loud = swell(whole, attack_s, release_s)
        channels = []
        for _ in range(2):
            cents = rng.normal(0, spread_cents, voices)
            hz = (f0 * 2 ** (cents / 1200))[:, None] * number
            phase = rng.uniform(0, 2 * np.pi, hz.shape)
            saw = np.broadcast_to(number**-slope, hz.shape)
            dark = saw / np.sqrt(1 + (hz / dark_hz) ** 6)
            bright = saw / np.sqrt(1 + (hz / opened_hz) ** 6) - dark
            for_ever = np.full(hz.size, np.inf)
            quiet = modes(hz.ravel(), dark.ravel(), for_ever, whole, phase.ravel())
            edge = modes(hz.ravel(), bright.ravel(), for_ever, whole, phase.ravel())
            channel = (quiet + edge * opening) / np.sqrt(voices)
            if air:
                channel += air * bandpass(noise(whole, rng), f0, min(6 * f0, 9000))
            channels.append(channel * loud)
        sound = np.column_stack(channels)
        return (
            soften_end(body(sound, resonances), min(0.05, release_s))
            * 0.3
            * math.pow(velocity, 1.2)
        )

    return hold


def organ(*, drawbars: tuple[float, ...], click: float = 0.3) -> Hold:
    """Return a tonewheel organ through a slow rotary speaker; nine drawbars from 16' up."""
    ratios = np.array((0.5, 1.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0))

    def hold(pitch: int, seconds: float, velocity: float, rng: np.random.Generator) -> Samples:
        whole = seconds + 0.06
        hz = pitch_hz(pitch) * ratios
        level = np.array(drawbars) / 8
        tone = modes(hz, level, np.full(hz.shape, np.inf), whole, rng.uniform(0, 6.28, hz.shape))
        tone += click * 0.3 * bandpass(noise(whole, rng), 900, 4000) * np.exp(-clock(whole) / 0.006)
        turn = 2 * np.pi * 1.1 * clock(whole) + rng.uniform(0, 6.28)
        sides = [tone * (1 + 0.22 * np.sin(turn + shift)) for shift in (0.0, 1.9)]
        sound: Samples = np.column_stack(sides) * swell(whole, 0.008, 0.06)[:, None]
        return sound * 0.2 * velocity

    return hold


def brass(*, bite: float) -> Hold:
    """Return a small brass section whose brightness follows its loudness."""

    def hold(pitch: int, seconds: float, velocity: float, rng: np.random.Generator) -> Samples:
        f0 = pitch_hz(pitch)
        whole = seconds + 0.09
        time = clock(whole)
        number = np.arange(1, int(min(26, 9000 / f0)) + 2)
        loud = swell(whole, 0.035, 0.1) * (0.72 + 0.28 * np.exp(-time / 0.12))
        reach = f0 + 700 + 2600 * bite * velocity
        channels = []
        for _ in range(2):
            total = np.zeros(samples(whole))
            for cents in rng.normal(0, 5, 2):
                hz = f0 * 2 ** (cents / 1200) * number
                phase = rng.uniform(0, 2 * np.pi, number.shape)
                low = number**-0.7 * np.exp(-hz / (0.45 * reach))
                high = number**-0.7 * np.exp(-hz / reach) - low
                for_ever = np.full(hz.shape, np.inf)
                total += modes(hz, low, for_ever, whole, phase) * loud
                total += modes(hz, high, for_ever, whole, phase) * loud**2.5
            channels.append(total)
        return (
            body(np.column_stack(channels), ((1200.0, 1.2, 3.0),)) * 0.25 * math.pow(velocity, 1.2)
        )

    return hold


def fuzz_guitar(*, drive: float) -> Hold:
    """Return an overdriven guitar string through a cabinet; short notes are muted."""

    def hold(pitch: int, seconds: float, velocity: float, rng: np.random.Generator) -> Samples:
        whole = seconds + 0.05
        f0 = pitch_hz(pitch)
        number = np.arange(1, int(min(30, 6000 / f0)) + 2)
        hz = f0 * number * np.sqrt(1 + 0.00005 * number**2)
        level = (
            np.abs(np.sin(np.pi * number * 0.13))
            / number**0.6
            * rng.uniform(0.8, 1.2, number.shape)
        )
        sustain_s = 4.0 if seconds > _MUTED_BELOW_S else 0.35
        string = modes(hz, level, sustain_s / (1 + hz / 3000), whole)
        driven = saturate(highpass(string, 90), drive * (0.6 + 0.4 * velocity))
        cabinet = body(
            lowpass(driven, 4300, 4), ((110.0, 1.5, 3.0), (420.0, 1.0, -3.0), (2500.0, 1.5, 5.0))
        )
        return stereo(cabinet * swell(whole, 0.002, 0.05)) * 0.3 * velocity

    return hold
