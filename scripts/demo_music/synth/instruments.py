"""Kinds of instrument: struck, held, singing, and drum kits.

Each turns notes into one stereo recording, with a random generator of its own
so that a piece sounds the same every time it is rendered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from scripts.demo_music.notes import Note
from scripts.demo_music.synth.signals import Samples, decay, samples, soften_end

Strike = Callable[[int, float, np.random.Generator], Samples]
"""(pitch, velocity, generator) -> the whole natural decay of one note, stereo."""

Hold = Callable[[int, float, float, np.random.Generator], Samples]
"""(pitch, seconds, velocity, generator) -> one held note with its release, stereo."""

Sing = Callable[[Sequence[Note], float, np.random.Generator], Samples]
"""(notes in order, seconds, generator) -> a whole unbroken line, stereo."""

Hit = Callable[[float, np.random.Generator], Samples]
"""(velocity, generator) -> one stroke, stereo."""

_VELOCITY_LAYERS = 6
_ROUND_ROBIN = 4


class Instrument(Protocol):
    """Something that plays notes."""

    def play(self, notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> Samples:
        """Return `seconds` of stereo sound holding all the notes."""


@dataclass(frozen=True, slots=True)
class Struck:
    """An instrument that only decays; a damper ends each note early.

    Notes of one pitch and similar force share one rendering, because a chord
    instrument plays the same few notes over and over.
    """

    strike: Strike
    damper_s: float = 0.25

    def play(self, notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> Samples:
        canvas = np.zeros((samples(seconds), 2))
        known: dict[tuple[int, int], Samples] = {}
        for note in notes:
            layer = min(int(note.velocity * _VELOCITY_LAYERS), _VELOCITY_LAYERS - 1)
            strength = (layer + 0.5) / _VELOCITY_LAYERS
            if (note.pitch, layer) not in known:
                known[note.pitch, layer] = self.strike(note.pitch, strength, rng)
            ringing = known[note.pitch, layer]
            held = samples(note.length_s)
            if held < len(ringing):
                tail = decay(self.damper_s * 1.5, self.damper_s)[:, None]
                faded = ringing[held : held + len(tail)]
                ringing = np.concatenate(
                    (ringing[:held], soften_end(faded * tail[: len(faded)], 0.02))
                )
            _add(canvas, ringing * (note.velocity / strength), note.start_s)
        return canvas


@dataclass(frozen=True, slots=True)
class Held:
    """An instrument that sounds for as long as a note is held; equal notes share a rendering."""

    hold: Hold

    def play(self, notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> Samples:
        canvas = np.zeros((samples(seconds), 2))
        known: dict[tuple[int, int, int], Samples] = {}
        for note in notes:
            layer = min(int(note.velocity * _VELOCITY_LAYERS), _VELOCITY_LAYERS - 1)
            strength = (layer + 0.5) / _VELOCITY_LAYERS
            key = (note.pitch, round(note.length_s * 50), layer)
            if key not in known:
                known[key] = self.hold(note.pitch, note.length_s, strength, rng)
            _add(canvas, known[key] * (note.velocity / strength), note.start_s)
        return canvas


@dataclass(frozen=True, slots=True)
class Singing:
    """An instrument with one voice, whose notes flow into each other."""

    sing: Sing

    def play(self, notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> Samples:
        return self.sing(sorted(notes, key=lambda note: note.start_s), seconds, rng)


@dataclass(frozen=True, slots=True)
class Kit:
    """A set of drums; each stroke is one of a few renderings, so rolls do not sound mechanical."""

    drums: Mapping[str, Hit] = field(default_factory=dict)

    def play(self, notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> Samples:
        canvas = np.zeros((samples(seconds), 2))
        known: dict[tuple[str, int, int], Samples] = {}
        for count, note in enumerate(notes):
            layer = min(int(note.velocity * 4), 3)
            key = (note.drum, layer, count % _ROUND_ROBIN)
            strength = (layer + 0.5) / 4
            if key not in known:
                known[key] = self.drums[note.drum](strength, rng)
            _add(canvas, known[key] * note.velocity, note.start_s)
        return canvas


def _add(canvas: Samples, sound: Samples, start_s: float) -> None:
    """Mix a sound into the canvas; what falls off either edge is lost."""
    start = max(0, samples(start_s) if start_s > 0 else 0)
    count = min(len(sound), len(canvas) - start)
    if count > 0:
        canvas[start : start + count] += sound[:count]
