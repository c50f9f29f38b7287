"""All descriptors of a piece in one vector, with their names."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.frames import SHORTEST_S, Frames, frames_of
from soulsync_edge.adapters.hearing.rate import RATE_HZ
from soulsync_edge.adapters.hearing.rhythm import rhythm_of
from soulsync_edge.adapters.hearing.timbre import timbre_of
from soulsync_edge.adapters.hearing.tonal import mode_of, tonality_of


def descriptors_of(frames: Frames) -> dict[str, float]:
    """Return what describes a piece, by name, in a fixed order; every number is finite."""
    described = timbre_of(frames) | rhythm_of(frames) | tonality_of(frames)
    described |= mode_of(frames)
    return {
        f"{name}_{number}": value
        for name, values in described.items()
        for number, value in enumerate(np.nan_to_num(values).tolist())
    }


@cache
def names() -> tuple[str, ...]:
    """Return the names of all descriptors, asked of a few seconds of noise."""
    noise = np.random.default_rng(0).normal(size=int(2 * SHORTEST_S * RATE_HZ))
    return tuple(descriptors_of(frames_of(noise.astype(np.float32))))


def vector(descriptors: dict[str, float]) -> NDArray[np.float64]:
    """Return the numbers alone, (D,) float64."""
    return np.array(list(descriptors.values()))
