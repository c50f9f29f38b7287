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


def deaf() -> None:
    """Swallow the first alarm, like native code, and go on waiting."""
    with contextlib.suppress(TooSlow):
        signal.pause()
    signal.pause()


def test_a_swallowed_alarm_rings_again() -> None:
    with pytest.raises(TooSlow), at_most(0.01):
        deaf()


def late(then: Exception | None) -> None:
    """Swallow the alarm and end, or fail, as if nothing had been."""
    with contextlib.suppress(TooSlow):
        signal.pause()
    if then is not None:
        raise then


@pytest.mark.parametrize("then", [None, OSError("interrupted")])
def test_what_ends_late_has_taken_too_long_whatever_it_says(then: Exception | None) -> None:
    with pytest.raises(TooSlow), at_most(0.01):
        late(then)


def test_an_error_in_time_is_that_error() -> None:
    with pytest.raises(OSError, match="broken"), at_most(60):
        raise OSError("broken")


def test_what_is_done_in_time_is_left_alone_and_so_is_what_comes_after() -> None:
    before = signal.getsignal(signal.SIGALRM)

    with at_most(60):
        done = sum(range(10))

    assert done == 45
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before
