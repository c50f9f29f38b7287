"""What every part plays: chords, strums, arpeggios, basses, tunes and drums as notes.

Patterns are one character per equal step of a bar; `|` separates the bars of a
longer pattern, spaces are ignored, `.` is silence and `-` holds.

    comp    X x o       the chord: accented, normal, soft
    strum   D U         down and up strokes
    arp     0 to 9      one voice of the chord, counted from below, octaves above
            b B         the bass note of the chord, and the fifth over it
    bass    R 3 5 7     notes of the chord; 8 the root an octave up, l an octave down
            a           a step leading into the next chord's bass
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.demo_music import melody, theory
from scripts.demo_music.form import INTENSITY, Bar, Score, Span
from scripts.demo_music.grooves import GROOVES
from scripts.demo_music.notes import Note
from scripts.demo_music.piece import Part, Role
from scripts.demo_music.timing import seconds_at

_ACCENTS = {"X": 0.95, "x": 0.72, "o": 0.45}
_FIFTH = 7
_JITTER_S = 0.005
"""Standard deviation of human timing; 5 to 10 ms is what ensembles show."""


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A note on the beat axis; `late_s` places strummed strings after each other."""

    beat: float
    beats: float
    pitch: int
    velocity: float
    late_s: float = 0.0
    drum: str = ""


def notes_of(part: Part, score: Score, rng: np.random.Generator) -> list[Note]:
    """Return everything a part plays, in seconds, with a human looseness.

    Raises:
        ValueError: the part's pattern cannot be read.
    """
    bars = [bar for bar in score.bars if bar.section in part.on]
    notes = []
    for stroke in _ROLES[part.role](part, score, bars, rng):
        bar = score.bar_at(stroke.beat)
        start_s = seconds_at(score, stroke.beat)
        jitter = _JITTER_S * part.tightness * float(np.clip(rng.normal(), -2, 2))
        velocity = stroke.velocity * INTENSITY[bar.section] * float(1 + 0.06 * rng.normal())
        notes.append(
            Note(
                start_s=max(0.0, start_s + jitter + stroke.late_s),
                length_s=max(0.04, seconds_at(score, stroke.beat + stroke.beats) - start_s),
                pitch=stroke.pitch,
                velocity=min(1.0, max(0.08, velocity)),
                drum=stroke.drum,
            )
        )
    return sorted(notes, key=lambda note: (note.start_s, note.pitch, note.drum))


def _voiced(part: Part, bars: Sequence[Bar]) -> list[tuple[Span, tuple[int, ...]]]:
    spans = [span for bar in bars for span in bar.spans]
    return list(
        zip(
            spans,
            theory.lead_voices([span.chord for span in spans], part.centre, part.voices),
            strict=True,
        )
    )


def _pad(
    part: Part, _score: Score, bars: Sequence[Bar], _rng: np.random.Generator
) -> list[_Stroke]:
    """Held chords; a note common to two neighbouring chords is tied."""
    strokes: list[_Stroke] = []
    open_notes: dict[int, int] = {}
    for span, voicing in _voiced(part, bars):
        still_open: dict[int, int] = {}
        for pitch in voicing:
            index = open_notes.get(pitch)
            tied = strokes[index] if index is not None else None
            if index is not None and tied is not None and tied.beat + tied.beats == span.beat:
                strokes[index] = _Stroke(tied.beat, tied.beats + span.beats, pitch, tied.velocity)
                still_open[pitch] = index
            else:
                still_open[pitch] = len(strokes)
                strokes.append(_Stroke(span.beat, span.beats, pitch, 0.7))
        open_notes = still_open
    return strokes


def _steps(pattern: str, bar: Bar, beats_per_bar: float) -> list[tuple[float, float, str]]:
    """Return (beat, beats, character) for each step of a bar that is not silent or held."""
    lines = pattern.replace(" ", "").split("|")
    line = lines[bar.place % len(lines)]
    width = beats_per_bar / len(line)
    steps = []
    for index, character in enumerate(line):
        if character in ".-":
            continue
        length = 1
        while index + length < len(line) and line[index + length] == "-":
            length += 1
        steps.append((bar.beat + index * width, length * width, character))
    return steps


def _comp(part: Part, score: Score, bars: Sequence[Bar], rng: np.random.Generator) -> list[_Stroke]:
    voiced = dict(_by_beat(_voiced(part, bars)))
    strokes = []
    for bar in bars:
        if bar.section == "e":
            strokes += _final_chord(voiced[bar.spans[0].beat], bar, score, roll_s=0.02)
            continue
        for beat, beats, character in _steps(part.pattern, bar, score.piece.beats_per_bar):
            voicing = voiced[score.span_at(beat).beat]
            spread = rng.uniform(0, 0.006)
            strokes += [
                _Stroke(beat, beats, pitch, _ACCENTS[character], index * spread)
                for index, pitch in enumerate(voicing)
            ]
    return strokes


