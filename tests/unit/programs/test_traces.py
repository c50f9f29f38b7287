"""Recorded sessions still lead to the decisions they led to."""

from pathlib import Path

import pytest

from soulsync_edge.programs.replay import decisions

TRACES = Path(__file__).parents[2] / "traces"


@pytest.mark.parametrize("trace", sorted(TRACES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_recorded_session_is_decided_as_it_was(trace: Path) -> None:
    told = list(decisions(trace))

    assert all(is_as_recorded for _, is_as_recorded in told)
    assert [line for line, _ in told] == trace.with_suffix(".txt").read_text().splitlines()
