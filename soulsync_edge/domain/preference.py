"""What is preferred in general: Bayesian linear regression, small enough for plain Python."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

HALF_LIFE_DAYS = 56
"""What was observed counts half after so many days: tastes change. Ours to tune."""

NOISE = 0.5
"""Standard deviation of one reward about what is preferred: a skip has many reasons."""

PRIOR_SD = 0.25
"""Standard deviation of a weight before anything was observed. Both are ours to tune, on the
learning curve of tests/unit/domain/test_taste_curve.py."""

_PRIOR = (NOISE / PRIOR_SD) ** 2

Row = tuple[float, ...]


def kept_after(days: int) -> float:
    """Return the share of what was observed that still counts, above 0 to 1."""
    return math.exp2(-max(days, 0) / HALF_LIFE_DAYS)


def faded(since_day: int, day: int) -> float:
    """Return what share of an observation counts on `day`; 0 stands for a day nobody knows.

    A clock that was set back forgets nothing.
    """
    return kept_after(day - since_day) if since_day > 0 and day > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Tally:
    """Rewards of one kind, such as those of one track, beyond what was expected.

    Attributes:
        total: Their sum, each by its weight.
        weight: How much was observed, 0 or more.
        day: When it was last; 0: unknown.

    Raises:
        ValueError: A number is none, or the weight or the day is below 0.
    """

    total: float = 0.0
    weight: float = 0.0
    day: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.total) and 0.0 <= self.weight < math.inf and self.day >= 0):
            raise ValueError(f"a tally must hold numbers and a weight of 0 or more, got {self}")

    def after(self, reward: float, weight: float, day: int) -> "Tally":
        """Return the tally once `reward` was observed on `day`."""
        keep = faded(self.day, day)
        return Tally(
            self.total * keep + weight * reward, self.weight * keep + weight, day or self.day
        )

    def without(self, reward: float, weight: float, day: int) -> "Tally":
        """Return the tally once that observation is taken back, as far as it still counts."""
        keep = faded(self.day, day)
        left = max(self.weight * keep - weight, 0.0)
        total = min(max(self.total * keep - weight * reward, -left), left)
        return Tally(total, left, day or self.day)

    def mean(self, doubt: float, day: int) -> float:
        """Return what to expect on `day`, drawn towards 0 as by `doubt` observations of it."""
        keep = faded(self.day, day)
        return self.total * keep / (self.weight * keep + doubt)

    def sd(self, doubt: float, day: int) -> float:
        """Return how unsure that is: a standard deviation."""
        return NOISE / math.sqrt(self.weight * faded(self.day, day) + doubt)


@dataclass(frozen=True, slots=True)
class Preference:
    """What was observed of rewards and features, all that a linear model needs of it.

    Attributes:
        evidence: The sum of the features' products, the lower triangle row by row; empty: nothing.
        pull: The sum of the features, each by its reward.
        day: When something was last observed; 0: unknown.

    Raises:
        ValueError: A number is none, or there are not as many as must be.
    """

    evidence: Row = ()
    pull: Row = ()
    day: int = 0

    def __post_init__(self) -> None:
        size = len(self.pull)
        if len(self.evidence) != size * (size + 1) // 2:
            raise ValueError(f"{size} features have {size * (size + 1) // 2} products")
        if not all(map(math.isfinite, (*self.evidence, *self.pull))) or self.day < 0:
            raise ValueError("a preference must hold numbers and a day of 0 or more")

    def after(self, features: Row, reward: float, weight: float, day: int) -> "Preference":
        """Return the preference once `reward` was observed on `day`."""
        keep = faded(self.day, day)
        products = [
            one * other for row, one in enumerate(features) for other in features[: row + 1]
        ]
        evidence = self.evidence or (0.0,) * len(products)
        pull = self.pull or (0.0,) * len(features)
        return Preference(
            tuple(old * keep + weight * new for old, new in zip(evidence, products, strict=True)),
            tuple(
                old * keep + weight * reward * new for old, new in zip(pull, features, strict=True)
            ),
            day or self.day,
        )

    def observations(self, day: int) -> float:
        """Return how much was observed, as it counts on `day`; the first feature must be 1."""
        return self.evidence[0] * faded(self.day, day) if self.evidence else 0.0

    def belief(self, size: int, day: int) -> "Belief":
        """Return what to believe of `size` weights on `day`."""
        keep = faded(self.day, day)
        precision = _square(self.evidence, size, keep)
        factor = _cholesky(precision)
        pull = [keep * one for one in self.pull] or [0.0] * size
        return Belief(tuple(_solved_back(factor, _solved(factor, pull))), factor)


@dataclass(frozen=True, slots=True)
class Belief:
    """The weights of the features, and how unsure they are: a normal distribution.

    Attributes:
        weights: Their mean.
        factor: The lower triangle of the precision's Cholesky factor, in units of `NOISE`.
    """

    weights: Row
    factor: tuple[Row, ...]

    def drawn(self, normals: Sequence[float]) -> Row:
        """Return weights drawn from the distribution by as many standard normal numbers.

        Source: Thompson (1933); Agrawal & Goyal (2013), for linear rewards.
        """
        steps = _solved_back(self.factor, normals)
        return tuple(
            weight + NOISE * step for weight, step in zip(self.weights, steps, strict=True)
        )


def _square(evidence: Row, size: int, keep: float) -> tuple[list[float], ...]:
    """Return the lower triangle of the precision: the prior, and what is kept of the evidence."""
    rows = []
    first = 0
    for row in range(size):
        seen = evidence[first : first + row + 1] or (0.0,) * (row + 1)
        rows.append([keep * one for one in seen])
        rows[row][row] += _PRIOR
        first += row + 1
    return tuple(rows)


def _cholesky(square: Sequence[Sequence[float]]) -> tuple[Row, ...]:
    """Return the lower triangle whose product with its transpose is `square`."""
    factor: list[list[float]] = []
    for number, row in enumerate(square):
        new: list[float] = []
        for other in range(number):
            done = math.fsum(a * b for a, b in zip(new, factor[other], strict=False))
            new.append((row[other] - done) / factor[other][other])
        # Never below the prior but by rounding: what was observed only adds to it.
        rest = row[number] - math.fsum(one * one for one in new)
        new.append(math.sqrt(max(rest, _PRIOR / 2)))
        factor.append(new)
    return tuple(map(tuple, factor))


def _solved(factor: Sequence[Row], right: Sequence[float]) -> list[float]:
    """Return what the lower triangle must be applied to, to give `right`."""
    found: list[float] = []
    for row, wanted in zip(factor, right, strict=True):
        done = math.fsum(a * b for a, b in zip(row, found, strict=False))
        found.append((wanted - done) / row[len(found)])
    return found


def _solved_back(factor: Sequence[Row], right: Sequence[float]) -> list[float]:
    """Return what the transpose of the lower triangle must be applied to, to give `right`."""
    size = len(factor)
    found = [0.0] * size
    for row in reversed(range(size)):
        done = math.fsum(factor[other][row] * found[other] for other in range(row + 1, size))
        found[row] = (right[row] - done) / factor[row][row]
    return found
