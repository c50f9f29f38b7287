"""What is heard: libVLC through a real sound server into a recorder, and not taken on trust."""

import os
import queue
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from soulsync_edge.adapters.player_vlc import VlcPlayer
from soulsync_edge.adapters.recorder_pulse import (
    RATE_HZ,
    NullSinkRecorder,
    Recording,
    loudness_db,
)
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import Event, TrackEnded, TrackMoved, TrackStarted
from soulsync_edge.errors import Unavailable
from tests.heard import PATIENCE_S, Room
from tests.sound import pitch_hz, write_loud_tone

pytestmark = [pytest.mark.sound, pytest.mark.libvlc]

TONE_DB = -9.0
"""What `write_loud_tone` measures at full volume."""


@pytest.fixture(scope="module")
def recorder() -> Iterator[NullSinkRecorder]:
    with NullSinkRecorder() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    for ending in ("flac", "ogg", "mp3", "wav"):
        write_loud_tone(folder / f"tone.{ending}")
    write_loud_tone(folder / "high.flac", pitch_hz=1760.0)
    write_loud_tone(folder / "short.flac", seconds=2.5)
    return folder


@pytest.fixture
def room(recorder: NullSinkRecorder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    for name, value in recorder.environment.items():
        monkeypatch.setenv(name, value)
    room = Room(recorder)
    yield room
    room.player.close()


@pytest.mark.parametrize("name", ["tone.flac", "tone.ogg", "tone.mp3", "tone.wav"])
def test_a_track_is_heard_at_its_own_loudness_and_pitch(room: Room, music: Path, name: str) -> None:
    room.player.play(PlayTrack("t", str(music / name)))
    moved = room.until(TrackMoved)

    sound = room.recorder.sound(moved.at_s, moved.at_s + 0.5)
    assert loudness_db(sound) == pytest.approx(TONE_DB, abs=0.5)
    assert pitch_hz(sound) == pytest.approx(440.0, abs=3.0)


def test_the_first_sound_comes_soon(room: Room, music: Path) -> None:
    room.player.play(PlayTrack("warm", str(music / "tone.flac")))
    room.until(TrackMoved, "warm")
    room.player.stop()
    silent_s = time.monotonic() + 0.5
    assert room.loudness_after(silent_s) < -100

    asked_s = time.monotonic()
    room.player.play(PlayTrack("t", str(music / "tone.flac")))

    heard_s = room.recorder.first_sound_s(asked_s, asked_s + 2.0)
    assert heard_s is not None
    assert heard_s - asked_s < 0.7


def test_after_stop_it_is_silent(room: Room, music: Path) -> None:
    room.player.play(PlayTrack("t", str(music / "tone.flac")))
    room.until(TrackMoved)

    room.player.stop()

    # What the sound server had already taken is still heard, for less than half a second.
    assert room.loudness_after(time.monotonic() + 0.5) < -100


def test_the_next_track_is_heard_instead_of_the_last(room: Room, music: Path) -> None:
    room.player.play(PlayTrack("t1", str(music / "tone.flac")))
    room.until(TrackMoved, "t1")

    room.player.play(PlayTrack("t2", str(music / "high.flac")))

    moved = room.until(TrackMoved, "t2")
    sound = room.recorder.sound(moved.at_s + 0.3, moved.at_s + 0.8)
    assert pitch_hz(sound) == pytest.approx(1760.0, abs=3.0)
    assert loudness_db(sound) == pytest.approx(TONE_DB, abs=0.5)


# Half of libvlc's scale is an eighth of the amplitude: 20 log10(1/8) = -18.1 dB.
@pytest.mark.parametrize(("volume_pct", "below_db"), [(100, 0.0), (50, 18.1)])
def test_every_track_begins_at_the_volume_that_was_set(
    room: Room, music: Path, volume_pct: int, below_db: float
) -> None:
    room.player.set_volume(volume_pct)
    for number in range(3):  # a deck for the second time too: libvlc forgets between tracks
        room.player.stop()
        silent_s = time.monotonic() + 0.5
        assert room.loudness_after(silent_s, 0.1) < -100
        asked_s = time.monotonic()
        room.player.play(PlayTrack(f"t{number}", str(music / "tone.flac")))
        heard_s = room.recorder.first_sound_s(asked_s, asked_s + 0.8)
        assert heard_s is not None

        # The very first moments: a burst at full volume would show here.
        peaks = [
            room.recorder.rms_db(heard_s + step / 50, heard_s + (step + 1) / 50)
            for step in range(20)
        ]
        assert max(peaks) < TONE_DB - below_db + 1.0
        assert statistics.median(peaks) == pytest.approx(TONE_DB - below_db, abs=1.0)


def test_the_volume_changes_while_a_track_plays(room: Room, music: Path) -> None:
    room.player.play(PlayTrack("t", str(music / "tone.flac")))
    room.until(TrackMoved)

    room.player.set_volume(50)

    assert room.loudness_after(time.monotonic() + 1.0) == pytest.approx(TONE_DB - 18.1, abs=0.5)


def test_no_track_is_louder_than_the_most(room: Room, music: Path) -> None:
    room.player.set_volume(100)
    room.player.set_most_volume(50)
    room.player.play(PlayTrack("t", str(music / "tone.flac")))
    moved = room.until(TrackMoved)

    assert room.loudness_after(moved.at_s) == pytest.approx(TONE_DB - 18.1, abs=0.5)


def loud_s(room: Room, from_s: float, until_s: float) -> float:
    """How long it was loud, in seconds: what a busy machine drops for a moment is left out."""
    step = RATE_HZ // 100
    sound = room.recorder.sound(from_s, until_s)
    blocks = [sound[first : first + step] for first in range(0, len(sound), step)]
    return sum(loudness_db(block) > TONE_DB - 10 for block in blocks) / 100


def test_a_track_is_heard_to_its_end(room: Room, music: Path) -> None:
    asked_s = time.monotonic()
    room.player.play(PlayTrack("t", str(music / "short.flac")))
    started = room.until(TrackStarted)
    ended = room.until(TrackEnded)

    assert started.at_s < ended.at_s
    # libvlc 3 may swallow the last tenth of a second or so.
    assert loud_s(room, asked_s, asked_s + 4.0) == pytest.approx(2.4, abs=0.25)
    heard_s = room.recorder.first_sound_s(asked_s, asked_s + 2.0)
    assert heard_s is not None
    assert ended.at_s == pytest.approx(heard_s + 2.5, abs=0.5)


def test_a_track_resumes_where_it_was_left(room: Room, music: Path) -> None:
    asked_s = time.monotonic()
    room.player.play(PlayTrack("t", str(music / "tone.flac"), start_s=16.0))
    room.until(TrackEnded)

    assert loud_s(room, asked_s, asked_s + 5.0) == pytest.approx(3.8, abs=0.4)


def test_a_track_goes_to_the_device_that_was_chosen(
    room: Room, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = room.recorder.environment["PULSE_SERVER"]
    subprocess.run(
        ["pactl", "load-module", "module-null-sink", "sink_name=den", "norewinds=1"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    monkeypatch.delenv("PULSE_SINK", raising=False)
    said: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with Recording("den.monitor", server=server) as den:
        player = VlcPlayer(said.put, time.monotonic, "pulse", device="den")
        player.play(PlayTrack("t", str(music / "tone.flac")))
        while not isinstance(said.get(timeout=PATIENCE_S), TrackMoved):
            pass
        now_s = time.monotonic()

        assert den.rms_db(now_s, now_s + 0.3) == pytest.approx(TONE_DB, abs=0.5)
        assert room.loudness_after(now_s) < -100
        player.close()
    assert "PULSE_SINK" not in os.environ


# The recorder itself


def test_a_recorder_nobody_plays_into_hears_silence(recorder: NullSinkRecorder) -> None:
    now_s = time.monotonic()

    assert recorder.rms_db(now_s + 0.6, now_s + 0.8) == -120.0
    assert recorder.first_sound_s(now_s + 0.6, now_s + 0.8) is None


def test_the_past_before_the_recording_is_left_out(recorder: NullSinkRecorder) -> None:
    assert len(recorder.sound(0.0, 1.0)) == 0
    assert recorder.rms_db(0.0, 1.0) == -120.0


def test_a_running_server_is_recorded_as_it_is(recorder: NullSinkRecorder, music: Path) -> None:
    with Recording(server=recorder.environment["PULSE_SERVER"]) as recording:
        player = subprocess.Popen(
            ["paplay", music / "short.flac"], env=os.environ | recorder.environment
        )
        assert player.wait(PATIENCE_S) == 0
        now_s = time.monotonic()

        assert recording.rms_db(now_s - 2.0, now_s - 1.0) == pytest.approx(TONE_DB, abs=0.5)


def test_a_recorder_leaves_nothing_behind() -> None:
    with NullSinkRecorder() as recorder:
        folder = Path(recorder.environment["PULSE_RUNTIME_PATH"])
        assert folder.is_dir()

    assert not folder.exists()
    with pytest.raises(Unavailable, match="cannot record"):
        Recording(server=recorder.environment["PULSE_SERVER"]).__enter__()


def test_a_recorder_without_its_server_says_so() -> None:
    with NullSinkRecorder() as recorder:
        server = recorder.environment["PULSE_SERVER"]
        subprocess.run(["pactl", f"--server={server}", "exit"], check=True)
        later_s = time.monotonic() + 2.0

        with pytest.raises(Unavailable, match="ended early"):
            recorder.sound(later_s, later_s + 1.0)


def test_without_pulseaudio_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(Unavailable, match=r"pulseaudio is not installed.*apt-get install"):
        NullSinkRecorder().__enter__()


@pytest.mark.parametrize(
    ("amplitude", "level_db"), [(1.0, 0.0), (0.5, -6.02), (0.001, -60.0), (0.0, -120.0)]
)
def test_a_square_wave_at_full_scale_is_the_loudest(amplitude: float, level_db: float) -> None:
    square = np.tile(np.array([[1], [-1]]), (100, 2)) * amplitude * 32767

    assert loudness_db(square.astype(np.int16)) == pytest.approx(level_db, abs=0.3)
