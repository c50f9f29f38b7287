import numpy as np
import pytest

from models.recipes.emotion.measures import (
    Shares,
    accuracy,
    accuracy_at_80,
    bootstrap,
    calibration_bins,
    calibration_error,
    confusion,
    kept_of,
    mean_recall,
    risk_at,
    wilson,
)


def sure_of(predicted: list[int], confidence: list[float]) -> Shares:
    """Shares of three classes, the rest of each row split over the other two."""
    shares = np.empty((len(predicted), 3))
    for row, (which, share) in enumerate(zip(predicted, confidence, strict=True)):
        shares[row] = (1 - share) / 2
        shares[row, which] = share
    return shares


def test_confusion_counts_what_was_read_as_what() -> None:
    shares = sure_of([0, 1, 1, 2], [0.9] * 4)

    assert confusion(shares, np.array([0, 0, 1, 1])).tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 0]]


def test_mean_recall_counts_each_class_that_is_there_once() -> None:
    # Three of four of class 0, none of class 1; class 2 has no row.
    shares = sure_of([0, 0, 0, 2, 0], [0.9] * 5)
    labels = np.array([0, 0, 0, 0, 1])

    assert accuracy(shares, labels) == pytest.approx(0.6)
    assert mean_recall(shares, labels) == pytest.approx((0.75 + 0.0) / 2)


def test_at_80_percent_coverage_the_least_confident_fifth_is_left_out() -> None:
    shares = sure_of([0] * 10, [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5, 0.4])
    wrong_where_unsure = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1])

    assert accuracy(shares, wrong_where_unsure) == pytest.approx(0.7)
    assert accuracy_at_80(shares, wrong_where_unsure) == pytest.approx(7 / 8)
    point = risk_at(0.7, shares, wrong_where_unsure)
    assert [point.risk, point.least_confidence] == pytest.approx([0.0, 0.65])


def test_the_smallest_coverage_still_keeps_one_row() -> None:
    assert risk_at(0.05, sure_of([0, 1], [0.6, 0.9]), np.array([1, 1])).risk == 0.0


def test_what_is_kept_of_nothing_is_nothing() -> None:
    assert [kept_of(0.8, 0.6), kept_of(0.0, 0.1)] == pytest.approx([0.75, 0.0])


def test_bins_tell_confidence_and_accuracy_apart() -> None:
    shares = sure_of([0] * 4, [0.90, 0.90, 0.50, 1.0])
    labels = np.array([0, 1, 0, 0])

    half, nine_tenths, certain = calibration_bins(shares, labels)

    assert [half.n, half.confidence, half.accuracy] == pytest.approx([1, 0.5, 1.0])
    assert (nine_tenths.n, nine_tenths.accuracy) == (2, 0.5)
    assert [nine_tenths.low, nine_tenths.high] == pytest.approx([13 / 15, 14 / 15])
    assert (certain.n, certain.high) == (1, 1.0)
    assert calibration_error(shares, labels) == pytest.approx((0.5 + 2 * 0.4 + 0.0) / 4)


@pytest.mark.parametrize(
    ("share", "n", "expected"),
    # Source: Brown, Cai & DasGupta (2001), and the closed form at the ends: z**2 / (n + z**2).
    [(0.5, 10, (0.2366, 0.7634)), (1.0, 10, (0.7225, 1.0)), (0.0, 10, (0.0, 0.2775))],
)
def test_wilson_gives_the_textbook_interval(
    share: float, n: int, expected: tuple[float, float]
) -> None:
    assert wilson(share, n) == pytest.approx(expected, abs=5e-5)


def test_the_bootstrap_agrees_with_wilson_on_an_accuracy_and_is_the_same_every_time() -> None:
    random = np.random.default_rng(7)
    shares = sure_of([0] * 2000, [0.9] * 2000)
    labels = (random.random(2000) > 0.8).astype(np.int64)

    low, high = bootstrap(accuracy, shares, labels)

    assert (low, high) == bootstrap(accuracy, shares, labels)
    assert (low, high) == pytest.approx(wilson(accuracy(shares, labels), 2000), abs=0.003)


def test_the_interval_of_a_calibration_error_holds_the_error_itself() -> None:
    random = np.random.default_rng(7)
    confidence = random.uniform(0.4, 1.0, 1000)
    shares = sure_of([0] * 1000, confidence.tolist())
    labels = (random.random(1000) > confidence).astype(np.int64)  # as right as confident

    low, high = bootstrap(calibration_error, shares, labels)

    assert 0.0 <= low <= calibration_error(shares, labels) <= high
