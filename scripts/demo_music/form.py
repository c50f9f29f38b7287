"""The plan of a piece in beats: sections, bars and the chord at every moment."""

import math
from dataclasses import dataclass

from scripts.demo_music import theory
from scripts.demo_music.piece import FORM, Piece

INTENSITY = {"i": 0.74, "a": 0.84, "c": 0.9, "b": 1.0, "d": 0.96, "e": 0.86}
"""How hard each section is played, against the strongest."""


@dataclass(frozen=True, slots=True)
class Span:
    """A chord and the beats it lasts."""

    beat: float
    beats: float
    chord: theory.Chord


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it starts, what section it is in, and its chords."""

    beat: float
    section: str
    place: int
    is_last: bool
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A piece laid out on the beat axis, which starts at 0."""

    piece: Piece
    scale: theory.Scale
    bars: tuple[Bar, ...]

    @property
    def beats(self) -> float:
        return len(self.bars) * self.piece.beats_per_bar

    @property
    def ending_beat(self) -> float:
        return self.beats - self.piece.ending_bars * self.piece.beats_per_bar

    def bar_at(self, beat: float) -> Bar:
        """Return the bar a beat falls in; the last one beyond the end."""
        return self.bars[min(int((beat + 1e-6) / self.piece.beats_per_bar), len(self.bars) - 1)]

    def span_at(self, beat: float) -> Span:
        """Return the chord span that sounds at a beat."""
        spans = self.bar_at(beat).spans
        return next((span for span in reversed(spans) if span.beat <= beat + 1e-6), spans[0])

    def section(self, letter: str) -> tuple[Bar, ...]:
        return tuple(bar for bar in self.bars if bar.section == letter)


def lay_out(piece: Piece) -> Score:
    """Return the score of a piece.

    Raises:
        ValueError: a chord cannot be read, or the phrases differ in length.
    """
    within = theory.scale(piece.key, piece.mode)
    verse, answer, bridge = (
        phrase.split("|") for phrase in (piece.verse, piece.answer or piece.verse, piece.bridge)
    )
    if not len(verse) == len(answer) == len(bridge):
        raise ValueError(f"{piece.title}: verse, answer and bridge need the same number of bars")
    # The return starts as the statement did and ends as its close did.
    half = len(verse) // 2
    phrases = {"a": verse, "c": answer, "b": bridge, "d": [*verse[:half], *answer[half:]]}
    intro = [verse[index % len(verse)] for index in range(piece.intro_bars)]
    plan = [
        ("i", intro),
        *((letter, phrases[letter]) for letter in FORM),
        ("e", [piece.final] * piece.ending_bars),
    ]
    bars: list[Bar] = []
    for letter, written in plan:
        for place, symbols in enumerate(written):
            beat = len(bars) * piece.beats_per_bar
            spans = _spans(symbols.split(), within, beat, piece.beats_per_bar)
            bars.append(Bar(beat, letter, place, place == len(written) - 1, spans))
    return Score(piece, within, tuple(bars))


def _spans(symbols: list[str], within: theory.Scale, beat: float, beats: float) -> tuple[Span, ...]:
    """Return the chords of one bar, sharing it equally, on half beats where it does not divide."""
    edges = [math.floor(2 * beats * index / len(symbols)) / 2 for index in range(len(symbols))] + [
        beats
    ]
    return tuple(
        Span(beat + edges[index], edges[index + 1] - edges[index], theory.chord(symbol, within))
        for index, symbol in enumerate(symbols)
    )
