from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.demo_music import theory
from scripts.demo_music.theory import MODES

scales = st.builds(
    theory.scale,
    st.sampled_from(["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]),
    st.sampled_from(sorted(MODES)),
)
degrees = st.integers(0, 6)


@given(within=scales, degree=degrees, size=st.integers(3, 5))
def test_stacked_thirds_stay_in_their_scale(within: theory.Scale, degree: int, size: int) -> None:
    chord = theory.diatonic_chord(within, degree, size)

    in_scale = {within.pitch(step) % 12 for step in range(7)}
    assert set(chord.pitch_classes) <= in_scale
    assert len(set(chord.pitch_classes)) == size


@given(within=scales, step=st.integers(14, 56))
def test_the_step_nearest_to_a_scale_pitch_is_its_own(within: theory.Scale, step: int) -> None:
    assert within.nearest_step(within.pitch(step)) == step


@given(within=scales, path=st.lists(degrees, min_size=2, max_size=8), centre=st.integers(55, 72))
def test_voices_move_little_and_sing_the_chord(
    within: theory.Scale, path: list[int], centre: int
) -> None:
    chords = [theory.diatonic_chord(within, degree) for degree in path]

    voicings = theory.lead_voices(chords, centre, voices=4)

    for chord, voicing in zip(chords, voicings, strict=True):
        assert {pitch % 12 for pitch in voicing} == set(chord.pitch_classes)
        assert list(voicing) == sorted(set(voicing))
        assert all(abs(pitch - centre) <= 12 for pitch in voicing)
    for before, after in pairwise(voicings):
        moves = [abs(new - old) for old, new in zip(before, after, strict=True)]
        assert max(moves) <= 6
        assert sum(moves) <= 14


@given(within=scales, degree=degrees)
def test_a_repeated_chord_keeps_its_voices(within: theory.Scale, degree: int) -> None:
    chord = theory.diatonic_chord(within, degree)

    first, second = theory.lead_voices([chord, chord], 62, voices=4)

    assert first == second


def test_a_two_note_chord_still_fills_five_voices() -> None:
    chord = theory.chord("i5", theory.scale("Bb", "minor"))

    (voicing,) = theory.lead_voices([chord], 58, voices=5)

    assert len(voicing) == 5


@pytest.mark.parametrize(
    ("symbol", "key", "mode", "pitch_classes"),
    [
        ("I", "C", "major", (0, 4, 7)),
        ("VI", "A", "minor", (5, 9, 0)),
        ("V", "A", "minor", (4, 8, 11)),
        ("V7", "C", "major", (7, 11, 2, 5)),
        ("IV7", "C", "major", (5, 9, 0, 4)),
        ("II", "E", "phrygian", (5, 9, 0)),
        ("bVII", "C", "major", (10, 2, 5)),
        ("iim7b5", "C", "minor", (2, 5, 8, 0)),
    ],
)
def test_numerals_name_the_chords_musicians_mean(
    symbol: str, key: str, mode: str, pitch_classes: tuple[int, ...]
) -> None:
    assert theory.chord(symbol, theory.scale(key, mode)).pitch_classes == pitch_classes


def test_an_inversion_puts_another_note_in_the_bass() -> None:
    chord = theory.chord("I/3", theory.scale("D", "major"))

    assert (chord.root, chord.bass) == (2, 6)


def test_the_scale_follows_a_borrowed_dominant() -> None:
    minor = theory.scale("A", "minor")

    bent = minor.over(theory.chord("V", minor))

    assert bent.offsets == MODES["harmonic minor"]


@pytest.mark.parametrize("symbol", ["H", "Iq", "I/9", "VIII", ""])
def test_an_unreadable_chord_is_refused_by_name(symbol: str) -> None:
    with pytest.raises(ValueError, match="'"):
        theory.chord(symbol, theory.scale("C", "major"))


@pytest.mark.parametrize(("key", "mode"), [("H", "major"), ("C", "happy"), ("C##", "minor")])
def test_an_unknown_key_or_mode_is_refused(key: str, mode: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        theory.scale(key, mode)


def test_tags_write_minor_thirds_with_an_m() -> None:
    assert theory.initial_key("F#", "minor") == "F#m"
    assert theory.initial_key("D", "dorian") == "Dm"
    assert theory.initial_key("Bb", "mixolydian") == "Bb"
