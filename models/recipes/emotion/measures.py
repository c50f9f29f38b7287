"""How good and how honest probabilities are: accuracy, recall, calibration, risk, intervals.

Everywhere `shares` is `(N, K)` float64, and `labels` `(N,)` int64, the right column of each row; N
is at least 1. The largest of a row is its confidence: rows sum to 1, or to less where not all that
was read is believed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Shares = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Measure = Callable[[Shares, Labels], float]
Interval = tuple[float, float]

BINS = 15
"""Bins of equal width. Source: Guo et al. (2017), On calibration of modern neural networks."""

_NORMAL_95 = 1.959964
"""Standard deviations that 95 % of a normal distribution lie within."""

_RESAMPLES = 1000
_SEED = 1


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose confidence lies from `low` up to `high`."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Point:
    """What is wrong among the most confident rows.

    Attributes:
        coverage: Which share of all rows they are.
        risk: Which share of them is wrong.
        least_confidence: The lowest confidence among them.
    """

    coverage: float
    risk: float
    least_confidence: float


def accuracy(shares: Shares, labels: Labels) -> float:
    """Return the share of rows whose likeliest class is right."""
    return float(_is_right(shares, labels).mean())


def confusion(shares: Shares, labels: Labels) -> npt.NDArray[np.int64]:
    """Return how often each class (row) was read as which (column): `(K, K)`."""
    classes = shares.shape[1]
    cells = labels * classes + shares.argmax(axis=1)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def mean_recall(shares: Shares, labels: Labels) -> float:
    """Return the mean, over the classes that are among `labels`, of the share read right."""
    table = confusion(shares, labels)
    rows = table.sum(axis=1)
    return float((table.diagonal()[rows > 0] / rows[rows > 0]).mean())


def calibration_bins(shares: Shares, labels: Labels) -> tuple[Bin, ...]:
    """Return the bins that hold any rows, in order of confidence."""
    confidence, is_right = shares.max(axis=1), _is_right(shares, labels)
    which = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            n=int(inside.sum()),
            confidence=float(confidence[inside].mean()),
            accuracy=float(is_right[inside].mean()),
        )
        for number in range(BINS)
        if (inside := which == number).any()
    )


def calibration_error(shares: Shares, labels: Labels) -> float:
    """Return the expected calibration error: how far confidence is from being right, 0 to 1."""
    bins = calibration_bins(shares, labels)
    return sum(each.n * abs(each.confidence - each.accuracy) for each in bins) / len(labels)


def accuracy_at(coverage: float, shares: Shares, labels: Labels) -> float:
    """Return the accuracy over the most confident rows, `coverage` (above 0, to 1) of all."""
    return 1.0 - risk_at(coverage, shares, labels).risk


def accuracy_at_80(shares: Shares, labels: Labels) -> float:
    """Return the accuracy over the four fifths of the rows that are most confident."""
    return accuracy_at(0.8, shares, labels)


def risk_at(coverage: float, shares: Shares, labels: Labels) -> Point:
    """Return what is wrong among the most confident rows, `coverage` (above 0, to 1) of all."""
    kept = kept_at(coverage, len(labels))
    order = np.argsort(-shares.max(axis=1), kind="stable")[:kept]
    return Point(
        coverage=coverage,
        risk=1.0 - accuracy(shares[order], labels[order]),
        least_confidence=float(shares[order[-1]].max()),
    )


def kept_at(coverage: float, rows: int) -> int:
    """Return how many of `rows` a share of `coverage` is: at least one."""
    return max(round(coverage * rows), 1)


def kept_of(clean: float, changed: float) -> float:
    """Return which part of the `clean` share the `changed` one is; 0 where there was none."""
    return changed / clean if clean > 0 else 0.0


def wilson(share: float, n: int) -> Interval:
    """Return the 95 % interval of a share of `n` rows. Source: Wilson (1927)."""
    spread = _NORMAL_95**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = _NORMAL_95 / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def bootstrap(measure: Measure, shares: Shares, labels: Labels) -> Interval:
    """Return the 95 % interval of `measure`, from rows drawn again; the same every time.

    The normal interval about the measured value, not the percentiles: redrawn rows are worse
    calibrated than the rows themselves, so percentiles of a calibration error lie off it.

    Source: Efron & Tibshirani (1993), An introduction to the bootstrap, chapter 13.
    """
    random = np.random.default_rng(_SEED)
    drawn = (random.integers(0, len(labels), len(labels)) for _ in range(_RESAMPLES))
    values = [measure(shares[rows], labels[rows]) for rows in drawn]
    value, half = measure(shares, labels), _NORMAL_95 * float(np.std(values))
    return max(value - half, 0.0), min(value + half, 1.0)


def _is_right(shares: Shares, labels: Labels) -> npt.NDArray[np.bool_]:
    return np.asarray(shares.argmax(axis=1) == labels, np.bool_)
