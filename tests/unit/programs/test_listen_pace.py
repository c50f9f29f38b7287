"""How the listener rests."""

import pytest

from soulsync_edge.programs.listen import MOST_C, NAP_S, Pace


class Bed:
    """Where a listener rests: counts what it sleeps, and the machine cools meanwhile."""

    def __init__(self, heat_c: float | None = None) -> None:
        self.heat_c = heat_c
        self.naps: list[float] = []
        self.signs = 0

    def pace(self, cores: int) -> Pace:
        return Pace(cores, lambda: self.heat_c, self._sleep, self._sign)

    def _sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        if self.heat_c is not None:
            self.heat_c -= 2

    def _sign(self) -> None:
        self.signs += 1


@pytest.mark.parametrize(("cores", "rest_s"), [(1, 3.0), (2, 1.0), (4, 0.0), (8, 0.0)])
def test_a_quarter_of_the_machine_is_worked_with(cores: int, rest_s: float) -> None:
    bed = Bed()

    bed.pace(cores).rest(1.0)

    assert sum(bed.naps) == pytest.approx(rest_s)


def test_a_long_rest_is_told_every_few_seconds() -> None:
    bed = Bed()

    bed.pace(1).rest(4.0)

    assert sum(bed.naps) == pytest.approx(12.0)
    assert max(bed.naps) <= NAP_S
    assert bed.signs == len(bed.naps)


def test_a_hot_machine_cools_down_first() -> None:
    bed = Bed(heat_c=MOST_C + 5)

    bed.pace(4).rest(0.1)

    assert bed.naps == [NAP_S] * 3
    assert bed.signs == 3
