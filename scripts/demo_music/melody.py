"""Melodies: hand-written cells laid over the chords, phrase by phrase.

A cell is written as `step/beats` tokens, `r` for a rest: `0/1.5 1/.5 2/2`.
Steps are diatonic and relative, so one cell can start on any note of the
scale. A melody has up to four cells separated by `;`: motif, reply, contrast,
contrast's reply. The phrases use them like this:

    a   motif reply motif reply        c   motif reply motif close
    b   contrast reply' ...            d   as c, with the long notes ornamented

Where each cell starts is chosen so that its strong notes are chord tones, so
that cells join by small steps, and so that the line stays in its register.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scripts.demo_music.form import Bar, Score
from scripts.demo_music.piece import FORM

_EPSILON = 1e-6
_LONG_BEATS = 1.5
_LINGERING_BEATS = 0.75
_HALF_BAR_BEATS = 2

_INTERVAL_COSTS = (0.5, 0.0, 0.0, 0.3, 0.4, 0.6, 3.0, 0.9, 1.6, 1.8, 3.0, 4.0, 2.2)
"""Cost of each interval from the unison to the octave, in semitones."""

_LIFT = {"a": 0, "c": 0, "b": 3, "d": 1}
"""Semitones by which a section sits above the part's centre."""


@dataclass(frozen=True, slots=True)
class Token:
    """A written note: steps above the cell's start, or None for a rest, and its beats."""

    step: int | None
    beats: float


@dataclass(frozen=True, slots=True)
class Tone:
    """A melody note on the beat axis."""

    beat: float
    beats: float
    step: int
    pitch: int


def cells(pattern: str) -> list[tuple[Token, ...]]:
    """Return the cells of a written melody.

    Raises:
        ValueError: a token is not `step/beats`.
    """
    return [
        tuple(_token(word) for word in cell.replace("|", " ").split())
        for cell in pattern.split(";")
    ]


def _token(word: str) -> Token:
    step, slash, beats = word.partition("/")
    if not slash:
        raise ValueError(f"{word!r} is not a melody token; write step/beats or r/beats")
    return Token(None if step == "r" else int(step), float(beats))


def cell_beats(cell: Sequence[Token]) -> float:
    """Return the length of a cell in beats."""
    return sum(token.beats for token in cell)


def compose(pattern: str, score: Score, centre: int) -> list[Tone]:
    """Return the melody over all four phrases and its last note in the ending.

    Raises:
        ValueError: the cells do not fill the phrases exactly.
    """
    written = cells(pattern)
    motif, reply, *others = written
    contrast = others[0] if others else motif
    contrast_reply = others[1] if others[1:] else reply
    tones: list[Tone] = []
    for letter in FORM:
        pair = (contrast, contrast_reply) if letter == "b" else (motif, reply)
        phrase = _phrase(pair, score.section(letter), score, closes=letter in "cd")
        line = _settle(phrase, score, centre + _LIFT[letter], tones[-1] if tones else None)
        if letter in "cd":
            line = _land(line, score, final=letter == "d")
        tones += _ornament(line, score) if letter == "d" else line
    return [*tones, _last_tone(tones[-1], score)]


def riff(pattern: str, score: Score, bars: Sequence[Bar], centre: int) -> list[Tone]:
    """Return cells repeated under the chords, each note counted from the chord's root."""
    written = cells(pattern)
    tones: list[Tone] = []
    queue = [token for cell in written for token in cell]
    for index, (beat, token) in enumerate(_unroll(queue, bars, score.piece.beats_per_bar)):
        if token.step is None:
            continue
        chord = score.span_at(beat).chord
        scale = score.scale.over(chord)
        low = centre - 6
        root = low + (chord.root - low) % 12
        step = scale.nearest_step(root) + token.step
        del index
        tones.append(Tone(beat, token.beats, step, scale.pitch(step)))
    return tones


def below(tones: Sequence[Tone], score: Score) -> list[Tone]:
    """Return a second voice, a third or so below and consonant with the chord."""
    line = []
    for tone in tones:
        scale = score.scale.over(score.span_at(tone.beat).chord)
        wanted = scale.nearest_step(tone.pitch) - 2
        step = _chord_step(wanted, score, tone.beat, upward=False) if tone.beats >= 1 else wanted
        line.append(Tone(tone.beat, tone.beats, step, scale.pitch(step)))
    return line


