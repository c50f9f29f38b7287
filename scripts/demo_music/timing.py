"""From beats to seconds: tempo, swing, and a slowing at the end."""

from scripts.demo_music.form import Score


def seconds_at(score: Score, beat: float) -> float:
    """Return when a beat is played.

    Swing moves what lies inside a `swing_unit` later; 0.5 is straight. The
    last two bars before the ending stretch steadily, by `slowing` at most, and
    the ending keeps that pace.
    """
    piece = score.piece
    units, inside = divmod(beat / piece.swing_unit + 1e-9, 1.0)
    first, second = min(2 * inside, 1.0), max(2 * inside - 1, 0.0)
    inside = first * piece.swing + second * (1 - piece.swing)
    swung = (units + inside) * piece.swing_unit
    beat_s = 60 / piece.tempo_bpm
    slow_beats = 2 * piece.beats_per_bar
    into = swung - (score.ending_beat - slow_beats)
    extra = 0.0
    if into > 0:
        ramp = min(into, slow_beats)
        extra = piece.slowing * (ramp**2 / (2 * slow_beats) + (into - ramp))
    return (swung + extra) * beat_s


def length_s(score: Score) -> float:
    """Return the length of the finished piece in seconds, with its tail."""
    return seconds_at(score, score.beats) + score.piece.tail_s
