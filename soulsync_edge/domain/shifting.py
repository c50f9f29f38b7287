"""Match the mood, or shift it towards a goal along the iso ramp."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from soulsync_edge.domain.affect import Affect


class Mode(StrEnum):
    """What the music does with the mood."""

    MATCH = "match"
    SHIFT = "shift"
    SCHEDULE = "schedule"
    """By the time of day, whatever the mood."""
    OFF = "off"
    """Neither: any music, fresh and mixed."""


class Goal(StrEnum):
    """Where a shift leads."""

    CALM = "calm"
    FOCUS = "focus"
    LIFT = "lift"
    ENERGISE = "energise"
    SLEEP = "sleep"


AFFECT_OF_GOAL: Mapping[Goal, Affect] = {
    # Calm lies between Warriner et al. (2013) and Russell & Mehrabian (1977); the others are
    # placed around it by what their word asks of valence and arousal. They are ours to tune.
    Goal.CALM: Affect(0.50, -0.55),
    Goal.FOCUS: Affect(0.30, 0.05),
    Goal.LIFT: Affect(0.75, 0.35),
    Goal.ENERGISE: Affect(0.60, 0.80),
    Goal.SLEEP: Affect(0.20, -0.90),
}


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift under way.

    Attributes:
        goal: Where it leads.
        start: The mood when it began.
        started_s: When it began, on the clock of the events.
    """

    goal: Goal
    start: Affect
    started_s: float


def music_target(mood: Affect, goal: Affect, elapsed_s: float, ramp_s: float) -> Affect:
    """Return where the music should sit `elapsed_s` into a shift.

    The music starts at the listener's own mood and moves in a straight line to
    `goal`, arriving at `ramp_s` and staying there.

    Args:
        mood: Smoothed mood when the shift began.
        goal: Where the listener wants to be.
        elapsed_s: Seconds since the shift began; negative counts as zero.
        ramp_s: Seconds the whole journey takes; greater than zero.

    Raises:
        ValueError: `ramp_s` is zero or less.

    Source: iso principle, Altshuler (1948).
    """
    if ramp_s <= 0:
        raise ValueError(f"ramp_s must be above 0, got {ramp_s}")
    return mood.towards(goal, min(max(elapsed_s / ramp_s, 0.0), 1.0))