def _strum(
    part: Part, score: Score, bars: Sequence[Bar], rng: np.random.Generator
) -> list[_Stroke]:
    voiced = dict(_by_beat(_voiced(part, bars)))
    strokes = []
    for bar in bars:
        if bar.section == "e":
            strokes += _final_chord(voiced[bar.spans[0].beat], bar, score, roll_s=0.03)
            continue
        steps = _steps(part.pattern, bar, score.piece.beats_per_bar)
        for beat, beats, character in steps:
            voicing = voiced[score.span_at(beat).beat]
            down = character == "D"
            strings = voicing if down else voicing[::-1][: max(2, len(voicing) - 2)]
            gap_s = rng.uniform(0.008, 0.014)
            accent = (0.85 if (beat - bar.beat) % 1 == 0 else 0.7) if down else 0.55
            strokes += [
                _Stroke(beat, beats, pitch, accent * (1 - 0.04 * index), index * gap_s)
                for index, pitch in enumerate(strings)
            ]
    return strokes


def _arp(part: Part, score: Score, bars: Sequence[Bar], _rng: np.random.Generator) -> list[_Stroke]:
    voiced = dict(_by_beat(_voiced(part, bars)))
    strokes = []
    for bar in bars:
        if bar.section == "e":
            strokes += _final_chord(voiced[bar.spans[0].beat], bar, score, roll_s=0.09)
            continue
        for beat, _, character in _steps(part.pattern, bar, score.piece.beats_per_bar):
            span = score.span_at(beat)
            pitch = _arp_pitch(character, voiced[span.beat], span.chord, part.centre)
            accent = 0.8 if beat == span.beat else 0.62 + 0.08 * ((beat - bar.beat) % 1 == 0)
            strokes.append(_Stroke(beat, span.beat + span.beats - beat, pitch, accent))
    return strokes


def _arp_pitch(character: str, voicing: Sequence[int], chord: theory.Chord, centre: int) -> int:
    if character in "bB":
        low = _near(chord.bass, centre - 17)
        return (
            low
            if character == "b"
            else _above(low, chord.pitch_classes[2 % len(chord.pitch_classes)])
        )
    octave, voice = divmod(int(character), len(voicing))
    return voicing[voice] + 12 * octave


def _final_chord(voicing: Sequence[int], bar: Bar, score: Score, *, roll_s: float) -> list[_Stroke]:
    """Return the ending: one chord, rolled upwards and left to ring."""
    if bar.place:
        return []
    beats = score.beats - bar.beat
    return [
        _Stroke(bar.beat, beats, pitch, 0.75, index * roll_s) for index, pitch in enumerate(voicing)
    ]


def _bass(
    part: Part, score: Score, bars: Sequence[Bar], _rng: np.random.Generator
) -> list[_Stroke]:
    strokes = []
    for bar in bars:
        if bar.section == "e":
            if not bar.place:
                root = _near(bar.spans[0].chord.bass, part.centre)
                strokes.append(_Stroke(bar.beat, score.beats - bar.beat, root, 0.8))
            continue
        for beat, beats, character in _steps(part.pattern, bar, score.piece.beats_per_bar):
            pitch = _bass_pitch(character, score, beat, part.centre)
            strokes.append(_Stroke(beat, beats * 0.96, pitch, 0.85 if character in "R8" else 0.72))
    return strokes


def _bass_pitch(character: str, score: Score, beat: float, centre: int) -> int:
    chord = score.span_at(beat).chord
    root = _near(chord.bass, centre)
    tones = chord.pitch_classes
    if character == "a":
        return _leading_to(_next_bass(score, beat, centre), root, score)
    if character in "357":
        index = {"3": 1, "5": 2, "7": 3}[character]
        return _above(
            root, tones[index] if index < len(tones) else tones[-1 if character != "7" else 0]
        )
    return {"R": root, "8": root + 12, "l": root - 12}[character]


def _walk(part: Part, score: Score, bars: Sequence[Bar], rng: np.random.Generator) -> list[_Stroke]:
    """A walking bass: roots on chord changes, a leading note before them, chord notes between."""
    strokes: list[_Stroke] = []
    for bar in bars:
        if bar.section == "e":
            strokes += _bass(part, score, [bar], rng)
            continue
        for index in range(round(score.piece.beats_per_bar)):
            beat = bar.beat + index
            span = score.span_at(beat)
            root = _near(span.chord.bass, part.centre)
            if beat == span.beat:
                pitch = root
            elif beat + 1 >= span.beat + span.beats:
                pitch = _leading_to(_next_bass(score, beat, part.centre), strokes[-1].pitch, score)
            else:
                options = [_above(root, tone) for tone in span.chord.pitch_classes[1:3]]
                options += [option - 12 for option in options]
                last = strokes[-1].pitch
                nearby = [
                    option for option in options if option != last and abs(option - last) <= _FIFTH
                ]
                pitch = int(rng.choice(nearby or options))
            strokes.append(_Stroke(beat, 0.94, pitch, 0.82 if index % 2 == 0 else 0.74))
    return strokes


