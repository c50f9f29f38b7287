"""What a composer does to make a piece sound as it should, drawn by chance, and what it adds up to.

Listeners' judgements of composed pieces are, to a good part, a weighed sum of a few cues: mode
counts most for valence, tempo and density for arousal; then register, dynamics, articulation and
timbre. Sources: Juslin & Laukka (2004), "Expression, perception, and induction of musical
emotions"; Gabrielsson & Lindström (2010), "The role of structure in the musical expression of
emotions"; Eerola, Friberg & Bresin (2013), "Emotional expression in music: contribution, linearity,
and additivity of primary musical cues". The weights are ours, in the order those found.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scripts.demo_music.theory import MODES as EVERY_MODE

MODES: Mapping[str, tuple[int, ...]] = {
    mode: EVERY_MODE[mode]
    for mode in ("major", "lydian", "mixolydian", "dorian", "minor", "harmonic minor", "phrygian")
}
"""Semitones above the tonic of the seven notes of each mode."""

MINOR = frozenset({"dorian", "minor", "harmonic minor", "phrygian"})
"""Modes with a minor third."""

_BRIGHTNESS_OF_MODE = {
    "major": 1.0,
    "lydian": 1.0,
    "mixolydian": 0.6,
    "dorian": -0.4,
    "minor": -0.9,
    "harmonic minor": -1.0,
    "phrygian": -1.1,
}
"""From dark to bright: the order of the modes on the circle of fifths, minor third against major
being the large step."""

# How often each is drawn: plain major and minor are what most music is in.
_BRIGHT_MODES = ("major",) * 4 + ("lydian", "mixolydian")
_DARK_MODES = ("minor",) * 3 + ("harmonic minor",) * 2 + ("dorian", "phrygian")

_MIDDLE_BPM, _OCTAVES = 98.0, 0.85
"""54 to 177 beats per minute."""


@dataclass(frozen=True, slots=True)
class Cues:
    """What is done in a piece; numbers from -1 to 1.

    Attributes:
        mode: One of `MODES`.
        pace: Slow to fast.
        density: Few notes a beat to many.
        articulation: Bound to detached.
        brightness: Dull to bright sound.
        softness: Sudden onsets to slow ones.
        register: Low to high.
        roughness: Clean to distorted and dissonant; below 0 all is clean.
        drive: How much is drummed; below some threshold nothing is.
        is_drummed: Whether there are drums.
    """

    mode: str
    pace: float
    density: float
    articulation: float
    brightness: float
    softness: float
    register: float
    roughness: float
    drive: float
    is_drummed: bool

    @property
    def tempo_bpm(self) -> float:
        """Beats per minute."""
        return float(_MIDDLE_BPM * 2 ** (_OCTAVES * self.pace))

    @property
    def affect(self) -> tuple[float, float]:
        """Valence and arousal, -1 to 1, that it all adds up to."""
        harsh = max(0.0, self.roughness)
        valence = (
            0.76 * _BRIGHTNESS_OF_MODE[self.mode]
            + 0.15 * self.pace
            + 0.1 * self.register
            + 0.05 * self.articulation
            - 0.3 * harsh
        )
        arousal = (
            0.5 * self.pace
            + 0.25 * self.density
            + 0.15 * (self.drive if self.is_drummed else -0.7)
            + 0.15 * self.brightness
            + 0.12 * self.articulation
            - 0.12 * self.softness
            + 0.2 * harsh
            - 0.05
        )
        return float(np.clip(valence, -1, 1)), float(np.clip(arousal, -1, 1))


def drawn(chance: np.random.Generator) -> Cues:
    """Return cues that go for some mood, as a composer's do; some go against it."""
    valence, arousal = chance.uniform(-1, 1, 2)

    def cue(meant: float, noise: float = 0.4, stray: float = 0.3) -> float:
        if chance.random() < stray:
            return float(chance.uniform(-1, 1))
        return float(np.clip(meant + noise * chance.normal(), -1, 1))

    modes = _BRIGHT_MODES if cue(valence, 0.3, 0.15) > 0 else _DARK_MODES
    drive = cue(arousal)
    return Cues(
        mode=str(chance.choice(modes)),
        pace=cue(0.85 * arousal + 0.2 * valence, 0.3),
        density=cue(arousal),
        articulation=cue(0.6 * arousal + 0.2 * valence),
        brightness=cue(0.6 * arousal + 0.2 * valence),
        softness=cue(-arousal, 0.35),
        register=cue(0.4 * valence + 0.1 * arousal, 0.45),
        roughness=cue(0.55 * arousal - 0.75 * valence - 0.2, 0.3),
        drive=drive,
        is_drummed=drive > chance.uniform(-0.3, 0.6),
    )
