from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.recipes.emotion.examples import ExamplesError, read_examples
from soulsync_edge.domain.emotion import Emotion

Array = npt.NDArray[Any]

NAMES = np.array(["neutral", "happy", "sad"])
GREY = np.random.default_rng(1).integers(0, 256, (3, 20, 30), np.uint8)
GOOD: dict[str, Array] = {"images": GREY, "label": np.array([0, 2, 1]), "label_names": NAMES}


def npz(folder: Path, **arrays: Any) -> Path:
    path = folder / "faces.npz"
    np.savez(path, **arrays)
    return path


def packed(*pictures: Array) -> dict[str, Array]:
    """The pictures as JPEG files one after another."""
    files = [cv2.imencode(".jpg", picture)[1] for picture in pictures]
    ends = np.cumsum([0, *(len(file) for file in files)])
    return {"jpeg": np.concatenate(files), "offset": ends}


def without(key: str) -> dict[str, Array]:
    return {name: value for name, value in GOOD.items() if name != key}


def test_a_block_of_grey_pictures_is_read_as_it_is(tmp_path: Path) -> None:
    examples = read_examples(npz(tmp_path, **GOOD))

    assert examples.emotions == (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD)
    assert examples.labels.tolist() == [0, 2, 1]
    assert (np.stack(list(examples.pictures)) == GREY).all()
    assert examples.note == ""


def test_colour_pictures_keep_their_three_channels(tmp_path: Path) -> None:
    colour = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 3), np.uint8)

    examples = read_examples(npz(tmp_path, **GOOD | {"images": colour}))

    assert (np.stack(list(examples.pictures)) == colour).all()


def test_one_channel_is_grey(tmp_path: Path) -> None:
    examples = read_examples(npz(tmp_path, **GOOD | {"images": GREY[..., None]}))

    assert [picture.shape for picture in examples.pictures] == [(20, 30)] * 3


def test_jpeg_files_of_several_sizes_come_out_as_rgb_again_and_again(tmp_path: Path) -> None:
    red = np.zeros((40, 60, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes blue first
    grey = np.full((16, 16), 90, np.uint8)
    path = npz(tmp_path, **packed(red, grey), label=[0, 1], label_names=NAMES)

    pictures = read_examples(path).pictures

    for _ in range(2):
        first, second = pictures
        assert first.shape == (40, 60, 3)
        assert np.abs(first[20, 30].astype(int) - [255, 0, 0]).max() < 5
        assert np.abs(second.astype(int) - 90).max() < 5


@pytest.mark.parametrize(
    "names",
    [
        ["Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Neutral", "Contempt"],
        ["ANGRY", "disgusted", "fearful", "happy", "sad", "surprised", "neutral", " contempt "],
        [b"angry", b"disgust", b"fear", b"happy", b"sad", b"surprise", b"neutral", b"contempt"],
    ],
)
def test_the_words_of_the_known_data_sets_are_understood(tmp_path: Path, names: list[str]) -> None:
    examples = read_examples(npz(tmp_path, **GOOD | {"label_names": np.array(names)}))

    assert examples.emotions == (
        Emotion.ANGRY,
        Emotion.DISGUST,
        Emotion.FEAR,
        Emotion.HAPPY,
        Emotion.SAD,
        Emotion.SURPRISE,
        Emotion.NEUTRAL,
        Emotion.CONTEMPT,
    )


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.int32])
def test_other_whole_numbers_from_0_to_255_are_taken_as_they_are(
    tmp_path: Path, dtype: type
) -> None:
    examples = read_examples(npz(tmp_path, **GOOD | {"images": GREY.astype(dtype)}))

    assert (np.stack(list(examples.pictures)) == GREY).all()
    assert np.dtype(dtype).name in examples.note


def test_fractions_are_taken_as_0_to_1_and_it_says_so(tmp_path: Path) -> None:
    examples = read_examples(npz(tmp_path, **GOOD | {"images": GREY.astype(np.float32) / 255}))

    assert (np.stack(list(examples.pictures)) == GREY).all()
    assert "float32" in examples.note
    assert "0 to 1" in examples.note


