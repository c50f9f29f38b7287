"""The safety rail: music on the way somewhere goes no deeper into the dark than the way itself."""

import math
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect, Quadrant, clamped

SLACK = 0.1
"""How far beyond the way a track may still lie, as a distance on the affect plane; ours to tune."""

_SAMPLES = 50


@dataclass(frozen=True, slots=True)
class Rail:
    """Which places are safe on the way from one place to another.

    All but clearly unpleasant places always are. Those are when they are no more unpleasant than
    the ends of the way, and no deeper in their corner, sad-tired or angry-tense, than the straight
    way gets.

    Attributes:
        least_valence: No unpleasant place below this is safe.
        most_sad: How deep in the sad-tired corner a safe one may be.
        most_angry: How deep in the angry-tense corner.
    """

    least_valence: float
    most_sad: float
    most_angry: float

    def allows(self, affect: Affect) -> bool:
        """Return whether a track at `affect` is safe."""
        if affect.valence >= -SLACK:
            return True
        if abs(affect.arousal) < SLACK:  # on the border between the corners: in either
            most = max(self.most_sad, self.most_angry)
        else:
            most = self.most_sad if affect.arousal < 0.0 else self.most_angry
        return affect.valence >= self.least_valence and depth(affect) <= most

    def allows_some(self, middle: Affect, reach: float) -> bool:
        """Return whether a place is safe that lies within `reach` of `middle` on both axes."""
        # Nothing there is safer than what is most pleasant and least aroused or drowsy.
        arousal = math.copysign(max(abs(middle.arousal) - reach, 0.0), middle.arousal)
        return self.allows(clamped(middle.valence + reach, arousal))

    def within(self, other: "Rail") -> "Rail":
        """Return the rail that allows nothing but what both allow."""
        return Rail(
            least_valence=max(self.least_valence, other.least_valence),
            most_sad=min(self.most_sad, other.most_sad),
            most_angry=min(self.most_angry, other.most_angry),
        )


def rail(start: Affect, goal: Affect) -> Rail:
    """Return the rail for the way from `start` to `goal`."""
    way = [start.towards(goal, sample / _SAMPLES) for sample in range(_SAMPLES + 1)]
    return Rail(
        least_valence=min(start.valence, goal.valence, 0.0) - SLACK,
        most_sad=_deepest(way, Quadrant.SAD_TIRED) + SLACK,
        most_angry=_deepest(way, Quadrant.ANGRY_TENSE) + SLACK,
    )


def depth(affect: Affect) -> float:
    """Return how deep a place is in an unpleasant corner: 0 outside, up to 1.41 at its tip.

    Measured along the corner's diagonal.
    """
    return (abs(affect.arousal) - affect.valence) / 2**0.5 if affect.valence < 0.0 else 0.0


def _deepest(way: list[Affect], corner: Quadrant) -> float:
    return max((depth(place) for place in way if place.quadrant is corner), default=0.0)
