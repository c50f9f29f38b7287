"""The rail: what is safe on the way, and what is deeper in the dark than the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect, clamped
from soulsync_edge.domain.mood_words import AFFECT_OF_WORD
from soulsync_edge.domain.rail import SLACK, depth, rail
from tests.strategies import affects


@given(affects, affects, st.floats(0, 1))
def test_the_way_itself_is_safe(start: Affect, goal: Affect, share: float) -> None:
    assert rail(start, goal).allows(start.towards(goal, share))


@given(affects, affects, affects)
def test_nothing_safe_is_both_unpleasant_and_more_so_than_the_ends(
    start: Affect, goal: Affect, place: Affect
) -> None:
    if place.valence < min(start.valence, goal.valence, 0.0) - SLACK:
        assert not rail(start, goal).allows(place)


@given(affects, affects, affects)
def test_what_is_pleasant_is_safe(start: Affect, goal: Affect, place: Affect) -> None:
    if place.valence >= 0:
        assert rail(start, goal).allows(place)


@pytest.mark.parametrize(
    ("start", "goal", "place", "is_safe"),
    [
        ("sad", "calm", Affect(-0.5, -0.45), True),
        ("sad", "calm", Affect(-0.3, -0.6), True),
        ("sad", "calm", Affect(-0.7, -0.65), False),  # deeper into sad
        ("sad", "calm", Affect(-0.85, -0.1), False),  # more unpleasant
        ("sad", "energise", Affect(-0.6, 0.5), False),  # by way of anger
        ("angry", "calm", Affect(-0.45, 0.4), True),
        ("angry", "calm", Affect(-0.6, 0.9), False),  # deeper into anger
        ("angry", "sleep", Affect(-0.5, -0.5), False),  # by way of sadness
        ("calm", "lift", Affect(-0.05, -0.05), True),
        ("calm", "lift", Affect(-0.3, 0.0), False),
    ],
)
def test_the_way_leads_past_the_dark_corners(
    start: str, goal: str, place: Affect, *, is_safe: bool
) -> None:
    assert rail(AFFECT_OF_WORD[start], AFFECT_OF_WORD[goal]).allows(place) == is_safe


@given(affects)
def test_whoever_stays_may_move_a_little_in_any_direction(place: Affect) -> None:
    near = [
        clamped(place.valence + dv, place.arousal + da)
        for dv in (-0.04, 0.04)
        for da in (-0.04, 0.04)
    ]

    assert all(rail(place, place).allows(other) for other in near)


def test_depth_grows_towards_the_tips_and_is_none_on_the_pleasant_side() -> None:
    assert depth(Affect(0.3, -0.9)) == 0.0
    assert depth(Affect(-0.2, -0.2)) < depth(Affect(-0.6, -0.2)) < depth(Affect(-0.6, -0.7))
    assert depth(Affect(-1, 1)) == depth(Affect(-1, -1)) == pytest.approx(2**0.5)


@given(affects, affects, affects, st.floats(0, 0.3), st.floats(-1, 1), st.floats(-1, 1))
def test_where_nothing_near_a_place_is_safe_no_place_near_it_is(
    start: Affect, goal: Affect, middle: Affect, reach: float, right: float, up: float
) -> None:
    place = clamped(middle.valence + right * reach, middle.arousal + up * reach)

    if rail(start, goal).allows(place):
        assert rail(start, goal).allows_some(middle, reach + 1e-9)


@given(affects, affects, affects, affects, affects)
def test_a_rail_within_another_allows_nothing_that_either_forbids(
    start: Affect, goal: Affect, other_start: Affect, other_goal: Affect, place: Affect
) -> None:
    one, other = rail(start, goal), rail(other_start, other_goal)

    assert one.within(one) == one
    if one.within(other).allows(place):
        assert one.allows(place)
        assert other.allows(place)
