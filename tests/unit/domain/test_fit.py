"""Fit: what jars between two tracks and what does not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.fit import fifths_between, misfit
from soulsync_edge.domain.sound import KEYS, Sound

PLAIN = Sound(
    tempo_bpm=100.0,
    key=0,
    is_minor=False,
    danceability=0.5,
    loudness_lufs=-14.0,
    true_peak_dbtp=-1.0,
)
sounds = st.builds(
    Sound,
    tempo_bpm=st.floats(20, 400),
    key=st.integers(0, 11),
    is_minor=st.booleans(),
    danceability=st.floats(0, 1),
    loudness_lufs=st.floats(-70, 0),
    true_peak_dbtp=st.floats(-70, 6),
)


@given(sounds, sounds)
def test_what_jars_one_way_jars_the_other_and_never_more_than_a_step_away(
    one: Sound, other: Sound
) -> None:
    assert misfit(one, other) == pytest.approx(misfit(other, one))
    assert 0.0 <= misfit(one, other) <= 0.9


def test_an_unknown_sound_fits_everywhere() -> None:
    assert misfit(None, PLAIN) == misfit(PLAIN, None) == misfit(None, None) == 0.0


@pytest.mark.parametrize("tempo_bpm", [92.0, 100.0, 109.0])
def test_a_tempo_within_ten_percent_passes_unnoticed(tempo_bpm: float) -> None:
    assert misfit(PLAIN, replace(PLAIN, tempo_bpm=tempo_bpm)) == 0.0


def test_a_tempo_further_off_jars_the_more() -> None:
    costs = [misfit(PLAIN, replace(PLAIN, tempo_bpm=tempo)) for tempo in (109.0, 115.0, 125.0, 140)]

    assert costs == sorted(set(costs))


@pytest.mark.parametrize("tempo_bpm", [50.0, 200.0])
def test_twice_or_half_as_fast_is_nearly_the_same_tempo(tempo_bpm: float) -> None:
    octave = misfit(PLAIN, replace(PLAIN, tempo_bpm=tempo_bpm))

    assert 0.0 < octave < misfit(PLAIN, replace(PLAIN, tempo_bpm=140.0))


@pytest.mark.parametrize(
    ("key", "fifths"),
    [("C", 0), ("G", 1), ("F", 1), ("Am", 0.5), ("Em", 1.5), ("Cm", 3.5), ("F#", 6), ("D#m", 6.5)],
)
def test_keys_are_as_far_apart_as_on_the_circle_of_fifths(key: str, fifths: float) -> None:
    other = replace(PLAIN, key=KEYS.index(key.removesuffix("m")), is_minor=key.endswith("m"))

    assert fifths_between(PLAIN, other) == fifths


def test_a_distant_key_jars_and_a_neighbour_does_not() -> None:
    assert misfit(PLAIN, replace(PLAIN, key=7)) == 0.0
    assert misfit(PLAIN, replace(PLAIN, key=6)) > 0.1


def test_a_jump_in_loudness_jars_a_little() -> None:
    assert misfit(PLAIN, replace(PLAIN, loudness_lufs=-16.0)) == 0.0
    assert misfit(PLAIN, replace(PLAIN, loudness_lufs=-24.0)) == pytest.approx(0.14)
