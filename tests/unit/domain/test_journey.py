"""The journey: how many tracks, and where each should sit."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.journey import FEWEST_STEPS, MOST_STEPS, Journey, steps_for, waypoints
from tests.strategies import affects

SAD, HAPPY = Affect(-0.65, -0.35), Affect(0.8, 0.45)


@given(affects, affects, st.integers(0, 20), st.integers(0, 3))
def test_waypoints_lead_to_the_goal_and_never_away_from_it(
    start: Affect, goal: Affect, steps: int, most_at_start: int
) -> None:
    points = waypoints(start, goal, steps, most_at_start)

    assert len(points) == steps
    if points:
        assert points[-1] == goal
    distances = [point.distance_to(goal) for point in points]
    assert all(later <= before + 1e-9 for before, later in pairwise(distances))
    if start.distance_to(goal) > 0.01:
        assert points.count(start) <= most_at_start


@given(affects, affects)
def test_as_many_steps_as_the_distance_asks_for_are_small(start: Affect, goal: Affect) -> None:
    steps = steps_for(start, goal)
    points = waypoints(start, goal, steps)

    assert FEWEST_STEPS <= steps <= MOST_STEPS
    assert points[0] == start
    assert all(one.distance_to(other) < 0.41 for one, other in pairwise(points))


def test_time_that_is_left_is_spent_at_the_goal() -> None:
    points = waypoints(SAD, HAPPY, 12)

    assert points.count(SAD) == 2
    assert points.count(HAPPY) == 6


def test_a_short_way_still_begins_at_the_start() -> None:
    assert waypoints(SAD, HAPPY, 1) == [HAPPY]
    assert waypoints(SAD, HAPPY, 2) == [SAD, HAPPY]
    assert waypoints(SAD, HAPPY, 3) == [SAD, SAD.towards(HAPPY, 0.5), HAPPY]


def test_who_has_waited_long_enough_moves_on_at_once() -> None:
    assert waypoints(SAD, HAPPY, 2, 0) == [SAD.towards(HAPPY, 0.5), HAPPY]


@pytest.mark.parametrize(
    ("goal", "place", "lingers"),
    [
        (HAPPY, Affect(-0.5, -0.3), True),
        (HAPPY, Affect(-0.3, -0.2), False),
        (Affect(-0.5, -0.3), Affect(-0.6, -0.35), True),
        (Affect(-0.5, -0.3), Affect(-0.5, -0.3), False),
    ],
)
def test_music_lingers_that_is_nearer_to_the_start_than_a_step(
    goal: Affect, place: Affect, *, lingers: bool
) -> None:
    assert Journey(SAD, goal).lingers_at(place) == lingers
