"""A limit to how long one file may take."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooSlow(BaseException):  # no error: `except Exception` in a library must miss it
    """The time limit of one file is over."""


@contextmanager
def at_most(limit_s: float) -> Iterator[None]:
    """Raise `TooSlow` in the block when it takes longer; for the main thread."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
