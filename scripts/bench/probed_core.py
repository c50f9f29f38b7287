"""The core program as it is, which also writes down how late its loop comes to its turns."""

import asyncio
import json
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from soulsync_edge.cli import main

_EVERY_S = 0.005


def _run(report: Path, arguments: list[str]) -> int:
    real = asyncio.run

    def probed(program: Coroutine[Any, Any, int]) -> int:
        turns: list[tuple[float, float]] = []

        async def both() -> int:
            probe = asyncio.create_task(_probe(turns))
            try:
                return await program
            finally:
                probe.cancel()

        try:
            return real(both())
        finally:
            report.write_text(json.dumps(turns), encoding="ascii")

    asyncio.run = probed  # type: ignore[assignment]  # core gives it nothing but its program
    return main(["core", *arguments])


async def _probe(turns: list[tuple[float, float]]) -> None:
    """Note when each turn was asked for, in monotonic seconds, and how many ms late it came."""
    while True:
        asked_s = time.monotonic()
        await asyncio.sleep(_EVERY_S)
        turns.append((asked_s, (time.monotonic() - asked_s - _EVERY_S) * 1e3))


if __name__ == "__main__":
    sys.exit(_run(Path(sys.argv[1]), sys.argv[2:]))
