"""Sound for tests, made on the spot: tones, chords, beats."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22050
Samples = NDArray[np.float32]


def tone(hz: float, seconds: float, rate_hz: int = RATE_HZ, *, turn: float = 0.0) -> Samples:
    """Return a sine of full scale that starts at `turn` of its cycle, (N,) float32."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    sine: Samples = np.sin(2 * np.pi * (hz * time_s + turn)).astype(np.float32)
    return sine


def chords(roots: Sequence[tuple[int, str]], seconds_each: float = 1.0) -> Samples:
    """Return triads one after another; a root is semitones above C, with `major` or `minor`."""
    sound = []
    for root, mode in roots:
        third = 4 if mode == "major" else 3
        notes = [60 + root, 60 + root + third, 67 + root, 48 + root]
        triad = [tone(440 * 2 ** ((note - 69) / 12), seconds_each) for note in notes]
        together = np.sum(triad, axis=0)
        fade = np.minimum(1, np.arange(len(together))[::-1] / 2000)
        sound.append(0.2 * together * fade)
    following: Samples = np.concatenate(sound).astype(np.float32)
    return following


def beats(tempo_bpm: float, seconds: float = 20.0) -> Samples:
    """Return short strokes of noise at a tempo, each fourth one louder, over soft noise."""
    chance = np.random.default_rng(1)
    sound = 0.001 * chance.normal(size=int(seconds * RATE_HZ))
    stroke = chance.normal(size=2000) * np.exp(-np.arange(2000) / 300)
    for number, start_s in enumerate(np.arange(0.1, seconds - 0.2, 60 / tempo_bpm)):
        at = int(start_s * RATE_HZ)
        sound[at : at + len(stroke)] += (0.5 if number % 4 else 0.8) * stroke
    scaled: Samples = (sound / np.abs(sound).max()).astype(np.float32)
    return scaled
