"""What was tried to lead a mood to a goal, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.shifting import Approach, Goal

MOST_TRIALS = 100
"""Trials that are remembered: several evenings' worth."""


class Outcome(StrEnum):
    """What came of a trial."""

    ARRIVED = "arrived"
    FOLLOWED = "followed"
    STAYED = "stayed"
    WORSENED = "worsened"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trial:
    """One track that was to lead the mood on.

    Attributes:
        track_id: Which one.
        day: When it was over, as `datetime.date.toordinal` counts local days; 0: unknown.
        minute_of_day: And at what local time, 0 to 1439.
        goal: Where it was to lead.
        approach: In which way.
        before: The settled mood when it began, or None where it was not known.
        after: The settled mood when it was over, or None likewise.
        progress: How far the mood moved towards the goal, as a distance on the affect plane; below
            0: away from it. None where that is not known.
        outcome: What that is taken for.
        next_approach: How the shift goes on.
    """

    track_id: str
    day: int
    minute_of_day: int
    goal: Goal
    approach: Approach
    before: Affect | None
    after: Affect | None
    progress: float | None
    outcome: Outcome
    next_approach: Approach


def with_trial(trials: tuple[Trial, ...], trial: Trial) -> tuple[Trial, ...]:
    """Return `trials` with one more, and no more than are remembered."""
    return (*trials, trial)[-MOST_TRIALS:]


def sentence(trial: Trial, title: str) -> str:
    """Return what was tried and what came of it, as a sentence for people.

    Args:
        trial: What was tried.
        title: What its track is called.
    """
    said = f"{_TRIED[trial.approach].format(goal=trial.goal.value)} with \u201c{title}\u201d: "
    said += _CAME_OF_IT[trial.outcome].format(goal=trial.goal.value)
    if trial.next_approach is not trial.approach:
        said += f"; then {_GOES_ON[trial.next_approach]}"
    return said


_TRIED: Mapping[Approach, str] = {
    Approach.STEADY: "Led to {goal}",
    Approach.SLOWER: "Led to {goal} in smaller steps",
    Approach.ELSEWHERE: "Led to {goal} with other music",
    Approach.MATCH: "Stayed with the mood on the way to {goal}",
}

_CAME_OF_IT: Mapping[Outcome, str] = {
    Outcome.ARRIVED: "the mood was at the goal",
    Outcome.FOLLOWED: "the mood came nearer",
    Outcome.STAYED: "the mood stayed where it was",
    Outcome.WORSENED: "the mood moved away",
    Outcome.SKIPPED: "it was skipped",
    Outcome.UNKNOWN: "what came of it could not be seen",
}

_GOES_ON: Mapping[Approach, str] = {
    Approach.STEADY: "on in steady steps",
    Approach.SLOWER: "in smaller steps",
    Approach.ELSEWHERE: "with other music",
    Approach.MATCH: "the music stayed with the mood",
}


def plain(trial: Trial) -> dict[str, object]:
    """Return `trial` as plain values, to be kept: all but where the mood was."""
    return {
        "track_id": trial.track_id,
        "day": trial.day,
        "minute_of_day": trial.minute_of_day,
        "goal": trial.goal.value,
        "approach": trial.approach.value,
        "progress": None if trial.progress is None else round(trial.progress, 3),
        "outcome": trial.outcome.value,
        "next_approach": trial.next_approach.value,
    }


def trial_from(values: Any) -> Trial:  # whatever was kept
    """Return the trial that `plain` made `values` of.

    Raises:
        ValueError: It did not.
    """
    try:
        progress = values["progress"]
        return Trial(
            track_id=str(values["track_id"]),
            day=int(values["day"]),
            minute_of_day=int(values["minute_of_day"]),
            goal=Goal(values["goal"]),
            approach=Approach(values["approach"]),
            before=None,
            after=None,
            progress=None if progress is None else float(progress),
            outcome=Outcome(values["outcome"]),
            next_approach=Approach(values["next_approach"]),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"no trial: {values!r:.80}") from error
