"""What every emotion reader does, made up or LiteRT."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.domain.emotion import EMOTIONS, Emotion
from soulsync_edge.eye_ports import Crop, EmotionReader
from soulsync_edge.fakes import FakeEmotionReader

MODELS = Path(__file__).parents[2] / "models"


def made_up() -> EmotionReader:
    return FakeEmotionReader(Emotion.HAPPY)


def litert() -> EmotionReader:
    return TfliteEmotionReader(MODELS)


@pytest.fixture(scope="module", params=[made_up, litert])
def reader(request: pytest.FixtureRequest) -> EmotionReader:
    make: Callable[[], EmotionReader] = request.param
    return make()


@pytest.fixture
def crop() -> Crop:
    """Smooth blobs, with the contrast of a face."""
    coarse = np.random.default_rng(1).integers(0, 256, (8, 8))
    return np.kron(coarse, np.ones((8, 8))).astype(np.uint8)


@given(level=st.integers(0, 255), seed=st.integers(0, 2**32 - 1), spread=st.integers(0, 255))
def test_any_crop_gets_a_share_per_emotion_and_a_confidence(
    reader: EmotionReader, level: int, seed: int, spread: int
) -> None:
    noise = np.random.default_rng(seed).integers(-spread, spread, (64, 64), endpoint=True)

    estimate = reader.read((noise + level).clip(0, 255).astype(np.uint8))

    assert len(estimate.probabilities) == len(EMOTIONS)
    assert sum(estimate.probabilities) == pytest.approx(1.0)
    assert 0.0 <= estimate.confidence <= 1.0


def test_a_crop_is_left_as_it_is_and_reads_the_same_again(
    reader: EmotionReader, crop: Crop
) -> None:
    before = crop.copy()

    first = reader.read(crop)
    reader.read(np.zeros((64, 64), np.uint8))

    assert (crop == before).all()
    assert reader.read(crop) == first


def test_a_crop_that_lies_scattered_in_memory_is_read_too(
    reader: EmotionReader, crop: Crop
) -> None:
    scattered = np.repeat(crop, 2, axis=1)[:, ::2]

    assert not scattered.flags.c_contiguous
    assert reader.read(scattered) == reader.read(crop)


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((48, 48), np.uint8),
        np.zeros((64, 64, 1), np.uint8),
        np.zeros((1, 64, 64), np.uint8),
        np.zeros((64, 64), np.float32),
        np.zeros((0, 0), np.uint8),
    ],
    ids=["another size", "a channel", "a batch", "floats", "nothing"],
)
def test_a_crop_of_another_kind_is_refused(reader: EmotionReader, other: Crop) -> None:
    with pytest.raises(ValueError, match=r"takes a \(64, 64\) uint8 crop, got"):
        reader.read(other)
