"""Modes and goals."""

import pytest

from soulsync_edge.domain.affect import Quadrant
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal


def test_every_goal_has_a_place() -> None:
    assert set(AFFECT_OF_GOAL) == set(Goal)


@pytest.mark.parametrize("goal", Goal)
def test_no_goal_is_unpleasant(goal: Goal) -> None:
    assert AFFECT_OF_GOAL[goal].quadrant in {Quadrant.CALM_CONTENT, Quadrant.HAPPY_EXCITED}