TWO = packed(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
TWO_LABELS: dict[str, Array] = {"label": np.array([0, 1]), "label_names": NAMES}
OBJECTS = np.array([np.zeros((2, 2)), "words", None], object)

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no pictures": (without("images"), "`images` is missing, and so is `jpeg`; it has `label`"),
    "no labels": (without("label"), "the key `label` is missing; it has `images`"),
    "no names": (without("label_names"), "the key `label_names` is missing"),
    "no offset": ({"jpeg": TWO["jpeg"], **TWO_LABELS}, "the key `offset` is missing"),
    "nothing at all": ({}, "the key `label_names` is missing; it has none"),
    "an unknown word": (
        GOOD | {"label_names": np.array(["neutral", "happy", "melancholy"])},
        "`label_names` has 'melancholy', which is not a class",
    ),
    "a word twice": (
        GOOD | {"label_names": np.array(["sad", "happy", "sadness"])},
        "`label_names` names sad twice",
    ),
    "names that are numbers": (
        GOOD | {"label_names": np.arange(3)},
        r"`label_names` has the shape \(3,\) and the type int64",
    ),
    "no names in the list": (GOOD | {"label_names": NAMES[:0]}, r"`label_names` has the shape \(0"),
    "a label too high": (
        GOOD | {"label": np.array([0, 3, 1])},
        "`label` is 3 in row 1, and `label_names` has only 0 to 2",
    ),
    "a label below 0": (GOOD | {"label": np.array([0, 1, -1])}, "`label` is -1 in row 2"),
    "labels that are words": (
        GOOD | {"label": np.array(["sad", "sad", "happy"])},
        r"`label` has the shape \(3,\) and the type <U5",
    ),
    "labels that are fractions": (GOOD | {"label": np.array([0.0, 1.0, 2.0])}, "type float64"),
    "one label in two dimensions": (GOOD | {"label": np.eye(3, dtype=int)}, r"shape \(3, 3\)"),
    "one label too few": (
        GOOD | {"label": np.array([0, 1])},
        "`images` tells of 3 pictures and `label` of 2",
    ),
    "nothing in it": (
        {"images": GREY[:0], "label": np.array([], int), "label_names": NAMES},
        "`label` is empty",
    ),
    "no picture to a label": (GOOD | {"images": GREY[:0]}, "tells of 0 pictures and `label` of 3"),
    "one flat picture": (GOOD | {"images": GREY[0]}, r"`images` has the shape \(20, 30\)"),
    "four channels": (
        GOOD | {"images": np.zeros((3, 8, 8, 4), np.uint8)},
        r"`images` has the shape \(3, 8, 8, 4\)",
    ),
    "channels first": (GOOD | {"images": np.zeros((3, 3, 8, 8), np.uint8)}, "RGB, uint8"),
    "pictures of no height": (GOOD | {"images": np.zeros((3, 0, 8), np.uint8)}, r"\(3, 0, 8\)"),
    "pictures of words": (GOOD | {"images": np.full((3, 2, 2), "a")}, "type <U1"),
    "pictures of yes and no": (GOOD | {"images": GREY > 9}, "type bool"),
    "16 bits": (
        GOOD | {"images": GREY.astype(np.uint16) * 257},
        "`images` is uint16 from [0-9]+ to 65[0-9]+, where 0 to 255 is understood",
    ),
    "below 0": (GOOD | {"images": GREY.astype(int) - 128}, "`images` is int64 from -128"),
    "fractions to 255": (GOOD | {"images": GREY.astype(float)}, "where 0 to 1 is understood"),
    "no number": (GOOD | {"images": np.full((3, 4, 4), np.nan)}, "`images` is float64 from nan"),
    "pickled pictures": (
        GOOD | {"images": OBJECTS},
        "`images` holds pickled Python objects, which are not loaded",
    ),
    "pickled names": (GOOD | {"label_names": OBJECTS}, "`label_names` holds pickled"),
    "pickled labels": (GOOD | {"label": OBJECTS}, "`label` holds pickled"),
    "jpeg that is no bytes": (
        {"jpeg": TWO["jpeg"].astype(int), "offset": TWO["offset"], **TWO_LABELS},
        "`jpeg` has the shape .* and the type int64",
    ),
    "an offset past the end": (
        {"jpeg": TWO["jpeg"][:-9], "offset": TWO["offset"], **TWO_LABELS},
        "`offset` puts picture 1 at",
    ),
    "an offset that runs back": (
        {"jpeg": TWO["jpeg"], "offset": TWO["offset"][::-1], **TWO_LABELS},
        "`offset` puts picture 0 at",
    ),
    "an offset below 0": (
        {"jpeg": TWO["jpeg"], "offset": TWO["offset"] - 5, **TWO_LABELS},
        "`offset` puts picture 0 at -5",
    ),
    "an offset without the last end": (
        {"jpeg": TWO["jpeg"], "offset": TWO["offset"][:-1], **TWO_LABELS},
        "`offset` tells of 1 pictures and `label` of 2",
    ),
    "no offsets": (
        {"jpeg": TWO["jpeg"], "offset": np.array([], int), **TWO_LABELS},
        "`offset` has",
    ),
    "offsets that are fractions": (
        {"jpeg": TWO["jpeg"], "offset": TWO["offset"] / 1, **TWO_LABELS},
        "`offset` has the shape .* float64",
    ),
    "a file that is no picture": (
        {"jpeg": np.arange(90, dtype=np.uint8), "offset": [0, 40, 90], **TWO_LABELS},
        "`jpeg`: picture 0 does not decode",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_sentence_that_names_file_and_key(
    tmp_path: Path, name: str
) -> None:
    arrays, told = WRONG[name]
    path = npz(tmp_path, **arrays)

    with pytest.raises(ExamplesError, match=told) as caught:
        read_examples(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match=r"none\.npz: no such file"):
        read_examples(tmp_path / "none.npz")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match="that is a folder"):
        read_examples(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an npz at all", b"\x93NUMPY"])
def test_a_file_that_is_no_npz_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "faces.npz"
    path.write_bytes(content)

    with pytest.raises(ExamplesError, match="not an npz, or cut short"):
        read_examples(path)


def test_a_single_array_is_not_an_npz(tmp_path: Path) -> None:
    path = tmp_path / "faces.npy"
    np.save(path, GREY)

    with pytest.raises(ExamplesError, match="a single array, not an npz"):
        read_examples(path)


def test_an_npz_cut_short_is_refused(tmp_path: Path) -> None:
    path = npz(tmp_path, **GOOD)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(ExamplesError, match="not an npz, or cut short"):
        read_examples(path)


def test_a_damaged_array_is_told_by_its_key(tmp_path: Path) -> None:
    path = npz(tmp_path, **GOOD)
    content = path.read_bytes()
    where = content.index(GREY.tobytes()[:64])
    path.write_bytes(content[:where] + bytes(64) + content[where + 64 :])

    with pytest.raises(ExamplesError, match="`images` is damaged"):
        read_examples(path)
