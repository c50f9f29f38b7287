"""Chance that can be repeated: numbers that depend on nothing but a seed and a name."""

import hashlib
from statistics import NormalDist

_NORMAL = NormalDist()
_SMALLEST = 2.0**-64


def share(seed: str, name: str) -> float:
    """Return a number from 0 up to 1, any as likely as any other."""
    digest = hashlib.blake2b(f"{seed}\0{name}".encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def normal(seed: str, name: str) -> float:
    """Return a normally distributed number, mean 0 and standard deviation 1."""
    return _NORMAL.inv_cdf(min(max(share(seed, name), _SMALLEST), 1.0 - 2.0**-53))
