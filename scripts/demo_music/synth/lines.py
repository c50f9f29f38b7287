"""Solo voices that sing a whole line: flute, clarinet, cello, synthesiser leads."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage, signal

from scripts.demo_music.notes import Note
from scripts.demo_music.synth.instruments import Sing
from scripts.demo_music.synth.signals import (
    RATE_HZ,
    Samples,
    bandpass,
    body,
    lowpass,
    noise,
    samples,
    stereo,
)

CELLO_BODY = (
    (220.0, 3.0, 4.0),
    (440.0, 2.5, 2.0),
    (720.0, 2.0, 2.0),
    (1500.0, 1.5, -3.0),
    (2600.0, 1.5, 2.0),
)
VIOLIN_BODY = ((280.0, 3.0, 2.0), (470.0, 3.0, 3.0), (1100.0, 2.0, 2.0), (2700.0, 1.5, 4.0))


def solo(  # noqa: PLR0913  a voice has this many independent properties
    *,
    harmonics: tuple[float, ...],
    attack_s: float,
    release_s: float,
    glide_s: float,
    vibrato_cents: float,
    vibrato_hz: float = 5.2,
    brightness: float = 0.8,
    breath: float = 0.0,
    chorus_cents: float = 0.0,
    resonances: tuple[tuple[float, float, float], ...] = (),
) -> Sing:
    """Return a solo voice with one unbroken phase, so slurred notes glide.

    Args:
        harmonics: Level of each harmonic at full brightness.
        attack_s: Rise time of a tongued note.
        release_s: Fall time after a note.
        glide_s: Time the pitch takes from note to note.
        vibrato_cents: Depth once a note has settled.
        vibrato_hz: Rate of the vibrato.
        brightness: How much of the upper harmonics a loud note shows, 0 to 1.
        breath: Level of the breath or bow noise.
        chorus_cents: Detuning of a second voice; 0 leaves it out.
        resonances: Body peaks as (Hz, Q, dB).
    """

    def sing(notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> Samples:
        if not notes:
            return np.zeros((samples(seconds), 2))
        midi, loud, settled = _contours(notes, seconds, attack_s, release_s, glide_s)
        wobble = _drift(len(midi), rng)
        rate = 2 * np.pi * vibrato_hz * (1 + 0.05 * wobble)
        vibrato = np.sin(np.cumsum(rate) / RATE_HZ)
        cents = vibrato_cents * settled * vibrato + 3 * wobble
        loud = loud * (1 + 0.06 * settled * vibrato + 0.05 * wobble)
        shine = np.clip(brightness * (0.6 + 0.5 * loud), 0, 0.98)
        # Without a second voice both sides hear the same one.
        detunings = (-chorus_cents, chorus_cents) if chorus_cents else (0.0,)
        sides = []
        for detuning in detunings:
            hz = 440 * 2 ** ((midi - 69) / 12 + (cents + detuning) / 1200)
            phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
            sides.append(_harmonic_sum(phase, harmonics, shine) * loud)
        sound = stereo(sides[0], sides[-1])
        if breath:
            puff = bandpass(noise(seconds, rng), 900, 5200)[: len(midi)]
            onset = np.clip(np.gradient(loud) * RATE_HZ * 0.02, 0, 1)
            sound += stereo(puff * breath * (0.6 * loud + onset))
        return body(sound, resonances) * 0.3

    return sing


def _contours(
    notes: Sequence[Note], seconds: float, attack_s: float, release_s: float, glide_s: float
) -> tuple[Samples, Samples, Samples]:
    """Return pitch (MIDI), loudness and vibrato amount for every sample."""
    count = samples(seconds)
    midi = np.full(count, float(notes[0].pitch))
    loud = np.zeros(count)
    settled = np.zeros(count)
    for index, note in enumerate(notes):
        start = min(samples(note.start_s), count - 1) if note.start_s > 0 else 0
        follower = notes[index + 1].start_s if index + 1 < len(notes) else seconds
        stop = min(samples(min(note.start_s + note.length_s, follower)), count)
        midi[start:] = note.pitch
        if stop <= start:
            continue
        progress = np.linspace(0, 1, stop - start)
        # A breath of swell, then a slight fall: nobody holds a note dead level.
        loud[start:stop] = note.velocity * (0.88 + 0.16 * np.sin(np.pi * progress**0.8))
        # A repeated or tongued note dips first, a slurred one hardly.
        dip = min(stop - start, samples(0.03))
        loud[start : start + dip] *= np.linspace(0.35, 1, dip)
        age_s = np.arange(stop - start) / RATE_HZ
        settled[start:stop] = np.clip((age_s - 0.18) / 0.35, 0, 1)
    smooth = np.exp(-1 / (RATE_HZ * max(attack_s, release_s) / 3))
    loud = signal.lfilter([1 - smooth], [1, -smooth], loud)
    quick = np.exp(-1 / (RATE_HZ * attack_s / 3))
    loud = signal.lfilter([1 - quick], [1, -quick], loud)
    glide = max(3, samples(glide_s))
    midi = ndimage.uniform_filter1d(
        ndimage.uniform_filter1d(midi, glide, mode="nearest"), glide, mode="nearest"
    )
    settled = ndimage.uniform_filter1d(settled, samples(0.05))
    return midi, loud, settled


def _drift(count: int, rng: np.random.Generator) -> Samples:
    """Return slow random wandering with a standard deviation near one."""
    knots = rng.standard_normal(count // 8000 + 4)
    result: Samples = ndimage.zoom(knots, (count + 1) / len(knots), order=3)[:count]
    return np.pad(result, (0, count - len(result)), mode="edge")


def _harmonic_sum(phase: Samples, harmonics: Sequence[float], shine: Samples) -> Samples:
    """Return the sum of sines n x phase, the nth weakened by shine**(n-1).

    Uses sin(nx) = 2 cos(x) sin((n-1)x) - sin((n-2)x), so only two calls of a
    trigonometric function are needed.
    """
    twice_cos = 2 * np.cos(phase)
    before, now = np.zeros_like(phase), np.sin(phase)
    total = np.zeros_like(phase)
    fade = np.ones_like(phase)
    for level in harmonics:
        total += level * fade * now
        before, now = now, twice_cos * now - before
        fade = fade * shine
    return total


def soft_lead(sing: Sing, cutoff_hz: float) -> Sing:
    """Return a voice with its top end rolled off."""

    def sing_softly(notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> Samples:
        return lowpass(sing(notes, seconds, rng), cutoff_hz)

    return sing_softly
