"""How loud it is, and how much a track is turned up or down."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.loudness import (
    HIGHEST_PEAK_DBTP,
    MOST_GAIN_DB,
    SILENCE_LUFS,
    QuietHours,
    gain_db,
    heard_volume_pct,
)
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Track
from tests.strategies import a_track

UNHEARD = a_track("t0", Affect(0, 0))

targets = st.floats(-30, -10)
levels = st.floats(-70, 5)
minutes = st.integers(0, 1439)
percents = st.integers(0, 100)


def heard(loudness_lufs: float, true_peak_dbtp: float) -> Track:
    sound = Sound(120, 0, False, 0.5, loudness_lufs, true_peak_dbtp)  # noqa: FBT003  # its fields
    return replace(UNHEARD, sound=sound)


def tagged(replay_gain_db: float) -> Track:
    return replace(UNHEARD, replay_gain_db=replay_gain_db)


tracks = st.one_of(
    st.builds(heard, levels, levels), st.builds(tagged, st.floats(-80, 80)), st.just(UNHEARD)
)


def test_a_track_is_made_as_loud_as_is_wanted() -> None:
    assert gain_db(heard(-9, -0.2), -17) == pytest.approx(-8)
    assert gain_db(heard(-23, -12), -17) == pytest.approx(6)


def test_a_peak_bounds_how_far_a_track_is_turned_up() -> None:
    assert gain_db(heard(-23, -3), -17) == pytest.approx(2)


def test_a_track_that_clips_between_its_samples_is_turned_down() -> None:
    assert gain_db(heard(-20, 0.5), -17) == pytest.approx(-1.5)


def test_a_replay_gain_tag_stands_in_for_what_was_not_heard() -> None:
    assert gain_db(tagged(-7), -17) == pytest.approx(-6)  # it leads to -18 LUFS
    assert gain_db(replace(heard(-9, -1), replay_gain_db=3.0), -17) == pytest.approx(-8)


def test_without_known_peaks_nothing_is_turned_up() -> None:
    assert gain_db(tagged(9), -17) == 0
    assert gain_db(UNHEARD, -17) == 0


def test_a_damaged_tag_does_not_silence_a_track() -> None:
    assert gain_db(tagged(-1000), -17) == gain_db(tagged(-24), -17) == pytest.approx(-23)


def test_silence_in_what_was_heard_turns_nothing_up() -> None:
    silent = heard(SILENCE_LUFS, SILENCE_LUFS)

    assert gain_db(silent, -17) == 0
    assert gain_db(replace(silent, replay_gain_db=-4.0), -17) == pytest.approx(-3)


@given(track=tracks, target=targets)
def test_no_known_peak_comes_above_one_below_full_scale(track: Track, target: float) -> None:
    gain = gain_db(track, target)

    assert gain <= MOST_GAIN_DB
    if track.sound is None:
        assert gain <= 0
    elif track.sound.loudness_lufs > SILENCE_LUFS:
        assert track.sound.true_peak_dbtp + gain <= HIGHEST_PEAK_DBTP + 1e-9
        assert track.sound.loudness_lufs + gain <= target + 1e-9


@given(track=tracks, quiet=targets, loud=targets)
def test_a_louder_target_never_makes_a_track_quieter(
    track: Track, quiet: float, loud: float
) -> None:
    quiet, loud = sorted((quiet, loud))

    assert gain_db(track, quiet) <= gain_db(track, loud)
    assert gain_db(track, loud) - gain_db(track, quiet) <= loud - quiet + 1e-9


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [((60, 120), (60, 119), (59, 120, 0)), ((1320, 420), (1320, 1439, 0, 419), (420, 720, 1319))],
)
def test_quiet_hours_hold_from_their_first_minute_to_before_their_last(
    span: tuple[int, int], inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    quiet = QuietHours(*span, most_volume_pct=10)

    assert all(quiet.covers(minute) for minute in inside)
    assert not any(quiet.covers(minute) for minute in outside)


@given(start=minutes, end=minutes, at=minutes)
def test_quiet_hours_and_the_rest_of_the_day_share_no_minute(start: int, end: int, at: int) -> None:
    quiet, rest = QuietHours(start, end, 10), QuietHours(end, start, 10)

    assert quiet.covers(at) + rest.covers(at) == (start != end)


@given(
    chosen=percents,
    quiet=percents,
    at=minutes,
    is_ducked=st.booleans(),
    left_s=st.none() | st.floats(-10, 20_000),
)
def test_nothing_makes_it_louder_than_was_chosen(
    chosen: int, quiet: int, at: int, *, is_ducked: bool, left_s: float | None
) -> None:
    hours = QuietHours(0, 720, quiet)
    loud = heard_volume_pct(
        chosen, minute_of_day=at, quiet=hours, is_ducked=is_ducked, sleep_left_s=left_s
    )

    assert 0 <= loud <= chosen
    assert loud <= quiet or at >= 720
    if left_s is not None and left_s <= 0:
        assert loud == 0
