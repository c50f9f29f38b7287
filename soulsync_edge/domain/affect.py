"""A point on the valence-arousal plane."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Quadrant(StrEnum):
    """The four corners of the circumplex (Russell 1980)."""

    HAPPY_EXCITED = "happy-excited"
    ANGRY_TENSE = "angry-tense"
    SAD_TIRED = "sad-tired"
    CALM_CONTENT = "calm-content"


@dataclass(frozen=True, slots=True)
class Affect:
    """Where a feeling, a mood or a track sits on the plane of core affect.

    Attributes:
        valence: Unpleasant -1 to pleasant +1.
        arousal: Calm -1 to activated +1.

    Raises:
        ValueError: A coordinate is not a number from -1 to 1.

    Source: Russell (1980), circumplex; Russell (2003), core affect.
    """

    valence: float
    arousal: float

    def __post_init__(self) -> None:
        for name, value in (("valence", self.valence), ("arousal", self.arousal)):
            if not -1.0 <= value <= 1.0:  # also refuses NaN
                raise ValueError(f"{name} must be from -1 to 1, got {value}")

    def distance_to(self, other: "Affect") -> float:
        """Return the Euclidean distance, 0 to 2.83."""
        return math.hypot(self.valence - other.valence, self.arousal - other.arousal)

    def towards(self, other: "Affect", share: float) -> "Affect":
        """Return the point `share` (0 to 1, clamped) of the straight way to `other`."""
        share = min(max(share, 0.0), 1.0)
        return clamped(
            self.valence + share * (other.valence - self.valence),
            self.arousal + share * (other.arousal - self.arousal),
        )

    @property
    def quadrant(self) -> Quadrant:
        """The corner this point lies in; the axes count as the positive side."""
        if self.valence >= 0:
            return Quadrant.HAPPY_EXCITED if self.arousal >= 0 else Quadrant.CALM_CONTENT
        return Quadrant.ANGRY_TENSE if self.arousal >= 0 else Quadrant.SAD_TIRED


CENTRE = Affect(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """How unsure a place on the plane is: a standard deviation on each axis.

    Attributes:
        valence: Above 0.
        arousal: Above 0.

    Raises:
        ValueError: One is not a finite number above 0.
    """

    valence: float
    arousal: float

    def __post_init__(self) -> None:
        for name, value in (("valence", self.valence), ("arousal", self.arousal)):
            if not 0.0 < value < math.inf:  # also refuses NaN
                raise ValueError(f"the spread of {name} must be above 0, got {value}")


def clamped(valence: float, arousal: float) -> Affect:
    """Return the affect nearest to the given coordinates, which may lie a little outside."""
    return Affect(min(max(valence, -1.0), 1.0), min(max(arousal, -1.0), 1.0))
