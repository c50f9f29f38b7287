"""How far the scan of a library has got."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far the scan of a library has got.

    Attributes:
        done: Files looked at.
        total: Files there are; None while that is not known.
        rate_hz: Files looked at in a second, lately.
        left_s: About how long it still takes; None while that cannot be said.
    """

    done: int
    total: int | None
    rate_hz: float
    left_s: float | None
