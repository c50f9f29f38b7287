"""Tells a figure in words, the same at a terminal and in the card."""

_EXACT_TO = 7  # places after the point; beyond, a share differs from 0 or 1 by arithmetic alone


def percent(share: float, decimals: int = 1) -> str:
    """Return a share of 1 in per cent: `99.97 %`, never 100 % or 0 % where it is not quite that.

    Args:
        share: A fraction.
        decimals: Places after the point; more are told where these would round to 0 or 100.
    """
    return f"{rounded(100 * share, decimals, whole=100)} %"


def rounded(figure: float, decimals: int, *, whole: float = 1) -> str:
    """Return a figure rounded, but never to 0 or to the whole where it is not quite that."""
    exact = round(figure, _EXACT_TO) + 0.0  # no -0

    def tells_too_much(places: int) -> bool:
        return exact not in {0, whole} and float(f"{exact:.{places}f}") in {0, whole}

    while decimals < _EXACT_TO and tells_too_much(decimals):
        decimals += 1
    return f"{exact:.{decimals}f}"
