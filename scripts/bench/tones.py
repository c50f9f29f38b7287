"""Music made to be timed: each file begins at once with a tone of its own, then falls silent."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from soulsync_edge.adapters.recorder_pulse import RATE_HZ, Recording, Sound
from soulsync_edge.errors import Unavailable

COUNT = 12
TONE_S = 0.5
SILENCE_S = 60
LOUD_ABOVE_DB = -60.0
"""RMS of 5 ms in dBFS; the tones are some 30 dB above it at the usual volume, silence 60 below."""

_LOUD = 32768 * 10 ** (LOUD_ABOVE_DB / 20)
"""The same as a sample."""

BLOCK_S = 0.01
"""What the sound server hands over at once: the latency the recorder asks it for."""

_LEVEL = 0.9
_FORMATS = (
    ("flac", "FLAC", "PCM_16"),
    ("ogg", "OGG", "VORBIS"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
)
_LOWEST_HZ = 500.0
_APART_HZ = 250.0
_LOOK_S = 0.1
_HEAR_S = 0.2  # resolves 5 Hz, far less than the tones are apart


def write_tones(folder: Path, *, count: int = COUNT) -> dict[str, float]:
    """Write the files, FLAC, Ogg and MP3 by turns, and return the tone in Hz of each path.

    The first sample is at full level already: a cosine. Silence follows each tone, so that
    whatever is heard after the next skip is the next file. An MP3 begins some 25 ms late, as
    encoders make them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tones = {}
    for number in range(count):
        tone_hz = _LOWEST_HZ + _APART_HZ * number
        ending, container, coding = _FORMATS[number % len(_FORMATS)]
        path = folder / f"{number:02} Tone.{ending}"
        with soundfile.SoundFile(path, "w", RATE_HZ, 1, coding, format=container) as file:
            file.write(_tone(tone_hz))
            for _ in range(SILENCE_S):  # in pieces: the Vorbis encoder puts each on its stack
                file.write(np.zeros(RATE_HZ))
        tones[str(path)] = tone_hz
    return tones


def onset_s(recording: Recording, from_s: float, *, within_s: float) -> float:
    """Return when the sound asked for at `from_s` was there: its first sample, monotonic seconds.

    The server makes `BLOCK_S` of sound at once, before its time, so that a sound can be dated
    that much before it was asked for. What counts here is the end of its block.

    Raises:
        Unavailable: Nothing was heard within `within_s`.
    """
    at_s = from_s - BLOCK_S
    while at_s < from_s + within_s:
        heard_s = recording.first_sound_s(at_s, at_s + _LOOK_S, above_db=LOUD_ABOVE_DB)
        if heard_s is not None:
            sound = np.abs(recording.sound(heard_s, heard_s + BLOCK_S).astype(np.int32))
            first = int(np.argmax(sound.max(axis=1) > _LOUD))
            return heard_s + first / RATE_HZ + BLOCK_S
        at_s += _LOOK_S
    raise Unavailable(f"no sound was recorded within {within_s:g} s")


def await_silence(recording: Recording, from_s: float, *, within_s: float) -> float:
    """Return when a tenth of a second of silence after `from_s` has passed.

    Raises:
        Unavailable: It did not fall silent within `within_s`.
    """
    at_s = from_s
    while at_s < from_s + within_s:
        if recording.rms_db(at_s, at_s + _LOOK_S) < LOUD_ABOVE_DB:
            return at_s + _LOOK_S
        at_s += _LOOK_S
    raise Unavailable(f"the recording did not fall silent within {within_s:g} s")


def tone_after_s(recording: Recording, heard_s: float) -> float:
    """Return the strongest tone in Hz of what began to sound at `heard_s`."""
    return strongest_hz(recording.sound(heard_s + 0.05, heard_s + 0.05 + _HEAR_S))


def strongest_hz(sound: Sound) -> float:
    """Return the frequency that is strongest in `sound`, in Hz."""
    mono = sound.mean(axis=1) * np.hanning(len(sound))
    spectrum = np.abs(np.fft.rfft(mono))
    return float(np.argmax(spectrum) * RATE_HZ / len(mono))


def _tone(tone_hz: float) -> npt.NDArray[np.float64]:
    times_s = np.arange(round(RATE_HZ * TONE_S)) / RATE_HZ
    tone: npt.NDArray[np.float64] = _LEVEL * np.cos(2 * np.pi * tone_hz * times_s)
    return tone
