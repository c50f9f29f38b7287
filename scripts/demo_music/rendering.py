"""From a piece to finished sound."""

import numpy as np

from scripts.demo_music import arranging, mixing, timing
from scripts.demo_music.form import lay_out
from scripts.demo_music.piece import Piece
from scripts.demo_music.synth.rack import INSTRUMENTS
from scripts.demo_music.synth.signals import Samples, samples


def render(piece: Piece) -> Samples:
    """Return the finished piece: stereo, 44.1 kHz, the same samples every time.

    Every part has a generator of its own, so that a change to one part leaves
    the others as they were.

    Raises:
        ValueError: the piece is written in a way that cannot be read.
    """
    score = lay_out(piece)
    seconds = timing.length_s(score)
    dry = np.zeros((samples(seconds), 2))
    sent = np.zeros_like(dry)
    for index, part in enumerate(piece.parts):
        rng = np.random.default_rng([piece.seed, index])
        notes = arranging.notes_of(part, score, rng)
        played = INSTRUMENTS[part.instrument].play(notes, seconds, rng)
        placed = mixing.place(played, level_db=part.level_db, pan=part.pan)
        dry += placed
        sent += placed * part.send
    room = np.random.default_rng([piece.seed, len(piece.parts)])
    wet = mixing.reverberate(sent, piece.room, room)
    fade_s = min(piece.tail_s + 0.3, 2.5)
    return mixing.master(dry + wet, target_db=piece.loudness_db, fade_s=fade_s)
