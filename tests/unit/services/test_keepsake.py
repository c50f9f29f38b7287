"""What plays and was heard, kept for the next start, on clocks that start anew and jump."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.freshness import Heard
from soulsync_edge.domain.session import NowPlaying, Session
from soulsync_edge.services.keepsake import (
    MOST_HEARD,
    Now,
    history_from,
    history_of,
    playing_from,
    present_of,
    sleep_from,
)

YEAR_S = 365 * 86400.0
PLAYING = NowPlaying("t1", "a close match", Affect(0.25, -0.5), 5000.0, position_s=61.3)
SESSION = Session(
    playing=PLAYING,
    sleep_at_s=5900.0,
    history=(Heard("t0", "Ada", 4800.0, "Dawn"), Heard("t1", "", 5000.0)),
)
WRITTEN = Now("run 1", 5060.0, 50 * YEAR_S)


def _through_the_store(value: dict[str, object]) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(json.dumps(value))
    return kept


def test_in_the_same_run_everything_is_as_it_was() -> None:
    moved = Now("run 1", 5070.0, 50 * YEAR_S + 10).moved_from(WRITTEN.as_kept())
    present, history = map(_through_the_store, (present_of(SESSION), history_of(SESSION)))

    assert playing_from(present, moved) == PLAYING
    assert sleep_from(present, moved) == SESSION.sleep_at_s
    assert history_from(history, moved) == SESSION.history


def test_after_a_power_cut_what_was_is_as_long_ago_as_it_was_and_the_time_without_power() -> None:
    moved = Now("run 2", 20.0, 50 * YEAR_S + 600).moved_from(WRITTEN.as_kept())
    present = _through_the_store(present_of(SESSION))

    playing = playing_from(present, moved)

    assert playing is not None
    assert 20.0 - playing.chosen_s == pytest.approx(60 + 600)
    assert playing.position_s == PLAYING.position_s
    sleep_at_s = sleep_from(present, moved)
    assert sleep_at_s is not None
    assert sleep_at_s - 20.0 == pytest.approx(840 - 600)


def test_a_wall_clock_that_went_back_counts_as_no_time_at_all() -> None:
    moved = Now("run 2", 20.0, 0.0).moved_from(WRITTEN.as_kept())

    ages_s = [20.0 - heard.at_s for heard in history_from(history_of(SESSION), moved)]

    assert ages_s == pytest.approx([260.0, 60.0])


def test_a_run_that_is_not_known_is_no_run_from_before() -> None:
    assert not Now("", 20.0, 0.0).is_same_run(Now("", 10.0, 0.0).as_kept())


def test_a_run_whose_clock_went_back_is_another() -> None:
    """A run folder that outlives the machine's run, as on a developer's disk."""
    assert not Now("run 1", 20.0, 60 * YEAR_S).is_same_run(WRITTEN.as_kept())


@given(
    at_s=st.floats(0, 1e7),
    wall_s=st.floats(0, 5e9),
    later_wall_s=st.floats(0, 5e9),
    now_s=st.floats(0, 1e7),
    age_s=st.floats(0, 1e5),
)
def test_no_clock_makes_anything_younger_than_it_was(
    at_s: float, wall_s: float, later_wall_s: float, now_s: float, age_s: float
) -> None:
    kept = Now("run 1", at_s, wall_s).as_kept()
    now = Now("run 2", now_s, later_wall_s)

    assert now.at_s - now.moved_from(kept)(at_s - age_s) >= age_s - 1e-3


def test_no_more_is_kept_than_a_day_of_music() -> None:
    many = tuple(Heard(str(number), "A" * 5000, float(number)) for number in range(2000))

    kept = history_of(Session(history=many))

    assert len(json.dumps(kept)) < 100_000
    assert history_from(kept, float)[0].track_id == str(2000 - MOST_HEARD)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "soon", None, []])
def test_a_time_that_is_none_is_refused(value: object) -> None:
    moved = Now("run 1", 5070.0, 0.0).moved_from(WRITTEN.as_kept())

    with pytest.raises((ValueError, TypeError)):
        moved(value)
