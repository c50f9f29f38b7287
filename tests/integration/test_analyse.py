"""`soulsync analyse` as a person or a program calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soulsync_edge.cli import main
from tests.made_sound import RATE_HZ, beats, chords

KEYS = [
    *("path", "valence", "arousal", "valence_sd", "arousal_sd"),
    *("tempo_bpm", "key", "mode", "loudness_lufs", "danceability"),
]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with a beat, a cadence, and a file that is none."""
    soundfile.write(tmp_path / "beat.flac", 0.5 * beats(120, 12), RATE_HZ)
    cadence = chords([(2, "major"), (7, "major"), (9, "major"), (2, "major")] * 3)
    soundfile.write(tmp_path / "cadence.ogg", cadence, RATE_HZ)
    (tmp_path / "broken.mp3").write_bytes(b"nothing of the kind")
    (tmp_path / "cover.jpg").write_bytes(b"a picture")
    return tmp_path


def test_the_list_for_programs_holds_what_was_promised(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["analyse", "--json", str(music / "beat.flac"), str(music / "cadence.ogg")])

    beat, cadence = json.loads(capsys.readouterr().out)
    assert status == 0
    assert list(beat) == list(cadence) == KEYS
    assert (beat["path"], cadence["path"]) == (str(music / "beat.flac"), str(music / "cadence.ogg"))
    assert beat["tempo_bpm"] in (pytest.approx(120, rel=0.03), pytest.approx(60, rel=0.03))
    assert (cadence["key"], cadence["mode"]) == ("D", "major")
    for one in (beat, cadence):
        assert -1 <= one["valence"] <= 1
        assert -1 <= one["arousal"] <= 1
        assert min(one["valence_sd"], one["arousal_sd"]) > 0


def test_a_folder_stands_for_its_music_and_what_fails_is_named(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["analyse", str(music)])

    out, err = capsys.readouterr()
    assert status == 0
    assert "beat.flac" in out
    assert "cadence.ogg" in out
    assert "D major" in out
    assert err.count("\n") == 1
    assert "broken.mp3" in err
    assert "left out" in err


@pytest.mark.parametrize("wanted", ["gone.mp3", "broken.mp3"])
def test_nothing_to_analyse_is_an_empty_list_and_says_why(
    music: Path, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["analyse", "--json", str(music / wanted)])

    out, err = capsys.readouterr()
    assert (status, json.loads(out)) == (66, [])
    assert err.count(wanted) == 1


def test_an_empty_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(tmp_path)]) == 66
    assert "holds no music" in capsys.readouterr().err


def test_a_file_is_heard_alike_alone_and_in_company_but_for_its_place(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["analyse", "--json", str(music / "beat.flac")])
    [alone] = json.loads(capsys.readouterr().out)
    main(["analyse", "--json", str(music)])
    together = json.loads(capsys.readouterr().out)[0]

    for name in ("tempo_bpm", "key", "mode", "loudness_lufs", "danceability"):
        assert together[name] == alone[name]


def test_a_name_that_is_no_text_is_no_obstacle(music: Path) -> None:
    odd = Path(str(music / "odd-") + "\udcff.flac")
    odd.write_bytes((music / "beat.flac").read_bytes())

    done = subprocess.run(
        [sys.executable, "-m", "soulsync_edge", "analyse", "--json", str(odd)],
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert "odd-" in json.loads(done.stdout)[0]["path"]


def test_who_stops_listening_is_no_mishap(music: Path) -> None:
    command = [sys.executable, "-m", "soulsync_edge", "analyse", str(music / "beat.flac")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as analyse:
        assert analyse.stdout is not None
        assert analyse.stderr is not None
        analyse.stdout.close()
        said = analyse.stderr.read()

    assert said == b""


def test_a_name_no_disk_can_hold_is_named_and_the_others_are_heard(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["analyse", "--json", "x" * 300, str(music / "beat.flac")])

    out, err = capsys.readouterr()
    assert (status, len(json.loads(out))) == (0, 1)
    assert "too long" in err


def test_a_file_with_numbers_that_are_none_does_not_end_the_run(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = np.full(5 * RATE_HZ, np.nan, np.float32)
    soundfile.write(music / "nan.wav", sound, RATE_HZ, subtype="FLOAT")

    status = main(["analyse", "--json", str(music / "nan.wav"), str(music / "beat.flac")])

    out, err = capsys.readouterr()
    assert (status, len(json.loads(out))) == (0, 1)
    assert "nan.wav" in err
    assert "silent" in err


def test_a_missing_model_is_said_in_a_sentence(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()

    assert main(["analyse", "--models", str(nowhere), str(music)]) == 69
    assert "manifest" in capsys.readouterr().err
