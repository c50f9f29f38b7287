"""Trials: told in a sentence, kept as plain values, and never more than are remembered."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.shifting import Approach, Goal
from soulsync_edge.domain.trial import (
    MOST_TRIALS,
    Outcome,
    Trial,
    plain,
    sentence,
    trial_from,
    with_trial,
)
from tests.strategies import affects

trials = st.builds(
    Trial,
    track_id=st.text(max_size=9),
    day=st.integers(0, 10**6),
    minute_of_day=st.integers(0, 1439),
    goal=st.sampled_from(Goal),
    approach=st.sampled_from(Approach),
    before=st.none() | affects,
    after=st.none() | affects,
    progress=st.none() | st.floats(-3, 3),
    outcome=st.sampled_from(Outcome),
    next_approach=st.sampled_from(Approach),
)


def a_trial(outcome: Outcome, next_approach: Approach = Approach.STEADY) -> Trial:
    return Trial(
        "t", 1, 2, Goal.CALM, Approach.STEADY, None, None, None, outcome, next_approach
    )  # fmt: skip


def test_a_trial_is_told_in_a_sentence() -> None:
    assert (
        sentence(a_trial(Outcome.STAYED, Approach.SLOWER), "Moss")
        == "Led to calm with “Moss”: the mood stayed where it was; then in smaller steps"
    )
    assert sentence(a_trial(Outcome.SKIPPED), "Moss") == "Led to calm with “Moss”: it was skipped"


@given(trials)
def test_a_sentence_says_nothing_of_what_somebody_feels(trial: Trial) -> None:
    assert "you" not in sentence(trial, "Moss").lower()


@given(trials)
def test_what_is_kept_comes_back_but_for_where_the_mood_was(trial: Trial) -> None:
    kept = plain(trial)
    back = trial_from(json.loads(json.dumps(kept)))

    assert plain(back) == kept
    assert (back.before, back.after) == (None, None)


@pytest.mark.parametrize("values", [None, 3, [], {}, {"goal": "calm"}])
def test_what_is_no_trial_is_refused(values: object) -> None:
    with pytest.raises(ValueError, match="no trial"):
        trial_from(values)


def test_the_oldest_trials_are_forgotten() -> None:
    many = tuple(a_trial(Outcome.STAYED) for _ in range(MOST_TRIALS))

    assert with_trial(many, a_trial(Outcome.SKIPPED))[-1].outcome is Outcome.SKIPPED
    assert len(with_trial(many, a_trial(Outcome.SKIPPED))) == MOST_TRIALS
