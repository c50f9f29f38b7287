"""Evaluating as a person does it: the programs, on small files of the demo actor's faces."""

import json
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.recipes.emotion.own import take_in
from models.recipes.emotion.pictures import FILE
from models.recipes.manifest import write_entry
from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.domain.emotion import EMOTIONS, Emotion
from tests.tiny_models import tiny_model

Picture = npt.NDArray[np.uint8]

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"

CLEAR = (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SURPRISE, Emotion.SAD, Emotion.ANGRY)
"""Expressions of which the actor's are read right, bar one perhaps."""

PRIVATE_TEST, PUBLIC_TEST = 2, 1

KEYS = {
    "n",
    "accuracy",
    "mean_recall",
    "ece",
    "accuracy_at_80",
    "ms_per_face",
    "confusion",
    "labels",
    "faces_found",
    "unsure",
    "abstained",
}


@cache
def scene(label: Emotion) -> Picture:
    """The actor in its room, 640 x 480: a face 125 pixels wide, a little above the middle."""
    return ActorCamera(MODELS, (Scene(0.0, label),), start_s=0.0).pixels_at(1.0)


def portrait(label: Emotion, side_px: int) -> Picture:
    """The actor's face cut as tight as FER's pictures are."""
    face = scene(label)[153:299, 240:386]
    return np.asarray(cv2.resize(face, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)


def grey(picture: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def in_a_hall(label: Emotion) -> Picture:
    """The actor's picture in the corner of a grey 1600 x 1200 one."""
    hall = np.random.default_rng(1).normal(110, 3, (1200, 1600, 3)).astype(np.uint8)
    hall[700:1180, 940:1580] = scene(label)
    return hall


def write(folder: Path, pictures: list[Picture], labels: list[Emotion]) -> Path:
    path = folder / "faces.npz"
    names = [str(emotion) for emotion in EMOTIONS]
    numbers = [EMOTIONS.index(label) for label in labels]
    np.savez(path, images=np.stack(pictures), label=numbers, label_names=names)
    return path


def write_jpegs(folder: Path, pictures: list[Picture], labels: list[int], names: list[str]) -> Path:
    path = folder / "faces.npz"
    files = [cv2.imencode(".jpg", cv2.cvtColor(each, cv2.COLOR_RGB2BGR))[1] for each in pictures]
    offset = np.cumsum([0, *(len(file) for file in files)])
    np.savez(path, jpeg=np.concatenate(files), offset=offset, label=labels, label_names=names)
    return path


def run(program: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / f"models/recipes/emotion/{program}.py", *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=150
    )


def evaluated(path: Path, *options: str) -> dict[str, Any]:
    done = run("evaluate", "--data", path, "--json", *options)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize(
    "pictures",
    [
        pytest.param([grey(portrait(label, 48)) for label in CLEAR], id="48 pixels, grey"),
        pytest.param([portrait(label, 256) for label in CLEAR], id="256 pixels, colour"),
        pytest.param([grey(scene(label)) for label in CLEAR], id="a room, grey"),
        pytest.param([in_a_hall(label) for label in CLEAR], id="far away in a hall, colour"),
    ],
)
def test_the_face_is_found_and_read_in_a_picture_of_any_size(
    tmp_path: Path, pictures: list[Picture]
) -> None:
    figures = evaluated(write(tmp_path, pictures, list(CLEAR)))

    assert set(figures) == KEYS
    assert (figures["n"], figures["faces_found"]) == (5, 1.0)
    assert figures["accuracy"] >= 0.8
    assert figures["mean_recall"] == figures["accuracy"], "one row of each class"
    assert figures["labels"] == [str(emotion) for emotion in EMOTIONS]
    assert [sum(row) for row in figures["confusion"]] == [1] * 5 + [0] * 3
    assert figures["ms_per_face"] > 0


def test_of_two_people_the_nearer_counts(tmp_path: Path) -> None:
    near, far = portrait(Emotion.HAPPY, 240), portrait(Emotion.NEUTRAL, 90)
    both = np.full((300, 480, 3), 110, np.uint8)
    both[40:280, 220:460] = near
    both[60:150, 60:150] = far

    figures = evaluated(write(tmp_path, [both, both[:, ::-1]], [Emotion.HAPPY] * 2))

    assert (figures["accuracy"], figures["faces_found"]) == (1.0, 1.0)


def test_without_a_face_the_picture_itself_is_read_and_counted(tmp_path: Path) -> None:
    wall = np.random.default_rng(1).normal(120, 2, (3, 300, 400, 3)).astype(np.uint8)
    path = write(tmp_path, list(wall), [Emotion.NEUTRAL] * 3)

    figures, gated = evaluated(path), evaluated(path, "--gate")
    told = run("evaluate", "--data", path, "--gate")

    assert set(figures) == set(gated) == KEYS
    assert (figures["abstained"], gated["unsure"], gated["ece"]) == (None, None, None)
    assert "No picture was read, so there is nothing to measure." in told.stdout
    assert (figures["n"], figures["faces_found"]) == (3, 0.0)
    assert (gated["n"], gated["accuracy"], gated["abstained"]) == (0, None, {"no face": 3})


def test_where_no_face_is_found_at_all_a_person_is_asked_whether_these_are_faces(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, [np.zeros((60, 60, 3), np.uint8)] * 2, [Emotion.NEUTRAL] * 2)

    done = run("evaluate", "--data", path)

    assert done.returncode == 0
    assert "no face was found in any picture" in done.stderr


def test_it_runs_from_any_folder_and_bears_a_reader_who_has_enough(tmp_path: Path) -> None:
    path = write(tmp_path, [portrait(Emotion.HAPPY, 64)], [Emotion.HAPPY])
    program = ROOT / "models/recipes/emotion/evaluate.py"

    with subprocess.Popen(
        [sys.executable, program, "--data", path],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        said = done.stderr.read()

    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert done.returncode == 0, said


def test_the_gate_leaves_out_and_names_what_the_device_would_not_read(tmp_path: Path) -> None:
    clear = scene(Emotion.HAPPY)
    dark = (clear * 0.01).astype(np.uint8)
    small = np.asarray(cv2.resize(clear, (160, 120), interpolation=cv2.INTER_AREA), np.uint8)
    path = write_jpegs(
        tmp_path, [clear, dark, small], [0] * 3, [str(each) for each in EMOTIONS[1:]]
    )

    figures = evaluated(path, "--gate")

    assert set(figures) == KEYS
    assert (figures["n"], figures["accuracy"]) == (1, 1.0)
    assert figures["abstained"] == {"too dark": 1, "too far": 1}


def test_with_few_names_the_answer_is_looked_for_among_those(tmp_path: Path) -> None:
    pictures = [portrait(Emotion.NEUTRAL, 100), portrait(Emotion.HAPPY, 64)]
    path = write_jpegs(tmp_path, pictures, [1, 0], ["Happiness", "Sadness"])

    figures = evaluated(path)

    assert figures["labels"] == ["happy", "sad"]
    assert np.sum(figures["confusion"]) == 2
    assert figures["confusion"][0][0] + figures["confusion"][0][1] == 1
    assert evaluated(path) | {"ms_per_face": 0} == figures | {"ms_per_face": 0}


def test_a_person_gets_a_table(tmp_path: Path) -> None:
    done = run(
        "evaluate", "--data", write(tmp_path, [portrait(each, 96) for each in CLEAR], list(CLEAR))
    )

    assert done.returncode == 0
    assert "5 pictures, a face found in 100.00 %" in done.stdout
    assert "mean class recall" in done.stdout
    assert "surprise " in done.stdout


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"images": np.zeros((2, 8, 8), np.uint8), "label": [0, 1]}, "`label_names` is missing"),
        (
            {"images": np.array([{}, None]), "label": [0, 1], "label_names": ["sad", "happy"]},
            "pickle",
        ),
        (
            {
                "images": np.zeros((2, 8, 8), np.uint8),
                "label": [0, 1],
                "label_names": ["sad", "odd"],
            },
            "`label_names` has 'odd'",
        ),
    ],
)
def test_a_bad_file_ends_in_one_line_that_names_it(
    tmp_path: Path, arrays: dict[str, Any], told: str
) -> None:
    path = tmp_path / "faces.npz"
    np.savez(path, **arrays)

    done = run("evaluate", "--data", path)

    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert done.stderr.startswith(f"{path}: ")
    assert done.stderr.count("\n") == 1


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, [portrait(Emotion.HAPPY, 48)], [Emotion.HAPPY])

    done = run("evaluate", "--data", path, "--models", tmp_path)

    assert done.returncode == 1
    assert "manifest.toml cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("side_px", [1, 2, 7])
