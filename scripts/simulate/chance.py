"""Chance that is the same every time."""

import random


def drawn_from(seed: str) -> random.Random:
    """Return chance that depends on nothing but `seed`."""
    return random.Random(seed)  # noqa: S311  # a simulation: it guards nothing
