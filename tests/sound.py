"""Music to listen for."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from soulsync_edge.adapters.recorder_pulse import Sound, loudness_db

RATE_HZ = 44_100
Samples = NDArray[np.float64]
_CODINGS = {".wav": "PCM_16", ".flac": "PCM_16", ".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}


def write_loud_tone(
    path: Path, seconds: float = 20.0, pitch_hz: float = 440.0, hiss: float = 0.0
) -> Path:
    """Write a full, steady tone of -9 dBFS to `path`, in the format its ending names.

    `hiss` (0 to 0.5) adds noise of that amplitude, which makes compressed files as large as music.
    """
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tone = 0.5 * np.sin(2 * np.pi * pitch_hz * time_s)
    tone += hiss * np.random.default_rng(7).uniform(-1, 1, len(tone))
    soundfile.write(path, np.stack([tone, tone], 1), RATE_HZ, subtype=_CODINGS[path.suffix])
    return path


def write_sound(path: Path, left: Samples, right: Samples | None = None) -> Path:
    """Write samples of full scale 1, (N,), to `path`; to both channels unless two are given."""
    both = np.stack([left, left if right is None else right], 1)
    soundfile.write(path, both, RATE_HZ, subtype=_CODINGS[path.suffix])
    return path


def noise(seconds: float, level: float, seed: int) -> Samples:
    """Return steady white noise of an RMS level of full scale 1, which never gets near to that."""
    sound = np.random.default_rng(seed).uniform(-1, 1, int(seconds * RATE_HZ))
    return sound * level * 3**0.5


def levels_db(sound: Sound, block_s: float = 0.1) -> list[float]:
    """Return how loud each block of `sound` is, in dBFS."""
    step = int(block_s * RATE_HZ)
    return [
        loudness_db(sound[first : first + step]) for first in range(0, len(sound) - step + 1, step)
    ]


def pitch_hz(sound: Sound) -> float:
    """Return the loudest pitch in `sound`."""
    shares = np.abs(np.fft.rfft(sound[:, 0]))
    return float(np.argmax(shares)) * RATE_HZ / len(sound)
