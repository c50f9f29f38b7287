"""What a piece is: its score in short hand, its players, and the truth about it."""

from dataclasses import dataclass
from typing import Literal

Quadrant = Literal["energetic-happy", "tense-angry", "sad-tired", "calm-content", "neutral"]
Role = Literal["pad", "comp", "strum", "arp", "bass", "walk", "melody", "second", "riff", "drums"]
Room = Literal["booth", "room", "plate", "hall", "cathedral"]

FORM = "acbd"
"""The four phrases: a statement, its close, a contrast, and the varied return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One player: an instrument, what it does, and where it stands in the mix.

    Patterns cover one bar per `|` and repeat. For `comp`, `strum`, `arp`,
    `bass` and `drums` each character is one equal step of the bar (see
    `arranging`); for `melody` and `riff` the pattern is written in cells
    (see `melody`). `on` lists the sections in which the part plays: `i` intro,
    `a c b d` the phrases, `e` the ending.
    """

    instrument: str
    role: Role
    pattern: str = ""
    level_db: float = 0.0
    pan: float = 0.0
    send: float = 0.25
    centre: int = 60
    voices: int = 4
    on: str = "iacbde"
    tightness: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A whole composition.

    `verse` and `bridge` hold one phrase of chords each: bars separated by `|`,
    chords within a bar by spaces. `valence` and `arousal` are what the piece
    was written to express, from -1 to 1. `loudness_db` is the level of the
    finished file (gated RMS, dB below full scale).
    """

    title: str
    quadrant: Quadrant
    valence: float
    arousal: float
    tempo_bpm: int
    key: str
    mode: str
    genre: str
    verse: str
    bridge: str
    final: str
    parts: tuple[Part, ...]
    loudness_db: float
    seed: int
    answer: str = ""
    beats_per_bar: float = 4.0
    intro_bars: int = 0
    ending_bars: int = 1
    swing: float = 0.5
    swing_unit: float = 1.0
    slowing: float = 0.0
    room: Room = "room"
    tail_s: float = 2.5

    @property
    def phrase_bars(self) -> int:
        return len(self.verse.split("|"))
