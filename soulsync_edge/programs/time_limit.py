"""A limit to how long one file may take."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN_S = 0.2
"""Seconds until a swallowed alarm rings again."""


class TooSlow(BaseException):  # no error: `except Exception` in a library must miss it
    """The time limit of one file is over."""


@contextmanager
def at_most(limit_s: float) -> Iterator[None]:
    """Raise `TooSlow` in the block when it takes longer; for the main thread.

    Native code may swallow what is raised while it runs, or turn it into an error of its own. So
    the alarm rings again and again, and what comes out of a block that is late is `TooSlow`.
    """
    is_late = False

    def ring(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_late
        is_late = True
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit_s, _AGAIN_S)
    try:
        yield
    except Exception as error:
        if is_late:
            raise TooSlow from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if is_late:
        raise TooSlow
