"""Open, lose, wait, open again."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable

import pytest

from soulsync_edge.errors import Unavailable
from soulsync_edge.services.keep_trying import LONGEST_WAIT_S, keep_trying


def tried(script: list[str]) -> tuple[list[tuple[bool, str]], list[float]]:
    """Return the reports and the waits for a part that goes by `script`."""
    steps = iter(script)
    reports: list[tuple[bool, str]] = []
    waits: list[float] = []

    @contextlib.asynccontextmanager
    async def open_part() -> AsyncIterator[Awaitable[None]]:
        step = next(steps)
        if step == "refuses":
            raise Unavailable("it refuses")

        async def lost() -> None:
            if step == "opens, then is lost":
                raise Unavailable("it was lost")

        yield lost()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    asyncio.run(
        keep_trying("part", open_part, lambda ok, why: reports.append((ok, why)), sleep=sleep)
    )
    return reports, waits


def test_it_reports_each_state_and_ends_when_the_part_ends() -> None:
    reports, _ = tried(["refuses", "opens, then is lost", "opens and ends"])

    assert reports == [(False, "it refuses"), (True, ""), (False, "it was lost"), (True, "")]


def test_waits_grow_up_to_a_minute_and_start_again_after_success() -> None:
    _, waits = tried(["refuses"] * 10 + ["opens, then is lost", "opens and ends"])

    assert all(0.5 <= wait <= LONGEST_WAIT_S for wait in waits)
    assert waits[9] >= LONGEST_WAIT_S / 2
    assert waits[10] <= 1.0


def test_only_the_first_failure_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        tried(["refuses"] * 5 + ["opens and ends"])

    assert [record.message for record in caplog.records] == ["part: it refuses"]