def test_pictures_too_small_for_any_face_are_read_all_the_same(
    tmp_path: Path, side_px: int
) -> None:
    slim = np.zeros((2, side_px, 60, 3), np.uint8)

    figures = evaluated(write(tmp_path, list(slim), [Emotion.NEUTRAL] * 2))

    assert (figures["n"], figures["faces_found"]) == (2, 0.0)


def fer_data(folder: Path) -> Path:
    """A data folder like FER's whose pictures are the actor's: the same in both parts."""
    folder.mkdir()
    fer2013_numbers = {"neutral": 6, "happy": 3, "surprise": 5, "sad": 4, "angry": 0}
    votes = np.zeros((2 * len(CLEAR), 10), np.int8)
    votes[np.arange(len(votes)), [EMOTIONS.index(label) for label in CLEAR * 2]] = 10
    np.savez(
        folder / FILE,
        images=np.stack([grey(portrait(label, 48)) for label in CLEAR * 2]),
        label=np.array([fer2013_numbers[label] for label in CLEAR * 2], np.int8),
        usage=np.repeat([PUBLIC_TEST, PRIVATE_TEST], len(CLEAR)).astype(np.int8),
        ferplus_votes=votes,
    )
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of the shipped models to record beside; nothing is recorded yet."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("manifest.toml", "emotion.tflite", "face_detection_short_range.tflite"):
        shutil.copy(MODELS / name, folder)
    return folder


