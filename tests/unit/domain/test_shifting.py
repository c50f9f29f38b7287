"""The iso ramp."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal, music_target
from tests.strategies import affects


def test_every_goal_has_a_place() -> None:
    assert set(AFFECT_OF_GOAL) == set(Goal)


@given(mood=affects, goal=affects)
def test_the_music_starts_at_the_mood_and_arrives_at_the_goal(mood: Affect, goal: Affect) -> None:
    assert music_target(mood, goal, 0.0, ramp_s=300) == mood
    assert music_target(mood, goal, 300.0, ramp_s=300).distance_to(goal) < 1e-9
    assert music_target(mood, goal, 9999.0, ramp_s=300).distance_to(goal) < 1e-9


@given(mood=affects, goal=affects, early=st.floats(0, 600), later=st.floats(0, 600))
def test_the_music_never_moves_away_from_the_goal(
    mood: Affect, goal: Affect, early: float, later: float
) -> None:
    early, later = sorted((early, later))
    before = music_target(mood, goal, early, ramp_s=300)
    after = music_target(mood, goal, later, ramp_s=300)

    assert after.distance_to(goal) <= before.distance_to(goal) + 1e-9


def test_a_ramp_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="ramp_s must be above 0, got 0"):
        music_target(Affect(0, 0), Affect(1, 1), 1.0, ramp_s=0)
