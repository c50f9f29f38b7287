"""A note to be played: when, how long, how high and how hard."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One note in real time.

    `pitch` is a MIDI number; `velocity` runs from 0 to 1. Drum notes carry the
    name of what is hit in `drum` and ignore pitch and length.
    """

    start_s: float
    length_s: float
    pitch: int
    velocity: float
    drum: str = ""