def _unroll(
    queue: Sequence[Token], bars: Sequence[Bar], beats_per_bar: float
) -> list[tuple[float, Token]]:
    """Return tokens with their beats, repeated over each run of bars from its first."""
    placed = []
    total = cell_beats(queue)
    for bar in bars:
        beat = 0.0
        offset = (bar.place * beats_per_bar) % total
        for token in queue:
            if offset - _EPSILON <= beat < offset + beats_per_bar - _EPSILON:
                placed.append((bar.beat + beat - offset, token))
            beat += token.beats
    return placed


def _phrase(
    pair: tuple[tuple[Token, ...], tuple[Token, ...]],
    bars: Sequence[Bar],
    score: Score,
    *,
    closes: bool,
) -> list[tuple[float, tuple[Token, ...]]]:
    """Return the cells of a phrase with the beats they start on."""
    start, beats = bars[0].beat, len(bars) * score.piece.beats_per_bar
    placed: list[tuple[float, tuple[Token, ...]]] = []
    beat = 0.0
    while beat < beats - _EPSILON:
        cell = pair[len(placed) % 2]
        placed.append((start + beat, cell))
        beat += cell_beats(cell)
    if abs(beat - beats) > _EPSILON:
        raise ValueError(
            f"{score.piece.title}: cells of {beat} beats do not fill a phrase of {beats}"
        )
    if closes:
        begin, cell = placed[-1]
        placed[-1] = (begin, _closing(cell, score.piece.beats_per_bar))
    return placed


def _closing(cell: tuple[Token, ...], beats_per_bar: float) -> tuple[Token, ...]:
    """Return a cell whose last bar is one long note and a breath."""
    lead = cell_beats(cell) - beats_per_bar
    kept: list[Token] = []
    for token in cell:
        if cell_beats(kept) + token.beats > lead + _EPSILON:
            break
        kept.append(token)
    rest = lead - cell_beats(kept)
    if rest > _EPSILON:
        kept.append(replace(next(token for token in cell if token.step is not None), beats=rest))
    step = next((token.step for token in reversed(kept) if token.step is not None), 0)
    breath = min(1.0, beats_per_bar / 4)
    return (*kept, Token(step, beats_per_bar - breath), Token(None, breath))


def _settle(
    phrase: Sequence[tuple[float, tuple[Token, ...]]],
    score: Score,
    centre: int,
    before: Tone | None,
) -> list[Tone]:
    """Return the phrase with every cell at the start that makes the best line (Viterbi search)."""
    middle = score.scale.nearest_step(centre)
    paths: list[tuple[float, list[Tone]]] = [(0.0, [before] if before else [])]
    for beat, cell in phrase:
        choices: list[tuple[float, list[Tone]]] = []
        for anchor in range(middle - 6, middle + 7):
            tones, bent = _realise(cell, anchor, beat, score)
            here = bent + _register_cost(tones, centre)
            best = min(paths, key=lambda path: path[0] + _join_cost(path[1], tones))
            choices.append((best[0] + _join_cost(best[1], tones) + here, best[1] + tones))
        paths = choices
    line = min(paths, key=lambda path: path[0])[1]
    return line[1:] if before else line


def _realise(
    cell: Sequence[Token], anchor: int, beat: float, score: Score
) -> tuple[list[Tone], float]:
    """Return a cell's notes from an anchor, and how far the chords bent it."""
    tones: list[Tone] = []
    cost = 0.0
    previous: int | None = None
    for token in cell:
        if token.step is not None:
            step = wanted = anchor + token.step
            if _is_exposed(beat, token.beats, score):
                step = _chord_step(
                    wanted, score, beat, upward=previous is None or wanted >= previous
                )
            scale = score.scale.over(score.span_at(beat).chord)
            cost += 0.7 * abs(step - wanted)
            if token.beats >= _LINGERING_BEATS:
                cost += 1.5 * _rubs(scale.pitch(step), score, beat)
            if tones:
                cost += _leap_cost(scale.pitch(step) - tones[-1].pitch)
            tones.append(Tone(beat, token.beats, step, scale.pitch(step)))
            previous = wanted
        beat += token.beats
    return tones, cost


