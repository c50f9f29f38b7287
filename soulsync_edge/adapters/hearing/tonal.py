"""Which notes a piece is made of: key, mode, chords, and how fast they change."""

from collections.abc import Sequence
from dataclasses import dataclass
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

_TRIAD_WEIGHT = 0.8
"""How much a key's own triad counts against its scale, each being 1 at the best. Chosen on composed
pieces of known key, and looked at on the demo pieces too: what they say of it is no test."""

_OPENING = 22
_OPENING_WEIGHT = 1.0
"""Frames of the beginning, 2 s, and how much its triad counts: pieces begin at home, as a rule.
Chosen on composed pieces and on some of another renderer."""

_TINY = 1e-9

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
    best = int(np.argmax(_heard_harmony(frames).fit))
    return best % PITCH_CLASSES, best >= PITCH_CLASSES


def mode_of(frames: Frames) -> Described:
    """Return how major or minor a piece is: how much speaks for the one, the other, and its key."""
    harmony = _heard_harmony(frames)
    fit, triads = harmony.fit, harmony.triads
    tonic = int(np.argmax(fit)) % PITCH_CLASSES
    steps = np.roll(harmony.shares, -tonic)
    major, minor = triads[:PITCH_CLASSES], triads[PITCH_CLASSES:]
    return {
        "mode": np.array(
            [
                fit[:PITCH_CLASSES].max() - fit[PITCH_CLASSES:].max(),
                fit[tonic] - fit[tonic + PITCH_CLASSES],
                fit.max(),
                major[tonic] - minor[tonic],
                major.max() - minor.max(),
                (major - minor).mean(),
                steps[3] - steps[4],  # the thirds, sixths and sevenths of minor and major
                steps[8] - steps[9],
                steps[10] - steps[11],
                steps[1],  # what is dark or tense in any mode: flat second and tritone
                steps[6],
            ]
        )
    }


@dataclass(frozen=True, slots=True)
class _Harmony:
    """What the notes of a whole piece come to.

    Attributes:
        shares: How much of each pitch class, (12,).
        triads: How strongly each major, then each minor triad is heard, (24,).
        fit: How well each major, then each minor key fits, (24,).
    """

    shares: Floats
    triads: Floats
    fit: Floats


def _heard_harmony(frames: Frames) -> _Harmony:
    """Return what the notes come to: a key fits by its scale, and by its own triad.

    A major key and its relative minor share their scale; which of the two is at home is heard
    where a piece begins, if that is heard.
    """
    notes = frames.notes
    notes = notes if len(notes) > 1 else np.ones((2, PITCH_CLASSES), np.float32)
    shares = _unit(notes).mean(axis=0)
    moments = np.array_split(_unit(notes), max(1, len(notes) // _MOMENTS["bar"]))
    together = _unit(np.stack([moment.mean(axis=0) for moment in moments]))
    triads = _major_and_minor(together)
    profiles = _profiles() + _profiles_of_shares()
    fit = _unit(shares - shares.mean()) @ profiles.T
    fit += _TRIAD_WEIGHT * triads / (triads.max() + _TINY)
    if frames.is_whole:
        opening = _major_and_minor(_unit(notes[:_OPENING].mean(axis=0))[None])
        fit += _OPENING_WEIGHT * opening / (opening.max() + _TINY)
    return _Harmony(shares, triads, fit)


def _major_and_minor(moments: Floats) -> Floats:
    """Return how clearly each major, then each minor triad is heard, (24,)."""
    return np.concatenate([_triads(moments, chord).mean(axis=0) for chord in _CHORDS[:2]])


def _triads(moments: Floats, chord: tuple[int, ...]) -> Floats:
    """Return how clearly the chord is heard at each moment on each pitch class, (U, 12)."""
    together: Floats = np.prod([np.roll(moments, -note, axis=1) for note in chord], axis=0)
    return together ** np.float32(1 / len(chord))


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
