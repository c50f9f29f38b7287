"""`make demo` as a newcomer runs it: everything real, and a report that does not take its word."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.generate_docs import ROOT
from tests.e2e.appliance import render_music, soulsync

pytestmark = [pytest.mark.libvlc, pytest.mark.sound, pytest.mark.broker]

DEMO_MUSIC = ROOT / "build" / "demo-music"


@pytest.mark.timeout(150)
def test_the_demo_sees_its_script_is_heard_and_answers(tmp_path: Path) -> None:
    report_file = tmp_path / "demo.json"

    ended = soulsync(
        "demo", "--seconds", "30", "--report", str(report_file), "--port", "0",
        "--music", str(DEMO_MUSIC), within_s=120,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(report_file.read_text())
    assert report["problems"] == []
    assert report["frames"] > 100
    assert 0.6 < report["faces"] / report["frames"] < 0.95
    labels = ["neutral", "happy", "nobody", "sad", "neutral"]
    assert [scene["label"] for scene in report["script"]] == labels
    assert [mood["label"] for mood in report["moods"]] == labels
    assert report["tracks_heard"]
    assert report["heard_rms_db"] > -40
    assert report["mqtt_messages"] > 10
    assert "soulsync/soulsync/mood/state" in report["mqtt_topics"]
    assert report["page_ok"]
    assert "Traceback" not in ended.stdout + ended.stderr
    assert re.search(r"^ +\d+\.\d s  Looks cheerful", ended.stdout, re.MULTILINE)
    assert not re.search(r"^ *-\d+\.\d s", ended.stdout, re.MULTILINE), "a time before the start"


def test_too_short_a_demo_is_refused_in_words(tmp_path: Path) -> None:
    ended = soulsync("demo", "--seconds", "3", "--music", str(tmp_path))

    assert ended.returncode == 69
    assert "--seconds must be at least 20" in ended.stderr


def test_a_demo_without_music_says_what_to_do(tmp_path: Path) -> None:
    ended = soulsync("demo", "--music", str(tmp_path / "none"))

    assert ended.returncode == 69
    assert "make setup" in ended.stderr


def test_a_camera_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    render_music(tmp_path / "music", count=1, seconds=2)

    ended = soulsync("demo", "--music", str(tmp_path / "music"), "--camera", "/nowhere.mp4")

    assert ended.returncode == 69
    assert "there is no /nowhere.mp4" in ended.stderr


@pytest.mark.timeout(90)
def test_ctrl_c_ends_the_demo_and_tells_what_happened(tmp_path: Path) -> None:
    render_music(tmp_path / "music", count=2)
    command = [sys.executable, "-m", "soulsync_edge", "demo", "--port", "0"]
    with subprocess.Popen(
        [*command, "--music", str(tmp_path / "music")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        while "Looks neutral" not in (line := demo.stdout.readline()):
            assert line, "the demo ended by itself"
        demo.send_signal(signal.SIGINT)
        said, complained = demo.communicate(timeout=30)

    assert "stopping" in said
    assert "Moods told: neutral" in said
    assert "Traceback" not in said + complained


def test_a_report_that_could_not_be_written_is_refused_at_once(tmp_path: Path) -> None:
    ended = soulsync("demo", "--report", str(tmp_path / "none" / "demo.json"), "--seconds", "30")

    assert ended.returncode == 69
    assert "make it first" in ended.stderr
