import importlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader, standardised
from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.errors import ModelError
from soulsync_edge.eye_ports import Crop, EmotionReader

SHIPPED = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def reader() -> TfliteEmotionReader:
    return TfliteEmotionReader(SHIPPED)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A models folder that a test may spoil."""
    for name in ("manifest.toml", "emotion.tflite"):
        shutil.copy(SHIPPED / name, tmp_path)
    return tmp_path


def some_crop(seed: int) -> Crop:
    """Smooth blobs: nothing in particular, with the contrast of a face."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8))
    return np.kron(coarse, np.ones((8, 8))).astype(np.uint8)


def change(manifest: Path, old: str, new: str) -> None:
    written = manifest.read_text(encoding="utf-8")
    _, own = written.split("[models.emotion]")
    assert old in own
    manifest.write_text(written.replace(own, own.replace(old, new, 1)), encoding="utf-8")


def test_an_estimate_has_a_share_per_emotion_and_its_largest_as_confidence(
    reader: EmotionReader,
) -> None:
    estimate = reader.read(some_crop(1))

    assert len(estimate.probabilities) == len(EMOTIONS)
    assert sum(estimate.probabilities) == pytest.approx(1.0)
    assert estimate.confidence == max(estimate.probabilities)


def test_the_same_crop_reads_the_same_whatever_came_before(reader: TfliteEmotionReader) -> None:
    first = reader.read(some_crop(1))

    reader.read(some_crop(2))

    assert reader.read(some_crop(1)) == first


def test_a_darker_and_flatter_picture_of_the_same_face_reads_nearly_the_same(
    reader: TfliteEmotionReader,
) -> None:
    bright = some_crop(3)
    dark = (bright * 0.4 + 20).astype(np.uint8)

    difference = np.subtract(reader.read(bright).probabilities, reader.read(dark).probabilities)

    assert np.abs(difference).max() < 0.1


def test_a_face_and_its_mirror_image_read_the_same(reader: TfliteEmotionReader) -> None:
    crop = some_crop(7)

    assert reader.read(crop[:, ::-1]) == reader.read(crop)


def test_standardised_crops_have_mean_0_and_spread_1_each_on_its_own() -> None:
    crops = np.stack([some_crop(4), some_crop(5) // 3 + 100])

    even = standardised(crops)

    assert even.mean(axis=(1, 2)) == pytest.approx([0, 0], abs=1e-5)
    assert even.std(axis=(1, 2)) == pytest.approx([1, 1], abs=1e-5)
    assert np.array_equal(even[1], standardised(crops[1]))


def test_the_noise_of_a_flat_wall_is_not_blown_up() -> None:
    wall = np.random.default_rng(6).integers(99, 102, (64, 64), np.uint8)

    assert standardised(wall).std() < 0.2


def test_a_model_file_with_a_flipped_byte_is_refused(copy: Path) -> None:
    model = copy / "emotion.tflite"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)

    with pytest.raises(ModelError, match=r"emotion\.tflite is damaged.*SHA-256 differs.*git"):
        TfliteEmotionReader(copy)


def test_labels_in_another_order_are_refused_with_both_orders(copy: Path) -> None:
    change(copy / "manifest.toml", '"neutral", "happy"', '"happy", "neutral"')

    with pytest.raises(ModelError, match=r"labels happy, neutral.*expects neutral, happy"):
        TfliteEmotionReader(copy)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("input.shape = [1, 64, 64, 1]", "input.shape = [1, 48, 48, 1]"),
        ('input.dtype = "int8"', 'input.dtype = "uint8"'),
        ("input.zero_point = ", "input.zero_point = 1"),
    ],
    ids=["shape", "type", "quantisation"],
)
def test_an_input_other_than_the_manifest_says_is_refused(copy: Path, old: str, new: str) -> None:
    change(copy / "manifest.toml", old, new)

    with pytest.raises(ModelError, match=r"the input of .*emotion\.tflite is .* the manifest says"):
        TfliteEmotionReader(copy)


def test_an_output_other_than_the_manifest_says_is_refused(copy: Path) -> None:
    change(copy / "manifest.toml", "output.shape = [1, 8]", "output.shape = [1, 7]")

    with pytest.raises(ModelError, match=r"the output of .* the manifest says"):
        TfliteEmotionReader(copy)


def test_a_temperature_of_zero_is_refused(copy: Path) -> None:
    change(copy / "manifest.toml", "temperature = ", "temperature = 0.0 #")

    with pytest.raises(ModelError, match=r"temperature = 0\.0; it must be a number above 0"):
        TfliteEmotionReader(copy)


def test_a_manifest_without_a_temperature_is_refused(copy: Path) -> None:
    change(copy / "manifest.toml", "temperature = ", "# ")

    with pytest.raises(ModelError, match=r"has no temperature.*Write `temperature = 1\.0`"):
        TfliteEmotionReader(copy)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"neutral"', '"bored"', "lists the labels bored, happy.*expects neutral, happy"),
        ('"neutral"', '"happy"', r'says labels = \["happy", "happy".*each of them once'),
        ('labels = ["neutral"', '# ["neutral"', "lists the labels none; this release expects"),
    ],
    ids=["unknown", "twice", "none"],
)
def test_other_labels_are_refused(copy: Path, old: str, new: str, told: str) -> None:
    change(copy / "manifest.toml", old, new)

    with pytest.raises(ModelError, match=rf"{told}.*docs/models\.md shows a whole manifest"):
        TfliteEmotionReader(copy)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('_labels = ["angry", "disgust"', '_labels = ["disgust", "angry"', "disgust, angry, fear"),
        ("searched_labels = ", "# ", "none"),
    ],
    ids=["another order", "none"],
)
def test_a_second_read_out_of_other_words_is_refused(
    copy: Path, old: str, new: str, told: str
) -> None:
    change(copy / "manifest.toml", old, new)

    with pytest.raises(
        ModelError, match=rf"lists the searched_labels {told}.* is of angry, disgust, fear, happy"
    ):
        TfliteEmotionReader(copy)


def test_without_any_runtime_the_message_names_both_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", None)

    with pytest.raises(ModelError, match=r"neither ai-edge-litert nor tflite-runtime.*make setup"):
        TfliteEmotionReader(SHIPPED)


def test_without_litert_the_older_runtime_reads_the_same_file(
    monkeypatch: pytest.MonkeyPatch, reader: TfliteEmotionReader
) -> None:
    older = importlib.import_module("ai_edge_litert.interpreter")  # stands in: the same interface
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", older)

    fallback = TfliteEmotionReader(SHIPPED)

    assert fallback.read(some_crop(7)) == reader.read(some_crop(7))
