"""What a path is asked for: from which mood, to which goal, in which steps."""

import math
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.freshness import ChoiceRules

LEG = 0.4
"""Distance between waypoints, well within the longest step: tracks lie beside them.

This and the distances below are ours to tune, on the affect plane.
"""


@dataclass(frozen=True, slots=True)
class PathRules:
    """How a path is laid.

    Attributes:
        choice: How fresh tracks and artists must be, and how far chance may reach.
        most_at_start: How many tracks may stay with the starting mood, 0 or more.
        longest_step: How far two tracks in a row may lie apart where the library allows it.
    """

    choice: ChoiceRules = ChoiceRules()
    most_at_start: int = 2
    longest_step: float = 0.6


@dataclass(frozen=True, slots=True)
class Journey:
    """From where to where.

    Attributes:
        start: The mood now.
        goal: Where to lead it.
        start_name: What the mood is called; may be empty.
        goal_name: What the goal is called; may be empty.
        leg: How far apart waypoints lie at most, where there are tracks enough for that; above 0.
    """

    start: Affect
    goal: Affect
    start_name: str = ""
    goal_name: str = ""
    leg: float = LEG

    def lingers_at(self, affect: Affect) -> bool:
        """Return whether music at `affect` stays with the starting mood instead of moving on."""
        # A goal that is near is moved on to by a small step, and so is a waypoint that is.
        reach = min(AT_END, _OFF_START * self.leg, self.start.distance_to(self.goal) / 2)
        return affect.distance_to(self.start) < reach


FEWEST_STEPS, MOST_STEPS = 5, 8
"""Tracks of a path when nobody says how many; longer ones are too slow, shorter ones too steep."""

SHORTEST_STEP = 0.15
"""Two places nearer than this are one to the ear."""

AT_END = 0.3
"""This near a track counts as being at the start or at the goal."""

_OFF_START = 0.75
"""Share of a leg beyond which a track has left the start."""


def steps_for(start: Affect, goal: Affect) -> int:
    """Return how many tracks a path has when nobody says: by its length, 5 to 8."""
    return min(max(legs_for(start, goal) + 2, FEWEST_STEPS), MOST_STEPS)


def legs_for(start: Affect, goal: Affect, leg: float = LEG) -> int:
    """Return in how many even legs of `leg` at most a way is gone, 1 or more."""
    return max(math.ceil(start.distance_to(goal) / leg), 1)


def waypoints(
    start: Affect, goal: Affect, steps: int, most_at_start: int = 2, legs: int | None = None
) -> list[Affect]:
    """Return where each of `steps` tracks should sit.

    First as many as there is time for at the start, then evenly along the straight way, the rest
    at the goal.

    Args:
        start: The mood now.
        goal: Where to lead it.
        steps: How many, 0 or more; a single one sits at the goal.
        most_at_start: How many may sit at the start, 0 or more.
        legs: In how many legs at most, above 0; None takes `legs_for` the distance.

    Source: iso principle, Altshuler (1948).
    """
    if steps < 1:
        return []
    fewest_at_start = min(most_at_start, steps - 1, 1)
    legs = min(legs or legs_for(start, goal), steps - fewest_at_start)
    at_start = min(most_at_start, steps - legs)
    way = [start.towards(goal, leg / legs) for leg in range(1, legs)]
    return [start] * at_start + way + [goal] * (steps - at_start - len(way))
