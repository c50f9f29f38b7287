"""`scripts.bench.tones`: files whose beginning cannot be missed or mistaken."""

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scripts.bench.tones import (
    COUNT,
    TONE_S,
    await_silence,
    onset_s,
    strongest_hz,
    write_tones,
)
from soulsync_edge.adapters.recorder_pulse import RATE_HZ, NullSinkRecorder
from soulsync_edge.errors import Unavailable


def test_each_file_begins_at_once_and_falls_silent_whatever_its_format(tmp_path: Path) -> None:
    paths = write_tones(tmp_path, count=3)

    for path in paths:
        sound, rate_hz = soundfile.read(path)
        assert rate_hz == RATE_HZ
        assert np.abs(sound[: RATE_HZ // 20]).max() > 0.8
        assert np.abs(sound[round(RATE_HZ * (TONE_S + 0.1)) :]).max() < 1e-3
    assert sorted(Path(path).suffix for path in paths) == [".flac", ".mp3", ".ogg"]


def test_a_flac_begins_with_its_very_first_sample(tmp_path: Path) -> None:
    [path] = write_tones(tmp_path, count=1)

    assert soundfile.read(path, frames=1)[0][0] > 0.89


def test_each_file_has_a_tone_of_its_own_that_is_recognised(tmp_path: Path) -> None:
    tones = write_tones(tmp_path)

    for path, tone_hz in tones.items():
        sound = soundfile.read(path, start=RATE_HZ // 20, frames=RATE_HZ // 5, dtype="int16")[0]
        assert abs(strongest_hz(np.column_stack([sound, sound])) - tone_hz) < 10
    assert len(set(tones.values())) == COUNT


@pytest.mark.sound
def test_a_sound_is_never_dated_before_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    time_s = np.arange(RATE_HZ) / RATE_HZ
    soundfile.write(path, 0.5 * np.cos(2 * np.pi * 440 * time_s), RATE_HZ)
    with NullSinkRecorder() as recorder:
        asked_s = time.monotonic()
        subprocess.run(["paplay", path], env=os.environ | recorder.environment, check=True)
        ended_s = time.monotonic()

        assert asked_s < onset_s(recorder, asked_s, within_s=10) < ended_s - 0.9
        assert asked_s + 1.0 < await_silence(recorder, asked_s + 0.5, within_s=10)


@pytest.mark.sound
def test_silence_is_no_sound() -> None:
    with NullSinkRecorder() as recorder, pytest.raises(Unavailable, match="no sound"):
        onset_s(recorder, time.monotonic(), within_s=0.3)
