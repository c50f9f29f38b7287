"""How a piece sounds at any moment: brightness, texture, dynamics; none depends on loudness."""

from functools import cache

import numpy as np

from soulsync_edge.adapters.hearing.frames import BANDS, Floats, Frames

Described = dict[str, Floats]
"""Descriptors by name; each is one number or a vector of them."""

_SILENT_DB = -40.0
"""Frames this far below the loud ones say nothing of the timbre."""

_COEFFICIENTS = 20
_BROAD_BANDS = 10


def timbre_of(frames: Frames) -> Described:
    """Return how a piece sounds.

    Source: mel-frequency cepstral coefficients after Davis & Mermelstein (1980); the correlation
    of bands after Seyerlehner et al. (2010), "Fusing block-level features for music similarity".
    """
    band_level_db = 10 * np.log10(np.sum(10 ** (frames.mel_db / 10), axis=1))
    sounding = frames.mel_db[band_level_db > np.percentile(band_level_db, 95) + _SILENT_DB]
    cepstrum = (sounding @ _cosines().T)[:, 1:]
    # Two frames apart, 46 ms: how fast the sound changes.
    change = np.abs(cepstrum[2:] - cepstrum[:-2])
    deviation = cepstrum.std(axis=0) + 1e-6
    skewness = np.mean(((cepstrum - cepstrum.mean(axis=0)) / deviation) ** 3, axis=0)
    return {
        "cepstrum_mean": cepstrum.mean(axis=0),
        "cepstrum_sd": cepstrum.std(axis=0),
        "cepstrum_change": change.mean(axis=0),
        "cepstrum_skewness": skewness[:7],
        "band_correlation": _band_correlation(sounding),
        "dynamics": _dynamics(band_level_db),
        **_brightness(frames),
    }


def _brightness(frames: Frames) -> Described:
    """Return the course of what tells bright from dark, and strokes from even sound."""
    is_heard = frames.level_db > frames.level_db.max() + _SILENT_DB
    courses = {
        "centroid": np.log2(frames.centroid_hz + 30),
        "rolloff_85": np.log2(frames.rolloff_hz[:, 0] + 30),
        "rolloff_95": np.log2(frames.rolloff_hz[:, 1] + 30),
        "crest": frames.crest_db,
    }
    return {name: _course(course[is_heard]) for name, course in courses.items()}


def _course(values: Floats) -> Floats:
    """Return mean, spread, low and high end, and how much it changes from frame to frame."""
    low, high = np.percentile(values, [10, 90])
    change = np.abs(np.diff(values)).mean() if len(values) > 1 else 0.0
    return np.array([values.mean(), values.std(), low, high, change])


def _dynamics(level_db: Floats) -> Floats:
    """Return how the level moves below its loud end."""
    level_db = level_db - np.percentile(level_db, 95)
    return np.array(
        [
            level_db.mean(),
            level_db.std(),
            *np.percentile(level_db, [5, 25, 50]),
            np.sqrt(np.mean(np.diff(level_db) ** 2)),
            np.mean(level_db < level_db.mean()),
        ]
    )


def _band_correlation(mel_db: Floats) -> Floats:
    """Return how far broad bands rise and fall together, -1 to 1 for each pair, 45 numbers."""
    broad = mel_db.reshape(len(mel_db), _BROAD_BANDS, -1).mean(axis=2)
    broad = broad - broad.mean(axis=0)
    broad /= np.linalg.norm(broad, axis=0) + 1e-6  # a band that never moves goes with none
    pairs: Floats = (broad.T @ broad)[np.triu_indices(_BROAD_BANDS, 1)]
    return pairs


@cache
def _cosines() -> Floats:
    """Return the rows of the cosine transform over the bands, (20, 40)."""
    row, band = np.arange(_COEFFICIENTS)[:, None], np.arange(BANDS)[None, :]
    cosines: Floats = np.cos(np.pi * row * (band + 0.5) / BANDS).astype(np.float32)
    return cosines * np.float32(np.sqrt(2 / BANDS))
