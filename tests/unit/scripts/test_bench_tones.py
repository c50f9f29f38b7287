"""`scripts.bench.tones`: files whose beginning cannot be missed or mistaken."""

from pathlib import Path

import numpy as np
import soundfile

from scripts.bench.tones import COUNT, TONE_S, strongest_hz, write_tones
from soulsync_edge.adapters.recorder_pulse import RATE_HZ


def test_each_file_begins_at_full_level_and_falls_silent(tmp_path: Path) -> None:
    [path] = write_tones(tmp_path, count=1)

    sound, rate_hz = soundfile.read(path)

    assert rate_hz == RATE_HZ
    assert sound[0] > 0.89
    assert np.abs(sound[round(RATE_HZ * TONE_S) :]).max() == 0.0


def test_each_file_has_a_tone_of_its_own_that_is_recognised(tmp_path: Path) -> None:
    tones = write_tones(tmp_path)

    for path, tone_hz in tones.items():
        sound = soundfile.read(path, frames=RATE_HZ // 5, dtype="int16")[0]
        assert abs(strongest_hz(np.column_stack([sound, sound])) - tone_hz) < 10
    assert len(set(tones.values())) == COUNT
