"""A short soft tone by which to try a speaker, made on the spot."""

import io
import math
import wave
from array import array

RATE_HZ = 44_100
LASTS_S = 1.2
PITCH_HZ = 523.25
"""C5: every speaker has it, and nobody takes it for an alarm."""

PEAK = 0.15
"""Of full scale. In both channels it is about as loud as music brought to -17 LUFS."""

_RISE_S = 0.02
_FALL_S = 0.5


def speaker_tone() -> bytes:
    """Return the tone as the content of a WAV file, stereo s16, which rises and falls softly."""
    samples = array("h")
    for number in range(int(LASTS_S * RATE_HZ)):
        at_s = number / RATE_HZ
        level = min(at_s / _RISE_S, 1.0, (LASTS_S - at_s) / _FALL_S)
        sample = round(32767 * PEAK * level * math.sin(math.tau * PITCH_HZ * at_s))
        samples.extend((sample, sample))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples.tobytes())
    return file.getvalue()