def _next_bass(score: Score, beat: float, centre: int) -> int:
    span = score.span_at(beat)
    return _near(score.span_at(span.beat + span.beats).chord.bass, centre)


def _leading_to(target: int, coming_from: int, score: Score) -> int:
    """Return the scale note next to the target, on the side the line comes from."""
    step = score.scale.nearest_step(target)
    side = 1 if coming_from > target else -1
    pitch = score.scale.pitch(step + side)
    return pitch if pitch != target else target + side


def _melody(
    part: Part, score: Score, bars: Sequence[Bar], _rng: np.random.Generator
) -> list[_Stroke]:
    tones = melody.compose(part.pattern, score, part.centre)
    return _sing(tones, score, bars)


def _second(
    _part: Part, score: Score, bars: Sequence[Bar], _rng: np.random.Generator
) -> list[_Stroke]:
    leader = next(other for other in score.piece.parts if other.role == "melody")
    tones = melody.below(melody.compose(leader.pattern, score, leader.centre), score)
    return _sing(tones, score, bars)


def _sing(tones: Sequence[melody.Tone], score: Score, bars: Sequence[Bar]) -> list[_Stroke]:
    """Return melody notes shaped by the phrase: it grows to its middle, and strong beats speak."""
    wanted = {bar.beat for bar in bars}
    strokes = []
    for tone in tones:
        bar = score.bar_at(tone.beat)
        if bar.beat not in wanted:
            continue
        section = score.section(bar.section)
        beats = len(section) * score.piece.beats_per_bar
        progress = (tone.beat - section[0].beat) / beats
        strong = 0.06 if (tone.beat - bar.beat) % 2 == 0 else 0.0
        velocity = 0.66 + 0.14 * float(np.sin(np.pi * progress)) + strong
        strokes.append(_Stroke(tone.beat, tone.beats * 0.97, tone.pitch, velocity))
    return strokes


def _riff(
    part: Part, score: Score, bars: Sequence[Bar], _rng: np.random.Generator
) -> list[_Stroke]:
    playing = [bar for bar in bars if bar.section != "e"]
    strokes = [
        _Stroke(tone.beat, tone.beats * 0.9, tone.pitch, 0.86 if (tone.beat % 1) == 0 else 0.68)
        for tone in melody.riff(part.pattern, score, playing, part.centre)
    ]
    if any(bar.section == "e" for bar in bars):
        root = _near(score.span_at(score.ending_beat).chord.root, part.centre)
        strokes.append(_Stroke(score.ending_beat, score.beats - score.ending_beat, root, 0.85))
    return strokes


def _drums(
    part: Part, score: Score, bars: Sequence[Bar], _rng: np.random.Generator
) -> list[_Stroke]:
    groove = GROOVES[part.pattern]
    strokes = []
    for bar in bars:
        if bar.section == "e":
            if not bar.place:
                strokes += [_Stroke(bar.beat, 1, 0, 0.85, drum=drum) for drum in groove.end]
            continue
        has_fill = bar.is_last and bar.section in "acbd"
        patterns = groove.bar | groove.fill if has_fill else groove.bar
        for drum, pattern in patterns.items():
            strokes += [
                _Stroke(beat, beats, 0, _ACCENTS[character], drum=drum)
                for beat, beats, character in _steps(pattern, bar, score.piece.beats_per_bar)
            ]
    return strokes


def _near(pitch_class: int, centre: int) -> int:
    """Return the pitch of a class nearest to a centre."""
    return centre - 6 + (pitch_class - centre + 6) % 12


def _above(pitch: int, pitch_class: int) -> int:
    """Return the next pitch of a class above a pitch."""
    return pitch + 1 + (pitch_class - pitch - 1) % 12


def _by_beat(
    voiced: Sequence[tuple[Span, tuple[int, ...]]],
) -> list[tuple[float, tuple[int, ...]]]:
    return [(span.beat, voicing) for span, voicing in voiced]


_Player = Callable[[Part, Score, Sequence[Bar], np.random.Generator], list[_Stroke]]

_ROLES: dict[Role, _Player] = {
    "pad": _pad,
    "comp": _comp,
    "strum": _strum,
    "arp": _arp,
    "bass": _bass,
    "walk": _walk,
    "melody": _melody,
    "second": _second,
    "riff": _riff,
    "drums": _drums,
}
