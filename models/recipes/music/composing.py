"""Composes and renders plain pieces whose tempo, mode and cues are known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.recipes.music.cues import MODES, Cues, drawn
from models.recipes.music.voices import FAMILIES, Samples, Voice, drum, voice
from soulsync_edge.adapters.hearing.rate import RATE_HZ

SECONDS = 30.0

_PROGRESSIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "major": (
        *((0, 4, 5, 3), (0, 3, 4, 0), (0, 5, 3, 4), (0, 3, 0, 4), (0, 1, 4, 0)),
        *((0, 4, 0, 3), (3, 4, 0, 0), (0, 2, 3, 4), (0, 0, 3, 4)),
    ),
    "mixolydian": ((0, 6, 3, 0), (0, 3, 6, 0), (0, 6, 0, 3), (0, 4, 3, 0)),
    "minor": (
        *((0, 5, 2, 6), (0, 3, 4, 0), (0, 6, 5, 6), (0, 3, 0, 4)),
        *((0, 5, 3, 4), (0, 0, 3, 0), (0, 4, 0, 3), (0, 2, 5, 4)),
    ),
    "dorian": ((0, 3, 0, 3), (0, 6, 3, 0), (0, 2, 3, 0), (0, 3, 6, 0)),
    "phrygian": ((0, 1, 0, 1), (0, 1, 2, 1), (0, 6, 1, 0), (0, 3, 1, 0)),
}
"""Degrees of the scale, from 0, that a bar each stands on."""
_LIKE = {"lydian": "major", "harmonic minor": "minor"}

_STYLES = ("block", "pulse", "offbeat", "arpeggio", "both")
_LEAST_STEPS, _MOST_STEPS = 3, 14  # of the scale, where a melody moves
_DOMINANT = 4
_TRITONE = 6
_SPARSE, _BUSY = -0.3, 0.4
"""Density up to which the bass plays each other beat, and from which each half."""
_DRIVEN = 0.65
"""Drive from which each beat is drummed on in quarters."""
_ROUGH = 0.25
"""Roughness from which the sound is distorted."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A piece and the truth about it.

    Attributes:
        samples: Mono at 22.05 kHz, (N,) float32.
        cues: What was done in it.
        tonic: Pitch class, C being 0.
    """

    samples: Samples
    cues: Cues
    tonic: int


def compose(seed: int, family: str) -> Composed:
    """Return a piece of `SECONDS` on instruments of one of `FAMILIES`, and the truth about it."""
    chance = np.random.default_rng([FAMILIES.index(family), seed])
    piece = _Piece(chance, family)
    return Composed(piece.rendered(), piece.cues, piece.tonic)


class _Piece:
    """One piece in the making.

    Args:
        chance: Draws everything that is not said.
        family: Of the instruments.
    """

    def __init__(self, chance: np.random.Generator, family: str) -> None:
        self.cues = cues = drawn(chance)
        self.tonic = int(chance.integers(12))
        self._chance = chance
        self._scale = MODES[cues.mode]
        progressions = _PROGRESSIONS[_LIKE.get(cues.mode, cues.mode)]
        self._progression = progressions[chance.integers(len(progressions))]
        self._first = int(chance.integers(4)) if _happens(0.4, chance) else 0
        self._centre = 60 + self.tonic - 12 * (self.tonic > _TRITONE) + round(7 * cues.register)
        self._beats = int(chance.choice([4, 4, 4, 3]))
        self._beat_s = 60 / cues.tempo_bpm
        self._style = str(chance.choice(_STYLES))
        self._has_sevenths = _happens(0.2, chance)
        self._has_melody = _happens(0.6, chance)
        self._has_bass = _happens(0.65, chance)
        self._rings_on = _happens(0.3, chance)
        self._human_s = 0.008 if _happens(1 / 3, chance) else 0.0
        self._melody_step = int(chance.integers(7, 12))
        self._rhythm = self._melody_rhythm()
        self._gains = dict(
            zip(("melody", "bass", "drums"), chance.uniform(0.45, 1, 3).tolist(), strict=True)
        )
        self._voices = self._players(family)
        self._sound = np.zeros(int(SECONDS * RATE_HZ), np.float32)

    def rendered(self) -> Samples:
        """Return the whole piece, its highest point at 0.8 of full scale."""
        bar_s = self._beats * self._beat_s
        for bar in range(int(SECONDS / bar_s) + 1):
            degree = self._progression[(bar + self._first) % len(self._progression)]
            self._play_chords(bar * bar_s, self._chord(degree))
            if self._has_bass:
                self._play_bass(bar * bar_s, degree)
            if self._has_melody:
                self._play_melody(bar * bar_s, degree)
            if self.cues.is_drummed:
                self._play_drums(bar * bar_s)
        sound = self._in_a_room(self._distorted(self._sound))
        if _happens(0.3, self._chance):  # a faint hiss
            level = 10 ** (self._chance.uniform(-70, -50) / 20) * np.abs(sound).max()
            sound = sound + level * self._chance.normal(size=len(sound))
        finished: Samples = (0.8 * sound / np.abs(sound).max()).astype(np.float32)
        return finished

    def _players(self, family: str) -> dict[str, Voice]:
        cues, chance = self.cues, self._chance
        brightness = (cues.brightness + 1) / 2
        held = 0.4 + 0.3 * (1 - cues.articulation)
        attack_s = 0.004 + 0.25 * max(0.0, cues.softness) ** 2
        chords = 1.0 if _happens(0.3, chance) else held
        of_bass = str(chance.choice(["sine", "additive", "plucked"]))
        return {
            "chords": voice(family, brightness, attack_s, chords, chance),
            "melody": voice(family, brightness, min(attack_s, 0.08), held, chance),
            "bass": voice(of_bass, 0.3 * brightness, 0.005, 0.9, chance),
        }

    def _melody_rhythm(self) -> list[float]:
        """Return the lengths of a bar's notes, in beats: the more the denser."""
        beats = self._beats
        rhythms = (
            [float(beats)],
            [2.0, *[1.0] * (beats - 2)],
            [1.0] * beats,
            [1.5, 0.5, *[1.0] * (beats - 2)],
            [0.5] * (2 * beats),
        )
        level = int((self.cues.density + 1) / 2 * 5) + int(self._chance.integers(-1, 2))
        return rhythms[min(max(level, 0), len(rhythms) - 1)]

    def _chord(self, degree: int) -> list[int]:
        """Return the pitches of the chord on a degree, around the centre."""
        # The raised seventh belongs to the dominant alone.
        is_plain = self.cues.mode == "harmonic minor" and degree != _DOMINANT
        scale = MODES["minor"] if is_plain else self._scale
        above = (0, 2, 4, 6) if self._has_sevenths else (0, 2, 4)
        pitches = [self._folded(self._pitch(degree + step, scale)) for step in above]
        if _happens(0.25 * self.cues.roughness, self._chance):
            pitches.append(pitches[0] + 1)
        return sorted(set(pitches))

    def _folded(self, pitch: int) -> int:
        """Return the pitch of that class in the octave around the centre."""
        lowest = self._centre - 3
        return lowest + (pitch - lowest) % 12

    def _pitch(self, step: int, scale: Sequence[int]) -> int:
        octaves, degree = divmod(step, 7)
        return self.tonic + scale[degree] + 12 * octaves

    def _play_chords(self, start_s: float, chord: list[int]) -> None:
        chords, beat_s = self._voices["chords"], self._beat_s
        a_beat = (0.5, 1, 1, 2, 2, 4)[min(int((self.cues.density + 1) / 2 * 6), 5)]
        if self._style in {"arpeggio", "both"} or (self._style == "offbeat" and a_beat < 1):
            each = 1 / max(1, a_beat)
            row = [*chord, chord[0] + 12, *chord[::-1][:-1]]
            length_s = each * beat_s * (1.5 if self._rings_on else 1)
            for number in range(int(self._beats / each)):
                note = chords.note(row[number % len(row)], length_s)
                self._put(note, start_s + number * each * beat_s, 0.8)
            if self._style == "both":
                for pitch in chord:
                    whole = self._voices["melody"].note(pitch, self._beats * beat_s)
                    self._put(whole, start_s, 0.25)
            return
        for beat, length, gain in self._strokes(a_beat):
            for pitch in chord:
                self._put(chords.note(pitch, length * beat_s), start_s + beat * beat_s, 0.5 * gain)

    def _strokes(self, a_beat: float) -> Iterator[tuple[float, float, float]]:
        """Yield where in the bar whole chords are played, their length in beats, and their gain."""
        if self._style == "offbeat":
            yield from ((beat + 0.5, 0.5, 1.0) for beat in range(self._beats))
            return
        each = self._beats / min(a_beat, 2) if self._style == "block" else 1 / min(a_beat, 2)
        each = min(each, float(self._beats))
        for number in range(max(1, round(self._beats / each))):
            yield number * each, each, 0.8 if self._style == "pulse" and number % 2 else 1.0

    def _play_bass(self, start_s: float, degree: int) -> None:
        pitch = 38 + (self.tonic + self._scale[degree % 7] - 38) % 12
        density = self.cues.density
        each = 2.0 if density < _SPARSE else 1.0 if density < _BUSY else 0.5
        note = self._voices["bass"].note(pitch, each * self._beat_s)
        for number in range(int(self._beats / each)):
            self._put(note, start_s + number * each * self._beat_s, self._gains["bass"])

    def _play_melody(self, start_s: float, degree: int) -> None:
        chance, beat = self._chance, 0.0
        for length in self._rhythm:
            if _happens(0.88, chance):
                if beat == 0 or _happens(0.35, chance):  # a note of the chord, not far away
                    notes = [degree + step for step in (0, 2, 4, 7, 9, 11)]
                    away = [abs(note - self._melody_step) + chance.random() for note in notes]
                    self._melody_step = notes[int(np.argmin(away))]
                else:
                    step = self._melody_step + int(chance.choice([-2, -1, -1, 1, 1, 2]))
                    self._melody_step = min(max(step, _LEAST_STEPS), _MOST_STEPS)
                pitch = self._pitch(self._melody_step, self._scale)
                while pitch < self._centre + 5:
                    pitch += 12
                while pitch > self._centre + 26:
                    pitch -= 12
                note = self._voices["melody"].note(pitch, length * self._beat_s)
                self._put(note, start_s + beat * self._beat_s, self._gains["melody"])
            beat += length

    def _play_drums(self, start_s: float) -> None:
        drive, gain = self.cues.drive, self._gains["drums"] * (1 + 0.5 * self.cues.drive)
        hats = () if drive <= 0 else (0, 0.5) if drive < _DRIVEN else (0, 0.25, 0.5, 0.75)
        for beat in range(self._beats):
            at_s = start_s + beat * self._beat_s
            self._put(drum("snare" if beat % 2 else "kick", self._chance), at_s, gain)
            for part in hats:
                hat = drum("hat", self._chance)
                self._put(hat, at_s + part * self._beat_s, 0.5 * gain)
            if drive > _DRIVEN and beat % 2 == 0:
                self._put(drum("kick", self._chance), at_s + 0.5 * self._beat_s, 0.8 * gain)

    def _put(self, sound: Samples, at_s: float, gain: float) -> None:
        at = max(0, int((at_s + self._human_s * self._chance.normal()) * RATE_HZ))
        part = self._sound[at : at + len(sound)]
        part += np.float32(gain) * sound[: len(part)]

    def _distorted(self, sound: Samples) -> Samples:
        if self.cues.roughness <= _ROUGH:
            return sound
        drive = 2 * (1 + 12 * (self.cues.roughness - _ROUGH))
        distorted: Samples = np.tanh(drive * sound / np.abs(sound).max())
        return distorted

    def _in_a_room(self, sound: Samples) -> Samples:
        """Return the sound with its echoes: noise that dies away, 60 dB in some time."""
        chance = self._chance
        wet = float(chance.choice([0, 0, 0.2, 0.5])) * (1 - 0.4 * self.cues.affect[1])
        count = int(chance.uniform(0.6, 2.5) * RATE_HZ)
        echoes = chance.normal(size=count) * np.exp(-6.9 * np.arange(count) / count)
        echoes[:200] = 0
        echoes /= np.linalg.norm(echoes)
        if not wet:
            return sound
        size = 1 << (len(sound) + count).bit_length()
        spectrum = np.fft.rfft(sound, size) * np.fft.rfft(echoes, size)
        heard: Samples = sound + wet * np.fft.irfft(spectrum)[: len(sound)]
        return heard


def _happens(share: float, chance: np.random.Generator) -> bool:
    return bool(chance.random() < share)
