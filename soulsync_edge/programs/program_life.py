"""How the eye and the voice end: when they are told to, or when only a fresh process helps."""

import signal
from collections.abc import Callable
from types import FrameType


class NeedsRestart(Exception):  # noqa: N818  # a state of the world, not a mistake
    """Only a fresh process mends this; the message says why."""


def stop_on_signals(wake: Callable[[], None]) -> Callable[[], bool]:
    """Return a question: has SIGTERM or SIGINT come? Their arrival calls `wake`."""
    arrived: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)
        wake()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return lambda: bool(arrived)
