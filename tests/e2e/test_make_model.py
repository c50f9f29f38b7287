"""Making the emotion model as a person does it, in the quick mode, on drawn faces."""

import hashlib
import os
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.recipes.emotion.faces import FACES
from models.recipes.emotion.pictures import FILE, PICTURE_PX
from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.domain.emotion import EMOTIONS, Emotion

Picture = npt.NDArray[np.uint8]

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models"
WORK = ROOT / "build" / "emotion-quick"
VENV = ROOT / ".venv-train"

TRAINING, PUBLIC_TEST, PRIVATE_TEST = 0, 1, 2
FER2013_NUMBERS = (6, 3, 5, 4, 0, 1, 2, 6)
"""In FER+ order; contempt, which FER2013 does not know, counts as neutral."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # a few minutes on two idle cores
    pytest.mark.skipif(
        not (VENV / ".made-from").exists(),
        reason=".venv-train is missing, where torch and the converter are: run `make setup-train`",
    ),
]


@cache
def drawn_face(label: Emotion) -> Picture:
    """The actor's face cut as tight as FER's pictures are."""
    camera = ActorCamera(SHIPPED, (Scene(0.0, label),), start_s=0.0)
    face = cv2.cvtColor(camera.pixels_at(1.0)[153:299, 240:386], cv2.COLOR_RGB2GRAY)
    small = cv2.resize(face, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def grainy(picture: Picture, random: np.random.Generator) -> Picture:
    """The picture with a light and a grain of its own, so that no two are the same."""
    grain = random.normal(random.normal(0, 10), 4, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder like FER's: six faces of every class to train on, one in each other part."""
    usages = [TRAINING] * 6 + [PUBLIC_TEST, PRIVATE_TEST]
    random = np.random.default_rng(1)
    rows = [(usage, number) for usage in usages for number in range(len(EMOTIONS))]
    votes = np.zeros((len(rows), 10), np.int8)
    votes[np.arange(len(rows)), [number for _, number in rows]] = 10
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez(
        folder / FILE,
        images=np.stack([grainy(drawn_face(EMOTIONS[number]), random) for _, number in rows]),
        label=np.array([FER2013_NUMBERS[number] for _, number in rows], np.int8),
        usage=np.array([usage for usage, _ in rows], np.int8),
        ferplus_votes=votes,
    )
    return folder


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1700
    )


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shipped() -> dict[str, str]:
    return {path.name: digest_of(path) for path in SHIPPED.iterdir() if path.is_file()}


def trained(data: Path, work: Path, *options: str) -> subprocess.CompletedProcess[str]:
    train = ("-m", "models.recipes.emotion.train", "--quick", "--data", data, "--work", work)
    return run(VENV / "bin/python", *train, *options)


def broken_off_after(line: str, *command: str | Path) -> str:
    """Run `command` until it prints a line that begins so, then end it; what it printed."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        printed = []
        for one in running.stdout:
            printed.append(one)
            if one.startswith(line):
                os.killpg(running.pid, signal.SIGTERM)
        running.wait(timeout=60)
    assert running.returncode != 0
    return "".join(printed)


def test_the_quick_mode_goes_all_the_way_and_leaves_the_shipped_model_alone(data: Path) -> None:
    before = shipped()
    make = ("scripts/make_model.sh", data, "--quick")
    shutil.rmtree(WORK, ignore_errors=True)

    begun = broken_off_after("epoch 1: loss", *make)
    assert "-- teacher\n48 rows to train on, seed 1\nepoch 1: loss" in begun

    done = run(*make)
    assert done.returncode == 0, done.stderr
    assert "-- frame: done already\n-- teacher\n" in done.stdout
    epochs = [line[:7] for line in done.stdout.splitlines() if line.startswith("epoch ")]
    assert epochs == ["epoch 2", "epoch 1", "epoch 2"], "the rest of the teacher, then the student"
    assert "48 rows to train on, seed 2" in done.stdout
    assert "The model lies in build/emotion-quick/models" in done.stdout.splitlines()[-1]
    reader = TfliteEmotionReader(WORK / "models")
    crop = np.random.default_rng(2).integers(0, 256, (64, 64), np.uint8)
    assert sum(reader.read(crop).probabilities) == pytest.approx(1)
    assert sum(reader.searched(crop)) == pytest.approx(1)
    assert shipped() == before
    teacher, student = WORK / "teacher", WORK / "student"
    assert (teacher / FACES).samefile(student / FACES)
    assert (teacher / "emotion.pt").read_bytes() != (student / "emotion.pt").read_bytes()

    again = run(*make)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("done already") == 5

    manifest, digest = WORK / "models" / "manifest.toml", digest_of(WORK / "models/emotion.tflite")
    manifest.write_text(manifest.read_text().replace(digest, "0" * 64))
    mended = run(*make)
    assert mended.returncode == 0, mended.stderr
    assert "-- student: done already\n-- export\n" in mended.stdout
    assert digest_of(WORK / "models/emotion.tflite") in manifest.read_text()

    same = trained(data, teacher)
    assert same.returncode == 0, same.stderr
    assert "epoch" not in same.stdout, "it was done already"

    other = trained(data, teacher, "--seed", "2", "--epochs", "3")
    assert other.returncode == 1
    assert "emotion.pt was begun with seed 1 (now 2), epochs 2 (now 3). Go on" in other.stderr
    assert "Traceback" not in other.stderr

    with np.load(data / FILE) as stored:
        np.savez(data / FILE, **dict(stored) | {"images": 255 - stored["images"]})
    assert "emotion.pt was begun with pictures " in trained(data, teacher).stderr


def test_pictures_without_one_of_the_classes_are_refused_before_the_first_step(
    data: Path, tmp_path: Path
) -> None:
    with np.load(data / FILE) as stored:
        votes, rows = stored["ferplus_votes"].copy(), len(stored["label"])
        votes[votes[:, EMOTIONS.index(Emotion.FEAR)] > 0] = (10, *[0] * 9)
        np.savez(data / FILE, **dict(stored) | {"ferplus_votes": votes})
    box, points = np.zeros((rows, 4)), np.zeros((rows, 6, 2))
    np.savez(tmp_path / FACES, box=box, points=points, score=np.zeros(rows))

    done = trained(data, tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("no picture to train on shows fear: ")


def test_a_training_that_was_broken_off_ends_where_an_unbroken_one_does(data: Path) -> None:
    done = run(VENV / "bin/python", "-m", "tests.resumed_training", data)

    assert done.returncode == 0, done.stderr
    assert done.stdout == ("epochs 2 2, same True, already after one False, recipe kept True\n")
