import contextlib
import signal

import pytest

from soulsync_edge.programs.time_limit import TooSlow, at_most


def stubborn() -> None:
    """Wait for ever, like a library that swallows every error."""
    while True:
        with contextlib.suppress(Exception):
            signal.pause()


def test_what_takes_too_long_is_broken_off_whatever_it_catches() -> None:
    with pytest.raises(TooSlow), at_most(0.01):
        stubborn()


def test_what_is_done_in_time_is_left_alone_and_so_is_what_comes_after() -> None:
    before = signal.getsignal(signal.SIGALRM)

    with at_most(60):
        done = sum(range(10))

    assert done == 45
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before