def _is_exposed(beat: float, beats: float, score: Score) -> bool:
    """Say whether a note is so long or so strong that it must belong to the chord."""
    inside = (beat - score.span_at(beat).beat) % score.piece.beats_per_bar
    return beats >= _LONG_BEATS or inside < _EPSILON or (beats >= 1 and inside == _HALF_BAR_BEATS)


def _chord_step(wanted: int, score: Score, beat: float, *, upward: bool) -> int:
    """Return the nearest step that belongs to the chord, in the line's direction at a tie."""
    chord = score.span_at(beat).chord
    scale = score.scale.over(chord)
    for distance in (0, 1, 2, 3):
        for step in (wanted + distance, wanted - distance)[:: 1 if upward else -1]:
            if scale.pitch(step) % 12 in chord.pitch_classes:
                return step
    return wanted


def _rubs(pitch: int, score: Score, beat: float) -> bool:
    """Say whether a note lies a semitone above a chord note, which sounds like a mistake."""
    chord = score.span_at(beat).chord.pitch_classes
    return pitch % 12 not in chord and (pitch - 1) % 12 in chord


def _leap_cost(interval: int) -> float:
    """Return how hard an interval is to sing; tritones and sevenths most."""
    size = abs(interval)
    return _INTERVAL_COSTS[size] if size < len(_INTERVAL_COSTS) else 6.0


def _join_cost(line: Sequence[Tone], tones: Sequence[Tone]) -> float:
    if not line or not tones:
        return 0.0
    return 1.4 * _leap_cost(tones[0].pitch - line[-1].pitch)


def _register_cost(tones: Sequence[Tone], centre: int) -> float:
    if not tones:
        return 0.0
    mean = sum(tone.pitch for tone in tones) / len(tones)
    outside = sum(max(0, abs(tone.pitch - centre) - 10) for tone in tones)
    return 0.25 * abs(mean - centre) + 1.5 * outside


def _land(line: list[Tone], score: Score, *, final: bool) -> list[Tone]:
    """Return the line ending on the chord's root, or its third where the phrase only pauses."""
    last = line[-1]
    chord = score.span_at(last.beat).chord
    allowed = {chord.root} if final else set(chord.pitch_classes[:2])
    nearby = [last.pitch + shift for shift in range(-6, 7) if (last.pitch + shift) % 12 in allowed]
    previous = line[-2].pitch if len(line) > 1 else last.pitch
    pitch = min(nearby, key=lambda wanted: (abs(wanted - previous), wanted))
    return [*line[:-1], replace(last, pitch=pitch, step=score.scale.nearest_step(pitch))]


def _ornament(line: Sequence[Tone], score: Score) -> list[Tone]:
    """Return the line with passing and neighbour notes in every other long note."""
    result: list[Tone] = []
    decorated = 0
    for tone, follower in zip(line, [*line[1:], None], strict=True):
        joined = follower is not None and abs(tone.beat + tone.beats - follower.beat) < _EPSILON
        if follower is None or not joined or not 1 <= tone.beats <= _HALF_BAR_BEATS:
            result.append(tone)
            continue
        decorated += 1
        if decorated % 2:
            result.append(tone)
            continue
        scale = score.scale.over(score.span_at(tone.beat).chord)
        here = scale.nearest_step(tone.pitch)
        there = scale.nearest_step(follower.pitch)
        step = (here + there) // 2 if abs(here - there) in (2, 3) else here + 1
        half = 0.5 if tone.beats <= 1 else 1.0
        result.append(replace(tone, beats=tone.beats - half))
        result.append(Tone(tone.beat + tone.beats - half, half, step, scale.pitch(step)))
    return result


def _last_tone(previous: Tone, score: Score) -> Tone:
    """Return the note of the ending: the closest one of the final chord's root or fifth."""
    chord = score.span_at(score.ending_beat).chord
    resting = {chord.root, *chord.pitch_classes[2:3]}
    pitch = min(
        (
            previous.pitch + shift
            for shift in range(-7, 8)
            if (previous.pitch + shift) % 12 in resting
        ),
        key=lambda wanted: abs(wanted - previous.pitch) + (4 if wanted % 12 != chord.root else 0),
    )
    beats = score.beats - score.ending_beat
    return Tone(score.ending_beat, beats, score.scale.nearest_step(pitch), pitch)
