"""The appliance as a person has it: all programs, real ends, and what goes wrong around them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from soulsync_edge.cli import models_folder
from tests.e2e.appliance import Appliance, is_playing, part, render_music, soulsync

pytestmark = [pytest.mark.libvlc, pytest.mark.timeout(240)]


def _ticks_since(trace: Path, event: str) -> int:
    """Return how many seconds went by in a trace since the last `event`."""
    before, happened, since = trace.read_text("utf-8").rpartition(f'"{event}"')
    return since.count('"Tick"') if before and happened else 0


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    render_music(folder)
    return folder


@pytest.fixture
def appliance(tmp_path: Path, music: Path) -> Appliance:
    shutil.copytree(music, tmp_path / "music")
    return Appliance(tmp_path)


def test_it_sees_plays_and_answers_and_its_trace_replays_exactly(appliance: Appliance) -> None:
    with appliance.running():
        state = appliance.until(lambda s: is_playing(s) and s["room"]["word"] == "neutral")

    assert state["music"]["track"]["why"]
    replayed = soulsync("replay", str(appliance.trace))
    assert replayed.returncode == 0, replayed.stderr
    assert "play “" in replayed.stdout
    assert "mood: unsure -> neutral" in replayed.stdout


def test_a_killed_eye_comes_back_and_the_music_never_stops(appliance: Appliance) -> None:
    with appliance.running():
        before = appliance.until(lambda s: is_playing(s) and s["room"]["is_present"])
        appliance.kill("eye")
        appliance.until(lambda s: part(s, "eye")["state"] == "fault")
        assert is_playing(appliance.state())
        after = appliance.until(lambda s: s["room"]["word"] == "neutral")

    assert is_playing(after)
    assert after["music"]["track"]["title"] == before["music"]["track"]["title"]


def test_a_killed_voice_comes_back_with_the_same_track_at_its_place(appliance: Appliance) -> None:
    with appliance.running():
        before = appliance.until(
            lambda s: is_playing(s) and s["music"]["track"]["position_s"] >= 3.0
        )
        appliance.kill("voice")
        appliance.until(lambda s: part(s, "voice")["state"] == "fault")
        after = appliance.until(is_playing)

    assert after["music"]["track"]["title"] == before["music"]["track"]["title"]
    assert after["music"]["track"]["position_s"] >= 3.0


def test_a_killed_core_comes_back_and_the_others_find_it(appliance: Appliance) -> None:
    with appliance.running():
        appliance.until(is_playing)
        appliance.command("volume", {"volume_pct": 23})
        appliance.until(lambda s: s["music"]["volume_pct"] == 23)
        # What was chosen is written by a worker a moment later: end core as a person would.
        appliance.kill("core", signal.SIGTERM)
        after = appliance.until(lambda s: is_playing(s) and s["room"]["is_present"])

    assert after["music"]["volume_pct"] == 23


def test_a_core_that_comes_back_lets_the_track_play_on(appliance: Appliance) -> None:
    with appliance.running():
        before = appliance.until(
            lambda s: is_playing(s) and s["music"]["track"]["position_s"] >= 2.0
        )
        appliance.kill("core", signal.SIGKILL)
        appliance.until(lambda _: appliance.programs["core"].restarts == 1)
        after = appliance.until(
            lambda s: is_playing(s) and s["music"]["track"]["position_s"] >= 5.0
        )

    track = after["music"]["track"]
    assert track["track_id"] == before["music"]["track"]["track_id"]
    assert track["why"] == before["music"]["track"]["why"]
    assert '"PlayTrack"' not in appliance.trace.read_text("utf-8")
    replayed = soulsync("replay", str(appliance.trace))
    assert replayed.returncode == 0, replayed.stderr
    assert f"“{track['title']}” goes on: " in replayed.stdout


def test_after_a_power_cut_the_track_goes_on_at_its_place_no_louder_than_is_safe(
    appliance: Appliance,
) -> None:
    render_music(appliance.music, seconds=60.0)
    with appliance.running():
        appliance.until(is_playing)
        appliance.command("volume", {"volume_pct": 80})
        before = appliance.until(
            lambda s: s["music"]["volume_pct"] == 80 and s["music"]["track"]["position_s"] >= 23.0
        )
        appliance.cut_power()
    with appliance.running("core", "voice"):
        after = appliance.until(is_playing)

    assert after["music"]["track"]["track_id"] == before["music"]["track"]["track_id"]
    assert after["music"]["volume_pct"] == 50
    starts = re.findall(r'"PlayTrack".*"start_s": ([0-9.]+)', appliance.trace.read_text("utf-8"))
    assert 3.0 <= float(starts[0]) <= 24.0  # it is kept every 20 s


def test_core_killed_without_a_word_comes_back_with_all_that_was_chosen(
    appliance: Appliance,
) -> None:
    with appliance.running():
        appliance.until(is_playing)
        appliance.command("volume", {"volume_pct": 23})
        appliance.command("camera", {"is_on": False})
        appliance.until(lambda s: not s["camera"]["is_on"])
        # What is chosen is written at once, or with the next tick when a write is under way.
        appliance.until(lambda _: _ticks_since(appliance.trace, "CameraSwitched") >= 3)
        appliance.kill("core", signal.SIGKILL)
        appliance.until(lambda _: appliance.programs["core"].restarts == 1)
        after = appliance.until(is_playing)

    assert after["music"]["volume_pct"] == 23
    assert not after["camera"]["is_on"]
    for trace in (appliance.trace.with_name("trace.jsonl.prev"), appliance.trace):
        replayed = soulsync("replay", str(trace))
        assert replayed.returncode == 0, replayed.stderr
        assert "play “" in replayed.stdout or "” goes on: " in replayed.stdout
    assert '"VolumeChosen"' in appliance.trace.with_name("trace.jsonl.prev").read_text("utf-8")


def test_what_is_liked_is_known_after_a_restart_and_erased_for_good(appliance: Appliance) -> None:
    def stored() -> bytes:
        files = (appliance.folder / "state").iterdir()
        return b"".join(file.read_bytes() for file in files if file.is_file())

    def is_liked(state: dict[str, Any]) -> bool:
        return bool(state["music"]["track"] and state["music"]["track"]["is_liked"])

    with appliance.running("core", "voice"):
        track = appliance.until(is_playing)["music"]["track"]
        appliance.command("judge", {"track_id": track["track_id"], "opinion": "like"})
        appliance.until(is_liked)
        appliance.until(lambda _: b'"liked":' in stored())
        appliance.kill("core")
        appliance.until(lambda _: appliance.programs["core"].restarts == 1)
        appliance.until(is_liked)
        appliance.command("forget-taste", {})
        appliance.until(lambda s: not is_liked(s))
        appliance.until(lambda _: b'"liked":' not in stored())


def test_a_cleared_trace_file_ends_the_recording_while_core_runs(appliance: Appliance) -> None:
    with appliance.running("core", "voice"):
        appliance.until(is_playing)
        appliance.values["privacy"] = {"trace_file": ""}
        appliance.save_settings()
        appliance.kill("core", signal.SIGHUP)
        appliance.await_words("new settings in force: privacy", '"TrackStarted"')
        recorded = appliance.trace.read_bytes()
        here = appliance.state()["music"]["track"]["position_s"]
        appliance.until(lambda s: s["music"]["track"]["position_s"] >= here + 2)

    assert appliance.trace.read_bytes() == recorded


def test_a_trace_file_that_is_something_else_is_refused_and_said(appliance: Appliance) -> None:
    with appliance.running("core", "voice"):
        appliance.until(is_playing)
        appliance.values["privacy"] = {"trace_file": str(appliance.config)}
        appliance.save_settings()
        saved = appliance.config.read_bytes()
        appliance.kill("core", signal.SIGHUP)
        state = appliance.until(lambda s: part(s, "settings")["state"] == "fault")

    assert "is there already and is no trace" in part(state, "settings")["message"]
    assert appliance.config.read_bytes() == saved
    assert '"TrackStarted"' in appliance.trace.read_text("utf-8")


def test_a_store_that_cannot_be_opened_closes_the_camera_and_says_so(appliance: Appliance) -> None:
    (appliance.folder / "state" / "soulsync.db").mkdir(parents=True)
    with appliance.running("core", "voice"):
        appliance.until(is_playing)
        appliance.command("volume", {"volume_pct": 23})
        state = appliance.until(lambda s: s["music"]["volume_pct"] == 23)

    assert not state["camera"]["is_on"]
    assert part(state, "store")["state"] == "fault"
    assert "the camera stays closed" in part(state, "store")["message"]


@pytest.mark.parametrize("after_s", [0.0, 0.15, 0.5, 1.0, 2.5])
def test_sigterm_at_any_moment_ends_every_program_promptly_and_cleanly(
    appliance: Appliance, after_s: float
) -> None:
    appliance.save_settings()
    places = ["--run-dir", str(appliance.folder / "run")]
    core = ["core", "--config", str(appliance.config), "--state-dir", str(appliance.folder / "s")]
    commands = [[*core, *places], ["eye", *places], ["voice", *places]]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "soulsync_edge", *command],
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    # The moment is the point here, so this one waits by the clock.
    time.sleep(after_s)
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process, command in zip(processes, commands, strict=True):
        _, said = process.communicate(timeout=15)
        # Before Python has set its handlers, the signal itself ends it.
        assert process.returncode in {0, -signal.SIGTERM}, (command[0], said)
        assert "Traceback" not in said


def test_a_music_folder_that_vanishes_is_said_and_comes_back_whole(appliance: Appliance) -> None:
    away = appliance.folder / "away"
    with appliance.running("core", "voice"):
        before = appliance.until(lambda s: s["library"]["tracks"] == 4 and is_playing(s))
        appliance.music.rename(away)
        gone = appliance.until(lambda s: not is_playing(s))
        assert gone["library"]["notice"]
        away.rename(appliance.music)
        after = appliance.until(is_playing)

    assert after["library"]["tracks"] == before["library"]["tracks"]


def test_the_library_is_listened_to_while_music_plays(appliance: Appliance) -> None:
    def is_known_by_ear(state: dict[str, Any]) -> bool:
        heard = appliance.get("/library").count(b"ts sound</td>")
        return is_playing(state) and heard == state["library"]["tracks"] == 4

    with appliance.running("core", "voice"):
        appliance.until(is_known_by_ear, within_s=120)

    assert appliance.programs["core"].restarts == 0
    assert appliance.programs["voice"].restarts == 0


def test_an_empty_library_says_what_to_do_and_plays_once_there_is_music(
    tmp_path: Path, music: Path
) -> None:
    appliance = Appliance(tmp_path)
    appliance.music.mkdir()
    with appliance.running("core", "voice"):
        empty = appliance.until(lambda s: "holds no music" in s["library"]["notice"])
        assert not is_playing(empty)
        for file in sorted(music.glob("*.flac")):
            shutil.copy(file, appliance.music)
        appliance.until(is_playing)

    assert appliance.programs["core"].restarts == 0


def test_damaged_files_are_listed_and_the_good_ones_play(appliance: Appliance) -> None:
    good = next(appliance.music.glob("*.flac"))
    (appliance.music / "empty.mp3").write_bytes(b"")
    (appliance.music / "noise.mp3").write_bytes(os.urandom(20_000))
    (appliance.music / "text.flac").write_text("this is not music")
    (appliance.music / "cut.flac").write_bytes(good.read_bytes()[:30])
    with (appliance.music / "huge.wav").open("wb") as huge:
        huge.truncate(5 * 2**30)
    with appliance.running("core", "voice"):
        state = appliance.until(lambda s: s["library"]["skipped"] >= 4 and is_playing(s))

    assert state["library"]["tracks"] >= 4


def test_a_damaged_model_is_a_clear_fault_and_music_goes_on(
    appliance: Appliance, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    shutil.copytree(models_folder(), models, ignore=shutil.ignore_patterns("recipes"))
    damaged = bytearray((models / "emotion.tflite").read_bytes())
    damaged[1000] ^= 1
    (models / "emotion.tflite").write_bytes(damaged)
    with appliance.running(models=models):
        state = appliance.until(lambda s: part(s, "model")["state"] == "fault" and is_playing(s))

    assert "emotion.tflite" in part(state, "model")["message"]
    assert "By schedule" in state["music"]["track"]["why"]
    assert appliance.programs["eye"].restarts == 0


def test_no_camera_is_said_once_and_music_plays_by_schedule(appliance: Appliance) -> None:
    appliance.values["camera"] = {"adapter": "v4l2", "device": "/dev/video97"}
    with appliance.running():
        state = appliance.until(lambda s: part(s, "camera")["state"] == "fault" and is_playing(s))
        appliance.until(lambda s: s["music"]["track"]["position_s"] > 4)

    assert "By schedule" in state["music"]["track"]["why"]
    assert "/dev/video97" in part(state, "camera")["message"]
    warnings = [line for line in appliance.log.read_text().splitlines() if "WARNING" in line]
    assert sum("/dev/video97" in line for line in warnings) == 1


def test_a_port_in_use_is_said_and_music_plays_all_the_same(appliance: Appliance) -> None:
    with socket.create_server(("127.0.0.1", appliance.port)), appliance.running("core", "voice"):
        said = appliance.await_words("already in use", '"TrackStarted"')
    assert str(appliance.port) in said
    assert "Traceback" not in said


def test_a_broker_that_is_not_there_is_said_and_nothing_else_stops(appliance: Appliance) -> None:
    appliance.values["mqtt"] = {"is_on": True, "host": "127.0.0.1", "port": 9}
    with appliance.running("core", "voice"):
        state = appliance.until(lambda s: part(s, "broker")["state"] == "fault" and is_playing(s))

    assert "127.0.0.1" in part(state, "broker")["message"]


def test_no_sound_device_is_said(appliance: Appliance) -> None:
    appliance.values["player"] = {"output": "pulse"}
    nowhere = {"PULSE_SERVER": "unix:/nonexistent/pulse"}
    with appliance.running("core", "voice", environment=nowhere):
        appliance.until(lambda s: part(s, "sound")["state"] == "fault")


def test_wrong_settings_do_not_stop_the_appliance(appliance: Appliance) -> None:
    with appliance.running("core", "voice"):
        appliance.until(is_playing)
        appliance.config.write_text(appliance.config.read_text() + "\n[musik]\na = 1\n")
        appliance.kill("core", signal.SIGHUP)
        state = appliance.until(lambda s: part(s, "settings")["state"] == "fault")

    assert "musik" in part(state, "settings")["message"]
    assert is_playing(state)
