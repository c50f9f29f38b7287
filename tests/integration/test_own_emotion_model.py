"""A model somebody brings: taken in when the device can use it, else refused with the reason."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.recipes.emotion import own
from models.recipes.emotion.own import take_in
from models.recipes.manifest import write_entry
from soulsync_edge.adapters.actor_stage import load_faces
from soulsync_edge.adapters.crop_opencv import CROP_PX
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.errors import ModelError
from soulsync_edge.eye_ports import Crop
from tests.tiny_models import tiny_model

SHIPPED = Path(__file__).parents[2] / "models"
LABELS = [str(emotion) for emotion in EMOTIONS]


def some_crop() -> Crop:
    return np.random.default_rng(3).integers(0, 256, (CROP_PX, CROP_PX), np.uint8)


def told(**changed: Any) -> dict[str, Any]:
    entry = {"labels": LABELS, "temperature": 1.0, "licence": "MIT", "provenance": "a test"}
    return entry | changed


def written(folder: Path, content: bytes, name: str = "mine.tflite") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def taken_in(tmp_path: Path, content: bytes, **changed: Any) -> Path:
    """The models folder that took in a file of this content."""
    folder = tmp_path / "models"
    take_in(written(tmp_path, content), folder, told(**changed), SHIPPED)
    return folder


def test_a_model_of_the_right_form_is_read_with_from_its_own_folder(tmp_path: Path) -> None:
    folder = taken_in(tmp_path, tiny_model(), temperature=50.0)

    estimate = TfliteEmotionReader(folder).read(some_crop())

    # Logits of -2.56 to 2.54 divided by 50: nearly the same share for every class.
    assert estimate.probabilities == pytest.approx([1 / 8] * 8, abs=0.02)
    entry = tomllib.loads((folder / "manifest.toml").read_text())["models"]["emotion"]
    assert (entry["file"], entry["licence"]) == ("mine.tflite", "MIT")
    assert entry["provenance"] == "a test"


def test_the_other_models_are_in_that_folder_too(tmp_path: Path) -> None:
    folder = taken_in(tmp_path, tiny_model())

    MediapipeFaceFinder(folder).close()
    load_faces(folder)
    assert not (folder / "emotion.tflite").exists()


@pytest.mark.parametrize("outputs", [(8, 7), (7, 8)])
def test_a_second_read_out_is_found_wherever_it_stands(
    tmp_path: Path, outputs: tuple[int, ...]
) -> None:
    reader = TfliteEmotionReader(taken_in(tmp_path, tiny_model(outputs=outputs)))

    assert len(reader.searched(some_crop())) == 7
    assert len(reader.read(some_crop()).probabilities) == 8


def test_without_a_second_read_out_only_that_question_is_refused(tmp_path: Path) -> None:
    reader = TfliteEmotionReader(taken_in(tmp_path, tiny_model()))

    with pytest.raises(ModelError, match=r"mine\.tflite has no second read-out"):
        reader.searched(some_crop())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            tiny_model(dtype="float32"),
            r"input of .*mine\.tflite is \(1, 64, 64, 1\) float32; the device needs .* int8 with",
        ),
        (tiny_model(dtype="uint8"), r"the input of .* is \(1, 64, 64, 1\) uint8, scale .*int8"),
        (
            tiny_model((1, 48, 48, 1)),
            r"input of .*\(1, 48, 48, 1\) int8.*needs \(1, 64, 64, 1\)",
        ),
        (
            tiny_model((1, 64, 64, 3)),
            r"input of .*\(1, 64, 64, 3\) int8.*needs \(1, 64, 64, 1\)",
        ),
        (tiny_model(outputs=(7,)), r"the output of .* is \(1, 7\) int8.*the device needs \(1, 8\)"),
        (tiny_model(outputs=(8, 9)), r"the searched output of .* is \(1, 9\).*needs \(1, 7\)"),
        (tiny_model(inputs=2), r"mine\.tflite has 2 inputs, the device hands over one crop"),
        (tiny_model(outputs=(8, 7, 2)), r"mine\.tflite has 3 outputs, the manifest lists 2"),
    ],
    ids=[
        *("float", "unsigned", "smaller", "colour", "seven classes", "nine words", "two inputs"),
        "three outputs",
    ],
)
def test_a_model_the_device_cannot_use_is_refused_with_what_it_needs(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(ModelError, match=rf"{reason}.*docs/models\.md"):
        taken_in(tmp_path, content)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"labels": [*LABELS[1:], LABELS[0]]}, "lists the labels happy,.*expects neutral, happy"),
        ({"labels": LABELS[:7]}, "lists the labels neutral,.*expects neutral,.*contempt"),
        ({"temperature": 0.0}, r"temperature = 0\.0; it must be a number above 0"),
        (
            {"temperature": float("nan")},
            "temperature = nan; it must be a number above 0 and finite",
        ),
        (
            {"temperature": float("inf")},
            "temperature = inf; it must be a number above 0 and finite",
        ),
    ],
    ids=["order", "too few", "zero", "nan", "infinite"],
)
def test_what_is_said_of_it_is_checked_too(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ModelError, match=rf"{reason}.*docs/models\.md"):
        taken_in(tmp_path, tiny_model(), **changed)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a model", (SHIPPED / "emotion.tflite").read_bytes()[:300_000]],
    ids=["empty", "text", "cut short"],
)
def test_what_is_no_tflite_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SystemExit, match=r"mine\.tflite is not a TFLite model"):
        taken_in(tmp_path, content)

    assert not (tmp_path / "models").exists()


def test_a_listed_file_that_is_no_tflite_file_is_refused_at_load(tmp_path: Path) -> None:
    folder = taken_in(tmp_path, tiny_model())
    entry = tomllib.loads((folder / "manifest.toml").read_text())["models"]["emotion"]
    details = {key: entry[key] for key in ("input", "output", "labels", "temperature")}
    written(folder, b"not a model, though its hash is right")
    write_entry("emotion", "mine.tflite", details, folder)

    with pytest.raises(ModelError, match=r"LiteRT cannot load .*mine\.tflite.*docs/models\.md"):
        TfliteEmotionReader(folder)


def test_a_listed_file_that_is_gone_is_named_at_load(tmp_path: Path) -> None:
    folder = taken_in(tmp_path, tiny_model())
    (folder / "mine.tflite").unlink()

    with pytest.raises(ModelError, match=r"mine\.tflite cannot be read \(No such file"):
        TfliteEmotionReader(folder)


def test_a_file_changed_after_it_was_taken_in_is_refused(tmp_path: Path) -> None:
    folder = taken_in(tmp_path, tiny_model(seed=1))
    written(folder, tiny_model(seed=2))

    with pytest.raises(ModelError, match=r"SHA-256 differs.*docs/models\.md"):
        TfliteEmotionReader(folder)


def test_a_hash_written_in_capitals_is_the_same_hash(tmp_path: Path) -> None:
    folder = taken_in(tmp_path, tiny_model())
    manifest = folder / "manifest.toml"
    text = manifest.read_text()
    manifest.write_text(re.sub("[0-9a-f]{64}", lambda found: found[0].upper(), text))

    TfliteEmotionReader(folder).read(some_crop())


def test_a_refused_model_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = taken_in(tmp_path, tiny_model())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    for name in ("mine.tflite", "another.tflite"):
        with pytest.raises(ModelError):
            take_in(written(tmp_path, tiny_model(dtype="float32"), name), folder, told(), SHIPPED)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_refused_model_leaves_no_folder_that_was_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        taken_in(tmp_path, tiny_model(dtype="float32"))

    assert not (tmp_path / "models").exists()


def test_a_refused_model_leaves_what_lay_in_a_folder_without_a_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    mine = written(folder, tiny_model(dtype="float32"))
    actor = written(folder, b"an actor of my own", "actor.npz")

    with pytest.raises(ModelError):
        take_in(mine, folder, told(), SHIPPED)

    assert sorted(folder.iterdir()) == [actor, mine]
    assert actor.read_bytes() == b"an actor of my own"


@pytest.mark.parametrize("text", ["schema = ", "schema = 1", "models = 3"])
def test_a_manifest_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "manifest.toml").write_text(text)

    with pytest.raises(SystemExit, match=r"models/manifest\.toml is not understood"):
        take_in(written(tmp_path, tiny_model()), folder, told(), SHIPPED)

    assert [path.name for path in folder.iterdir()] == ["manifest.toml"]


def test_a_model_that_lies_in_the_folder_already_is_taken_in_where_it_lies(
    tmp_path: Path,
) -> None:
    folder = taken_in(tmp_path, tiny_model(seed=1))
    newer = written(folder, tiny_model(seed=2))

    assert take_in(newer, folder, told(), SHIPPED) == newer
    TfliteEmotionReader(folder).read(some_crop())


def test_the_name_of_another_model_is_not_taken(tmp_path: Path) -> None:
    file = written(tmp_path, tiny_model(), "actor.npz")

    with pytest.raises(SystemExit, match=r"actor\.npz is another model's name.*rename your file"):
        take_in(file, tmp_path / "models", told(), SHIPPED)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"mine\.tflite cannot be read \(No such file"):
        take_in(tmp_path / "mine.tflite", tmp_path / "models", told(), SHIPPED)


def test_before_set_up_the_missing_models_are_named(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "manifest.toml").write_bytes((SHIPPED / "manifest.toml").read_bytes())

    missing = r"actor\.npz, music_affect\.npz is not in .*bare yet: run `make setup`"
    with pytest.raises(SystemExit, match=missing):
        take_in(written(tmp_path, tiny_model()), tmp_path / "models", told(), bare)


def test_the_command_takes_it_in_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(SHIPPED.parent)
    folder, file = tmp_path / "models", written(tmp_path, tiny_model())
    arguments = ["--labels", ", ".join(LABELS), "--licence", "MIT", "--provenance", "a test"]
    monkeypatch.setattr(
        sys, "argv", ["own", "--file", str(file), "--models", str(folder), *arguments]
    )

    own.main()

    TfliteEmotionReader(folder).read(some_crop())
    assert f"evaluate --data FILE.npz --models {folder}" in capsys.readouterr().out
