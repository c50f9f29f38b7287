"""`scripts.bench.figures`: what is read off many values, and what is said of it."""

from typing import Any

import pytest

from scripts.bench.figures import TARGETS, missed, p95, say


def on_target() -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, most in TARGETS.items():
        *groups, last = name.split(".")
        inner = figures
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = most
    return figures


def test_at_least_95_percent_of_the_values_are_at_most_the_percentile() -> None:
    assert p95([float(number) for number in range(1, 101)]) == 95.0
    assert p95([float(number) for number in range(1, 41)]) == 38.0
    assert p95([3.0, 1.0, 2.0]) == 3.0
    assert p95([7.0]) == 7.0


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        p95([])


def test_a_figure_at_its_target_meets_it() -> None:
    assert missed(on_target()) == []


def test_missed_targets_are_named_also_inside_a_group() -> None:
    figures = on_target() | {"frame_ms": 5.01, "rss_mb": {"eye": 161.0, "total": 350.0}}

    assert missed(figures) == ["frame_ms", "rss_mb.eye"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(4.0, "ok: at most 5 ms"), (6.0, "MISSED: at most 5 ms"), (None, "not readable")],
)
def test_a_line_says_whether_the_target_was_met(
    capsys: pytest.CaptureFixture[str], value: float | None, said: str
) -> None:
    say("the whole", value, "ms", "frame_ms")

    assert said in capsys.readouterr().out


def test_a_line_without_a_target_judges_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    say("crop it", 0.25, "ms")

    assert capsys.readouterr().out.split() == ["crop", "it", "0.25", "ms"]
