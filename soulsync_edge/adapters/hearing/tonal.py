"""Which notes a piece is made of: key, mode, chords, and how fast they change."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from soulsync_edge.adapters.hearing.frames import Floats, Frames
from soulsync_edge.adapters.hearing.timbre import Described

# Source: Krumhansl & Kessler (1982), ratings of how well each pitch class fits a key.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)

# Source: Albrecht & Shanahan (2013), shares of the pitch classes in pieces of known key.
_MAJOR_SHARES = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR_SHARES = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)

_CHORDS = (
    (0, 4, 7),  # major
    (0, 3, 7),  # minor
    (0, 3, 6),  # diminished
    (0, 4, 8),  # augmented
    (0, 5, 7),  # suspended
    (0, 4, 7, 10),  # dominant seventh
    (0, 4, 7, 11),  # major seventh
    (0, 3, 7, 10),  # minor seventh
)
PITCH_CLASSES = 12

_QUIETEST = 1e-4
"""Of the largest share of any pitch class: below, no note sounds."""

_MOMENTS = {"frame": 1, "beat": 4, "bar": 11}
"""Chroma frames that are heard together: 0.09, 0.4 and 1 s."""
_WINDOWS = {"3s": 32, "9s": 96}


def tonality_of(frames: Frames) -> Described:
    """Return which notes a piece is made of, whatever its key.

    Source: key profiles by Krumhansl & Kessler (1982); tonal centroid by Harte, Sandler & Gasser
    (2006).
    """
    chroma = _sounding(frames)
    described = {"key": _key_clarity(chroma), "evenness": _evenness(chroma)}
    for name, length in _WINDOWS.items():
        described[f"key_{name}"] = _key_course(chroma, length)
    for name, length in _MOMENTS.items():
        moments = _unit(_joined(chroma, length))
        described[f"intervals_{name}"] = _intervals(moments)
        described[f"chords_{name}"] = _chords(moments)
        described[f"change_{name}"] = _change(moments)
    return described | {"tonal_centroid": _tonal_centroid(chroma)}


def key_of(frames: Frames) -> tuple[int, bool]:
    """Return the tonic as a pitch class, 0 for C to 11 for B, and whether the mode is minor."""
    mean = _unit(frames.chroma).mean(axis=0)
    centred = _unit(mean - mean.mean())
    fit = centred @ (_profiles() + _profiles_of_shares()).T
    best = int(np.argmax(fit))
    return best % PITCH_CLASSES, best >= PITCH_CLASSES


def _sounding(frames: Frames) -> Floats:
    """Return the chroma of frames that hold a note, each of length 1."""
    power = frames.chroma**2
    power = power[power.sum(axis=1) > _QUIETEST]
    return _unit(power if len(power) > 1 else np.ones((2, 12), np.float32))


def _unit(rows: Floats) -> Floats:
    scaled: Floats = rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-9)
    return scaled


def _joined(chroma: Floats, length: int) -> Floats:
    """Return the means of `length` frames that follow each other; at least two rows."""
    length = min(length, len(chroma) // 2)
    whole = len(chroma) // length * length
    means: Floats = chroma[:whole].reshape(-1, length, 12).mean(axis=1)
    return means


def _fit(chroma: Floats) -> Floats:
    """Return how well rows of chroma fit each key, -1 to 1: twelve major, twelve minor."""
    fit: Floats = _unit(chroma - chroma.mean(axis=-1, keepdims=True)) @ _profiles().T
    return fit


def _key_clarity(chroma: Floats) -> Floats:
    mean = chroma.mean(axis=0)
    fit = _fit(mean)
    tonic = int(np.argmax(fit)) % 12
    shares = mean / mean.sum()
    return np.array(
        [
            fit.max(),
            fit[:12].max() - fit[12:].max(),
            fit[tonic] - fit[12 + tonic],
            np.sort(fit)[-1] - np.sort(fit)[-3],
            shares.max(),
            -np.sum(shares * np.log(shares + 1e-9)),
        ]
    )


def _key_course(chroma: Floats, length: int) -> Floats:
    """Return how clear the key is from window to window, how major, and how often it changes."""
    length = min(length, len(chroma))
    starts = range(0, len(chroma) - length + 1, max(1, length // 2))
    fit = _fit(np.stack([chroma[start : start + length].mean(axis=0) for start in starts]))
    whole = int(np.argmax(_fit(chroma.mean(axis=0))))
    major, minor = fit[:, :12].max(axis=1), fit[:, 12:].max(axis=1)
    best = fit.argmax(axis=1)
    return np.array(
        [
            np.maximum(major, minor).mean(),
            np.maximum(major, minor).std(),
            (major - minor).mean(),
            (major - minor).std(),
            np.mean(major > minor),
            np.mean(best[1:] != best[:-1]) if len(best) > 1 else 0.0,
            fit[:, whole].mean(),
        ]
    )


def _intervals(moments: Floats) -> Floats:
    """Return how much of each interval, from semitone to tritone, sounds at once."""
    return np.array(
        [np.sum(moments * np.roll(moments, step, axis=1), axis=1).mean() for step in range(1, 7)]
    )


def _chords(moments: Floats) -> Floats:
    """Return how clearly each kind of chord is heard, and how major triads are against minor."""
    strengths = []
    for notes in _CHORDS:
        together = np.prod([np.roll(moments, -note, axis=1) for note in notes], axis=0)
        strengths.append((together ** (1 / len(notes))).max(axis=1))
    major, minor = strengths[:2]
    means = [strength.mean() for strength in strengths]
    return np.array([*means, np.mean(major > minor), np.mean(major - minor)])


def _change(moments: Floats) -> Floats:
    """Return how far the harmony moves from moment to moment."""
    moved = np.linalg.norm(np.diff(moments, axis=0), axis=1)
    return np.array([moved.mean(), moved.std(), *np.percentile(moved, [50, 90])])


def _evenness(chroma: Floats) -> Floats:
    """Return how many notes sound at once, and how far the strongest stands out."""
    shares = chroma / chroma.sum(axis=1, keepdims=True)
    entropy = -np.sum(shares * np.log(shares + 1e-9), axis=1)
    return np.array([entropy.mean(), chroma.max(axis=1).mean()])


def _tonal_centroid(chroma: Floats) -> Floats:
    """Return how far from the middle the notes lie on the circles of fifths and thirds."""
    shares = chroma / chroma.sum(axis=1, keepdims=True)
    turns = np.outer(np.arange(12), np.array([7, 3, 4]) / 12)
    places = shares @ np.exp(2j * np.pi * turns)
    return np.concatenate(
        [
            np.abs(places).mean(axis=0),
            np.abs(places.mean(axis=0)),
            np.abs(np.diff(places, axis=0)).mean(axis=0),
        ]
    )


@cache
def _profiles() -> Floats:
    """Return 24 key profiles, each of length 1 around 0: major from C on, then minor."""
    return _in_all_keys(_MAJOR, _MINOR)


@cache
def _profiles_of_shares() -> Floats:
    """Return the same of the other source."""
    return _in_all_keys(_MAJOR_SHARES, _MINOR_SHARES)


def _in_all_keys(major: Sequence[float], minor: Sequence[float]) -> Floats:
    rows = np.array([np.roll(profile, tonic) for profile in (major, minor) for tonic in range(12)])
    return _unit(rows - rows.mean(axis=1, keepdims=True)).astype(np.float32)
