import signal
from collections.abc import Iterator

import pytest

from soulsync_edge.programs.program_life import stop_on_signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put the signal handlers back that the tests' own runner needs."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_wakes_the_program_and_is_remembered(number: int) -> None:
    woken: list[str] = []
    must_stop = stop_on_signals(lambda: woken.append("woken"))
    before = must_stop()

    signal.raise_signal(number)

    assert not before
    assert woken == ["woken"]
    assert must_stop()
