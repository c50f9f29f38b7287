from collections import Counter
from itertools import pairwise

import pytest

from scripts.demo_music import melody, timing
from scripts.demo_music.form import Score, lay_out
from scripts.demo_music.grooves import GROOVES
from scripts.demo_music.piece import FORM, Piece
from scripts.demo_music.pieces import ALBUMS, PROGRAMME
from scripts.demo_music.synth.instruments import Kit
from scripts.demo_music.synth.rack import INSTRUMENTS

every_piece = pytest.mark.parametrize("piece", PROGRAMME, ids=lambda piece: piece.title)


def _tune(piece: Piece, score: Score) -> list[melody.Tone]:
    part = next(part for part in piece.parts if part.role == "melody")
    return melody.compose(part.pattern, score, part.centre)


def test_all_quadrants_are_covered() -> None:
    counts = Counter(piece.quadrant for piece in PROGRAMME)

    assert len(PROGRAMME) >= 28
    assert set(counts) == set(ALBUMS)
    assert all(counts[quadrant] >= 6 for quadrant in counts if quadrant != "neutral")
    assert counts["neutral"] >= 3


@every_piece
def test_the_affect_lies_in_its_quadrant(piece: Piece) -> None:
    valence, arousal = piece.valence, piece.arousal
    if piece.quadrant == "neutral":
        assert abs(valence) <= 0.2
        assert abs(arousal) <= 0.2
    else:
        assert 0.3 <= abs(valence) <= 1
        assert 0.3 <= abs(arousal) <= 1
        assert (valence > 0) == (piece.quadrant in {"energetic-happy", "calm-content"})
        assert (arousal > 0) == (piece.quadrant in {"energetic-happy", "tense-angry"})


def test_titles_and_seeds_are_not_used_twice() -> None:
    assert len({piece.title for piece in PROGRAMME}) == len(PROGRAMME)
    assert len({piece.seed for piece in PROGRAMME}) == len(PROGRAMME)


def test_the_programme_varies() -> None:
    lineups = {frozenset(part.instrument for part in piece.parts) for piece in PROGRAMME}

    assert len(lineups) >= len(PROGRAMME) - 1
    assert len({piece.mode for piece in PROGRAMME}) >= 6
    assert len({piece.key for piece in PROGRAMME}) >= 10
    assert min(piece.tempo_bpm for piece in PROGRAMME) == 60
    assert max(piece.tempo_bpm for piece in PROGRAMME) == 160


@every_piece
def test_a_piece_lasts_twenty_to_forty_seconds(piece: Piece) -> None:
    score = lay_out(piece)

    played_s = timing.seconds_at(score, score.beats)

    assert played_s >= 20
    assert timing.length_s(score) <= 40


@every_piece
def test_every_part_can_be_played(piece: Piece) -> None:
    for part in piece.parts:
        instrument = INSTRUMENTS[part.instrument]
        if part.role == "drums":
            assert isinstance(instrument, Kit)
            groove = GROOVES[part.pattern]
            assert {*groove.bar, *groove.fill, *groove.end} <= set(instrument.drums)
        else:
            assert not isinstance(instrument, Kit)


@every_piece
def test_the_melody_sings(piece: Piece) -> None:
    score = lay_out(piece)

    tones = _tune(piece, score)

    leaps = [abs(after.pitch - before.pitch) for before, after in pairwise(tones)]
    long_notes = [tone for tone in tones if tone.beats >= 1.5]
    assert max(leaps) <= 12
    assert sum(leap <= 4 for leap in leaps) >= 0.6 * len(leaps)
    assert max(tone.pitch for tone in tones) - min(tone.pitch for tone in tones) <= 24
    for tone in long_notes:
        assert tone.pitch % 12 in score.span_at(tone.beat).chord.pitch_classes


@every_piece
def test_the_melody_neither_overlaps_nor_leaves_the_phrases(piece: Piece) -> None:
    score = lay_out(piece)

    tones = _tune(piece, score)

    assert {score.bar_at(tone.beat).section for tone in tones} == {*FORM, "e"}
    for before, after in pairwise(tones):
        assert before.beat + before.beats <= after.beat + 1e-6


@every_piece
def test_the_last_note_belongs_to_the_last_chord(piece: Piece) -> None:
    score = lay_out(piece)

    last = _tune(piece, score)[-1]

    assert last.pitch % 12 in score.span_at(score.ending_beat).chord.pitch_classes


def test_time_runs_forward_through_swing_and_slowing() -> None:
    for piece in PROGRAMME:
        score = lay_out(piece)
        times = [timing.seconds_at(score, step / 8) for step in range(int(score.beats * 8))]

        assert all(before < after for before, after in pairwise(times))


def test_a_melody_that_does_not_fill_its_phrase_is_refused() -> None:
    score = lay_out(PROGRAMME[0])

    with pytest.raises(ValueError, match="do not fill"):
        melody.compose("0/3; 2/2", score, 70)


def test_a_melody_token_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="step/beats"):
        melody.cells("0/1 2")
