"""Figures as people read them: a line each, with what was aimed at where there is an aim."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

TARGETS: Mapping[str, float] = {
    "frame_ms": 5.0,
    "eye_cpu_pct": 5.0,
    "rss_mb.eye": 160.0,
    "rss_mb.total": 350.0,
    "decide_ms_p95": 20.0,
    "first_sound_ms_p95": 700.0,
    "joins.fade_off_db_most": 1.5,
    "page_ready_s": 2.0,
    "first_music_s": 5.0,
    "choosing.choose_ms_p95": 50.0,
    "choosing.plan_ms_p95": 150.0,
    "scan_s": 90.0,
    "scan_peak_mb": 150.0,
    "scan_core_late_ms_p99": 20.0,
    "scan_again_core_late_ms_p99": 20.0,
}
"""The most each figure should be on two desktop cores; inside a group after a dot."""

_WORDS_WIDE = 50


def p95(values: Sequence[float]) -> float:
    """Return the smallest of `values` that at least 95 % of them do not exceed.

    Raises:
        ValueError: There are none.
    """
    if not values:
        raise ValueError("a percentile needs at least one value")
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def middle(values: Sequence[float], digits: int) -> float:
    """Return the median of `values`, rounded to `digits` after the point."""
    return round(median(values), digits)


def say_heading(text: str) -> None:
    """Print what the lines below are about."""
    print(f"\n{text}", flush=True)


def say(words: str, value: float | None, unit: str, target: str = "") -> None:
    """Print one figure; `target` names its entry in `TARGETS`, empty when it has none."""
    number = "not readable" if value is None else f"{value:g} {unit}"
    print(f"  {words:{_WORDS_WIDE}} {number:>14}{_judged(value, unit, target)}", flush=True)


def say_row(words: str, *cells: float | str) -> None:
    """Print one row of a table of its own."""
    columns = "".join(f"{cell:>18}" for cell in cells)
    print(f"  {words:{_WORDS_WIDE - 10}}{columns}", flush=True)


def missed(figures: Mapping[str, Any]) -> list[str]:
    """Return the names of the targets that `figures` miss."""
    return [name for name, most in TARGETS.items() if _figure(figures, name) > most]


def _judged(value: float | None, unit: str, target: str) -> str:
    if value is None or not target:
        return ""
    most = TARGETS[target]
    verdict = "ok" if value <= most else "MISSED"
    return f"   {verdict}: at most {most:g} {unit}"


def _figure(figures: Mapping[str, Any], name: str) -> float:
    value: Any = figures
    for part in name.split("."):
        value = value[part]
    return float(value)
