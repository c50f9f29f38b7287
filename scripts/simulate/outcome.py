"""What an evening came to, in numbers."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np
import numpy.typing as npt

from scripts.simulate.evening import MINUTES, Evening
from scripts.simulate.library import Library
from scripts.simulate.steersmen import LONGEST_STEP
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.rail import depth

RADIUS = 0.3
"""This near the goal somebody is there, on the affect plane; or half the way where that is less."""

HELD_MIN = 3
"""Minutes on end one must be there for the goal to count as reached."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one evening.

    Attributes:
        reached_min: After how many minutes the listener got to the goal and stayed; None: never.
        deeper: How much deeper in the sad or angry corner they ever were than at the start,
            truly, as a distance on the affect plane; 0 or more.
        mean_step: Mean distance from one track to the next, where our ear places them; the first
            step is from the mood as it was seen.
        longest_step: The longest of them.
        own_beta: Standardised slope of valence against position, on our own places of the tracks.
        own_spearman: Rank correlation of the same.
        true_spearman: The same where the tracks truly sit: for an independent label.
    """

    reached_min: float | None
    deeper: float
    mean_step: float
    longest_step: float
    own_beta: float
    own_spearman: float
    true_spearman: float

    @property
    def is_reached(self) -> bool:
        """The goal was reached."""
        return self.reached_min is not None

    @property
    def is_gentle(self) -> bool:
        """The goal was reached, and no step was a leap."""
        return self.is_reached and self.longest_step <= LONGEST_STEP

    @property
    def minutes(self) -> float:
        """Minutes to the goal; the whole evening when it was not reached."""
        return MINUTES if self.reached_min is None else self.reached_min


def outcome(evening: Evening, library: Library, goal: Affect) -> Outcome:
    """Return what came of `evening`."""
    start = evening.felt[0]
    places = [track.affect for track in evening.tracks]
    truth = [library.truth[track.track_id] for track in evening.tracks]
    steps = [one.distance_to(other) for one, other in pairwise([evening.seen, *places])]
    own = [place.valence for place in places]
    return Outcome(
        reached_min=reached_min(evening.felt, goal, min(RADIUS, start.distance_to(goal) / 2)),
        deeper=max(max(depth(felt) for felt in evening.felt) - depth(start), 0.0),
        mean_step=fmean(steps),
        longest_step=max(steps),
        own_beta=slope(own),
        own_spearman=spearman(own),
        true_spearman=spearman([place.valence for place in truth]),
    )


def reached_min(felt: tuple[Affect, ...], goal: Affect, radius: float) -> float | None:
    """Return after how many minutes a feeling came within `radius` of `goal` for `HELD_MIN`.

    Args:
        felt: Once a second.
        goal: Where to.
        radius: This near is there.
    """
    there = 0
    for second, place in enumerate(felt):
        there = there + 1 if place.distance_to(goal) <= radius else 0
        if there > HELD_MIN * 60:
            return (second - HELD_MIN * 60) / 60
    return None


def slope(values: list[float]) -> float:
    """Return the standardised slope of `values` against their position; 0 where there is none.

    With both standardised that is their correlation.
    """
    return _correlation(np.array(values))


def spearman(values: list[float]) -> float:
    """Return the rank correlation of `values` and their position; 0 where there is none."""
    places = np.array(values)
    _, ranks, counts = np.unique(places, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return _correlation((ends - (counts - 1) / 2)[ranks])  # equal ones share their mean rank


def _correlation(values: npt.NDArray[np.float64]) -> float:
    if len(values) < 2 or np.ptp(values) == 0:  # noqa: PLR2004  # a slope needs two points
        return 0.0
    return float(np.corrcoef(values, np.arange(len(values)))[0, 1])
