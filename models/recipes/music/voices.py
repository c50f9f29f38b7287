"""Plain synthetic instruments: each note a sum of partials under an envelope."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.rate import RATE_HZ

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]

FAMILIES = ("sine", "additive", "plucked", "bowed", "bell", "organ")

_HIGHEST_HZ = 9500.0
_FAINTEST = 1e-3
_METAL = 0.4  # share of bells whose partials are not harmonic
_VIBRATO_HZ = 5.5
_SOONEST_S = 0.004
_A4_HZ, _A4 = 440.0, 69


@dataclass(slots=True)
class Voice:
    """One player's instrument.

    Attributes:
        partials: Frequencies as multiples of the note's.
        strengths: Of each partial; their squares add up to 1.
        attack_s: Until a note is at its loudest.
        release_s: Until it is silent after its end.
        held: Share of its time for which a note is held.
        decay_s: In which a note falls to a third while held; 0 for none.
        vibrato: Share by which the pitch sways.
        detuned: Share by which a second, softer player is off; 0 for none.
        turns: Where in its cycle each partial begins, of 1.
    """

    partials: Floats
    strengths: Floats
    attack_s: float
    release_s: float
    held: float
    decay_s: float
    vibrato: float
    detuned: float
    turns: Floats
    _played: dict[tuple[int, float], Samples] = field(default_factory=dict)

    def note(self, pitch: int, length_s: float) -> Samples:
        """Return a note of MIDI `pitch` that has `length_s` seconds of the score."""
        key = pitch, round(length_s, 2)
        if key not in self._played:
            self._played[key] = self._sounding(pitch, length_s)
        return self._played[key]

    def _sounding(self, pitch: int, length_s: float) -> Samples:
        hz = _A4_HZ * 2 ** ((pitch - _A4) / 12)
        held_s = max(0.06, length_s * self.held)
        time_s = np.arange(int((held_s + self.release_s) * RATE_HZ)) / RATE_HZ
        phase = 2 * np.pi * hz * time_s
        phase += self.vibrato * hz / _VIBRATO_HZ * np.sin(2 * np.pi * _VIBRATO_HZ * time_s)
        sound = np.zeros(len(time_s))
        for partial, strength, turn in zip(self.partials, self.strengths, self.turns, strict=True):
            if hz * partial > _HIGHEST_HZ or strength < _FAINTEST:
                continue
            # Higher partials die sooner.
            fall = (1 + 0.35 * (partial - 1)) / self.decay_s if self.decay_s else 0.0
            wave = np.sin(partial * phase + 2 * np.pi * turn)
            if self.detuned:
                wave += 0.6 * np.sin(partial * phase * (1 + self.detuned))
            sound += strength * np.exp(-fall * time_s) * wave
        rise = np.minimum(1, time_s / max(min(self.attack_s, 0.6 * held_s), 0.003))
        end = np.clip((held_s + self.release_s - time_s) / self.release_s, 0, 1)
        result: Samples = (sound * rise * end).astype(np.float32)
        return result


def voice(
    family: str, brightness: float, attack_s: float, held: float, chance: np.random.Generator
) -> Voice:
    """Return an instrument of a family, of many that are possible.

    Args:
        family: One of `FAMILIES`.
        brightness: 0 to 1.
        attack_s: Until a note is at its loudest; a struck one does not ask.
        held: Share of its time for which a note is held.
        chance: Draws the rest.
    """
    partials, strengths = _spectrum(family, brightness, chance)
    is_struck = family in {"plucked", "bell"}
    decay_s = 0.0
    if is_struck:
        decay_s = chance.uniform(0.25, 1.5)
    elif family in {"sine", "additive"} and chance.random() < 1 / 3:
        decay_s = 1.5
    is_short = is_struck or family in {"sine", "additive"}
    return Voice(
        partials=partials,
        strengths=strengths / np.sqrt(np.sum(strengths**2)),
        attack_s=_SOONEST_S if is_struck else attack_s,
        release_s=chance.uniform(0.02, 0.15) if is_short else chance.uniform(0.05, 0.4),
        held=held,
        decay_s=decay_s,
        vibrato=chance.uniform(0.002, 0.006) if family == "bowed" else 0.0,
        detuned=0.003 if chance.random() < 1 / 3 else 0.0,
        turns=chance.uniform(0, 1, len(partials)),
    )


def _spectrum(family: str, brightness: float, chance: np.random.Generator) -> tuple[Floats, Floats]:
    """Return partials and their strengths."""
    if family == "organ":
        partials = np.array([0.5, 1, 1.5, 2, 3, 4, 5, 6])
        high = brightness * np.array([0.5, 0.3, 0.3, 0.3]) + [0.1, 0, 0, 0]
        return partials, np.concatenate([[0.4, 1, 0.3, 0.8], high])
    count = {"sine": int(chance.choice([1, 1, 2, 3])), "additive": 16, "plucked": 10, "bowed": 14}
    partials = np.arange(1, count.get(family, 6) + 1.0)
    if family == "bell":
        strengths = np.array([1, 0.6, 0.4, 0.25, 0.15, 0.1]) * partials ** (0.6 * brightness - 0.3)
        is_metal = chance.random() < _METAL
        return np.array([1, 2, 2.76, 4.07, 5.4, 6.8]) if is_metal else partials, strengths
    if family == "sine":
        return partials, partials**-2.0
    steep, less = {"additive": (2.2, 1.4), "plucked": (2.2, 1.2), "bowed": (1.9, 0.9)}[family]
    strengths = partials ** -(steep - less * brightness)
    if family == "additive" and chance.random() < 1 / 3:
        strengths[1::2] = 0  # hollow, as a square wave is
    if family == "plucked":
        stiffness = chance.choice([0, 2e-4, 5e-4])
        return partials * np.sqrt(1 + stiffness * partials**2), strengths
    return partials, strengths


def drum(kind: str, chance: np.random.Generator) -> Samples:
    """Return one stroke: `kick`, `snare` or `hat`."""
    time_s = np.arange(int(0.25 * RATE_HZ)) / RATE_HZ
    noise = chance.normal(size=len(time_s))
    if kind == "kick":
        cycles = 50 * time_s + 1.8 * (1 - np.exp(-time_s / 0.03))
        sound = 1.5 * np.sin(2 * np.pi * cycles) * np.exp(-time_s / 0.09)
    elif kind == "snare":
        sound = 0.6 * noise * np.exp(-time_s / 0.07)
        sound += 0.5 * np.sin(2 * np.pi * 190 * time_s) * np.exp(-time_s / 0.06)
    else:
        sound = 0.35 * np.diff(noise, prepend=0) * np.exp(-time_s / 0.025)
    stroke: Samples = sound.astype(np.float32)
    return stroke
