import fcntl
import json
import math
import shutil
import signal
import subprocess
import sys
import time
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.events import Obstacle
from soulsync_edge.domain.mood import MoodRules
from tests.pictures import picture, write_folder, write_video

MODELS = Path(__file__).parents[2] / "models"
DECISION = {"t_s", "present", "label", "valence", "arousal", "confidence", "unsure", "obstacle"}

VIDEO_HZ = 10.0
SCENES = (Scene(0.0, Emotion.NEUTRAL), Scene(7.0, Emotion.HAPPY), Scene(14.0, None))
VIDEO_S = 20.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of the demo actor: neutral, happy, then nobody."""
    actor = ActorCamera(MODELS, SCENES, start_s=0.0)
    frames = [actor.pixels_at(number / VIDEO_HZ) for number in range(int(VIDEO_S * VIDEO_HZ))]
    return write_video(tmp_path_factory.mktemp("watch") / "actor.avi", frames, VIDEO_HZ)


def watch(video: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(video, *options), capture_output=True, text=True, timeout=120, check=False
    )


def command(video: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "soulsync_edge", "watch", "--video", str(video), *options]


def decisions(video: Path, *options: str) -> list[dict[str, Any]]:
    done = watch(video, "--json-lines", *options)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr  # the libraries below have much to say
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def decided(recording: Path) -> list[dict[str, Any]]:
    return decisions(recording)


def test_the_moods_come_in_the_order_of_the_recording(decided: list[dict[str, Any]]) -> None:
    labels = [label for label, _ in groupby(decision["label"] for decision in decided)]

    assert labels == ["nobody", "unsure", "neutral", "happy", "nobody"]


def test_each_mood_comes_within_dwell_and_two_seconds(decided: list[dict[str, Any]]) -> None:
    rules = MoodRules()
    for scene in SCENES:
        wanted = "nobody" if scene.label is None else scene.label.value
        first_s = next(
            decision["t_s"]
            for decision in decided
            if decision["t_s"] >= scene.t_s and decision["label"] == wanted
        )
        hold_s = rules.vanish_s if scene.label is None else rules.dwell_s
        assert first_s - scene.t_s <= hold_s + 2.0


def test_there_are_four_decisions_a_second_of_the_recording(
    decided: list[dict[str, Any]],
) -> None:
    times = [decision["t_s"] for decision in decided]

    assert len(times) == pytest.approx(VIDEO_S * 4, abs=1)
    assert times == sorted(times)
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(VIDEO_S, abs=0.3)


def test_a_decision_has_its_eight_fields_and_no_more(decided: list[dict[str, Any]]) -> None:
    for decision in decided:
        assert set(decision) == DECISION
        assert 0.0 <= decision["confidence"] <= 1.0
        assert decision["unsure"] == (decision["label"] == "unsure")
        assert decision["present"] == (decision["label"] != "nobody")
        assert decision["obstacle"] in {None, *(obstacle.value for obstacle in Obstacle)}


def test_valence_and_arousal_are_null_while_nothing_is_known(
    decided: list[dict[str, Any]],
) -> None:
    for decision in decided:
        known = [decision["valence"], decision["arousal"]]
        if decision["present"]:
            assert all(-1.0 <= value <= 1.0 for value in known)
        else:
            assert known == [None, None]
            assert decision["confidence"] == 0.0


def test_a_smile_raises_the_valence(decided: list[dict[str, Any]]) -> None:
    def mean(label: str) -> float:
        values = [decision["valence"] for decision in decided if decision["label"] == label]
        return math.fsum(values) / len(values)

    assert mean("happy") > mean("neutral") + 0.2


def test_the_same_recording_gives_the_same_decisions(
    recording: Path, decided: list[dict[str, Any]]
) -> None:
    assert decisions(recording) == decided


def test_watching_is_faster_than_the_recording(recording: Path) -> None:
    begun_s = time.monotonic()

    watch(recording, "--json-lines")

    # Start and models included, on a machine that may be busy with other tests.
    assert time.monotonic() - begun_s < VIDEO_S


def test_other_rates_are_possible(recording: Path) -> None:
    assert len(decisions(recording, "--rate-hz", "1")) == pytest.approx(VIDEO_S, abs=1)


def test_without_json_there_is_a_table_for_people(recording: Path) -> None:
    done = watch(recording, "--rate-hz", "1")

    head, *rows = done.stdout.splitlines()
    assert head.split() == ["time", "looks", "valence", "arousal", "confidence"]
    assert rows[0].split() == ["0.00", "s", "nobody", "-", "-", "0.00"]
    assert any("happy" in row for row in rows)


def test_a_folder_of_pictures_is_a_recording_too(tmp_path: Path) -> None:
    actor = ActorCamera(MODELS, (Scene(0.0, Emotion.HAPPY),), start_s=0.0)
    folder = write_folder(tmp_path / "pictures", [actor.pixels_at(n / 4) for n in range(16)])

    decided = decisions(folder)

    assert [decision["t_s"] for decision in decided] == [n / 4 for n in range(16)]
    assert decided[-1]["label"] == "happy"


def test_a_recording_of_nobody_shows_nobody(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", [picture(120)] * 20)

    assert {decision["label"] for decision in decisions(video)} == {"nobody"}


def test_a_recording_in_the_dark_is_watched_to_its_end(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", [picture(2)] * 20)

    decided = decisions(video)

    assert decided[-1]["t_s"] >= 1.5
    assert not any(decision["present"] for decision in decided)
    assert {decision["obstacle"] for decision in decided} == {"too dark"}


def test_in_the_dark_a_person_is_told_that_it_is_dark_and_not_that_nobody_is_there(
    tmp_path: Path,
) -> None:
    done = watch(write_video(tmp_path / "a.avi", [picture(2)] * 20))

    _, *rows = done.stdout.splitlines()
    assert rows
    assert all(row.endswith("too dark") for row in rows)
    assert "nobody" not in done.stdout


def test_where_nobody_counts_as_there_no_face_is_in_the_way(tmp_path: Path) -> None:
    actor = ActorCamera(MODELS, (Scene(0.0, Emotion.HAPPY),), start_s=0.0)
    turned = [np.ascontiguousarray(actor.pixels_at(n / 4)[::-1, ::-1]) for n in range(12)]

    decided = decisions(write_folder(tmp_path / "pictures", turned))

    for decision in decided:
        assert decision["present"] or decision["obstacle"] is None
    assert decided[0]["label"] == "nobody"
    assert decided[-1]["obstacle"] == "tilted too far"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "there is no video"), (b"", "holds no picture"), (b"no video", "holds no picture")],
)
def test_a_file_that_is_no_recording_is_refused_in_one_line(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)

    done = watch(path, "--json-lines")

    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert complaint in line
    assert str(path) in line


def test_a_name_no_setting_can_hold_is_refused_in_one_line(tmp_path: Path) -> None:
    done = watch(tmp_path / "two\nlines.mp4")

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "two\\nlines.mp4' holds control characters" in line


def test_a_model_with_a_flipped_byte_is_refused_with_its_name(
    recording: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    shutil.copytree(MODELS, models, ignore=shutil.ignore_patterns("recipes"))
    content = bytearray((models / "emotion.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (models / "emotion.tflite").write_bytes(content)

    done = watch(recording, "--models", str(models))

    assert done.returncode == 1
    assert "model `emotion`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("rate", ["0", "-1", "nan"])
def test_an_impossible_rate_is_refused(recording: Path, rate: str) -> None:
    done = watch(recording, f"--rate-hz={rate}")

    assert done.returncode == 1
    assert "--rate-hz must be above 0" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_fault(recording: Path) -> None:
    with subprocess.Popen(
        command(recording, "--json-lines"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        complaints = program.stderr.read()
        status = program.wait(60)

    assert status == 0
    assert "Broken" not in complaints
    assert "Traceback" not in complaints


def test_an_interrupted_watch_ends_without_a_traceback(recording: Path) -> None:
    with subprocess.Popen(
        command(recording, "--json-lines", "--rate-hz", "10"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        # A pipe this small cannot take all there is to say, so the program is not done yet.
        fcntl.fcntl(program.stdout, fcntl.F_SETPIPE_SZ, 4096)
        program.stdout.readline()
        program.send_signal(signal.SIGINT)
        program.stdout.read()
        complaints = program.stderr.read()
        status = program.wait(60)

    assert status == 130
    assert "Traceback" not in complaints
