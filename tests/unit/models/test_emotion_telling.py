"""A figure is told the same everywhere, and as whole only where it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipes.emotion.tables import report_lines
from models.recipes.emotion.telling import percent, rounded


@pytest.mark.parametrize(
    ("share", "decimals", "told"),
    [
        (0.86965, 1, "87.0 %"),
        (0.99968, 1, "99.97 %"),
        (0.99968, 2, "99.97 %"),
        (0.99999, 2, "99.999 %"),
        (1.0, 2, "100.00 %"),
        (0.00032, 1, "0.03 %"),
        (0.0, 1, "0.0 %"),
        (-0.0, 1, "0.0 %"),
        (1e-17, 1, "0.0 %"),  # what arithmetic leaves of a bound of 0
    ],
)
def test_a_share_is_told_in_per_cent(share: float, decimals: int, told: str) -> None:
    assert percent(share, decimals) == told


@given(st.integers(1, 99_999))
def test_no_recorded_share_is_told_as_all_or_none_where_it_is_not(hundred_thousandths: int) -> None:
    share = hundred_thousandths / 100_000

    assert 0 < float(percent(share).removesuffix(" %")) < 100
    assert 0 < float(rounded(share, 3)) < 1


def test_the_table_tells_a_missing_face_and_a_single_mistake() -> None:
    report = {
        "n": 3153,
        "accuracy": 0.99996,
        "mean_recall": 1.0,
        "ece": 0.00004,
        "accuracy_at_80": 0.99996,
        "ms_per_face": 1.5,
        "confusion": [[2999, 1], [0, 1]],
        "labels": ["neutral", "happy"],
        "faces_found": 0.99996,
        "unsure": 0.0,
    }

    text = "\n".join(report_lines(report, {"accuracy": (0.99982, 1.0)}))

    assert "a face found in 99.996 %" in text
    assert "accuracy                   0.99996   95 %: 0.9998 to 1.0000" in text
    assert "mean class recall          1.0000" in text
    assert "calibration error          0.00004" in text
    assert "neutral     3000 0.9997 " in text
    assert "happy          1  1.000 " in text