def test_what_was_measured_is_recorded_and_printed_again_for_this_very_file_only(
    tmp_path: Path, models: Path
) -> None:
    first = run("record", "--models", models)
    assert first.returncode == 1
    assert "emotion.json cannot be read" in first.stderr

    measured = run("record", "--models", models, "--data", fer_data(tmp_path / "data"))
    assert measured.returncode == 0, measured.stderr
    written = json.loads((models / "emotion.json").read_text())
    assert written["ferplus_test"]["n"] == written["fer2013_private"]["n"] == len(CLEAR)
    assert written["ferplus_test"]["accuracy"] >= 0.8
    assert [row["change"] for row in written["robustness"]][:2] == ["clean", "gamma 0.4"]
    assert len(written["robustness"]) == 10

    again = run("record", "--models", models)
    assert again.returncode == 0, again.stderr
    table, _, _ = measured.stdout.rpartition("\n\n")
    assert again.stdout.startswith(table)
    assert "recorded, of this very model file" in again.stdout

    entry = tomllib.loads((models / "manifest.toml").read_text())["models"]["emotion"]
    with (models / "emotion.tflite").open("ab") as file:
        file.write(b"\0")
    details = {key: entry[key] for key in entry if key not in {"file", "sha256", "bytes"}}
    write_entry("emotion", "emotion.tflite", details, models)
    other = run("record", "--models", models)
    assert (other.returncode, other.stdout) == (1, "")
    assert "records figures of another model file" in other.stderr
    anew = f"record --data folder --models {models}"
    assert all(anew in told for told in (first.stderr, again.stdout, other.stderr))


def test_the_part_to_choose_by_is_never_recorded(tmp_path: Path, models: Path) -> None:
    data = fer_data(tmp_path / "data")

    done = run("record", "--models", models, "--data", data, "--part", "choose")

    assert done.returncode == 0, done.stderr
    assert "nothing was recorded" in done.stdout
    assert not (models / "emotion.json").exists()


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ((8, 7), "FER2013, all rows, seven words, by the network's second read-out"),
        ((8,), "by the device's own read-out: this model file has no second one"),
    ],
)
def test_fer2013_is_read_by_the_second_read_out_or_it_says_that_there_is_none(
    tmp_path: Path, outputs: tuple[int, ...], told: str
) -> None:
    mine, folder = tmp_path / "mine.tflite", tmp_path / "models"
    mine.write_bytes(tiny_model(outputs=outputs))
    labels = [str(emotion) for emotion in EMOTIONS]
    details = {"labels": labels, "temperature": 50.0, "licence": "MIT", "provenance": "a test"}
    take_in(mine, folder, details)

    done = run("record", "--models", folder, "--data", fer_data(tmp_path / "data"), "--quick")

    assert done.returncode == 0, done.stderr
    assert told in done.stdout
    assert "nothing was recorded" in done.stdout


def test_a_part_without_pictures_is_refused() -> None:
    done = run("record", "--part", "choose")

    assert done.returncode == 2
    assert "name the pictures" in done.stderr
