import tomllib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from models.recipes.emotion.augment import jittered, varied_crop
from models.recipes.emotion.faces import CANONICAL, load_faces, plain_crops
from models.recipes.emotion.measures import calibration_error
from models.recipes.emotion.pictures import (
    FILE,
    MORE_FILE,
    NO_LABEL,
    all_pictures,
    load_pictures,
)
from models.recipes.manifest import write_entry
from soulsync_edge.adapters.crop_opencv import crop_face

TRAINING, PUBLIC_TEST, PRIVATE_TEST = 0, 1, 2
HAPPY_WORD = 3
"""FER2013's number of happy."""

# Votes in FER+ order: neutral, happy, surprise, sad, angry, disgust, fear, contempt, unknown, NF.
CLEAR_HAPPY = (1, 9, 0, 0, 0, 0, 0, 0, 0, 0)
TORN = (5, 0, 0, 5, 0, 0, 0, 0, 0, 0)
NOT_A_FACE = (0, 0, 0, 0, 0, 0, 0, 0, 0, 10)
ALL_SINGLE = (1, 1, 1, 1, 1, 1, 1, 1, 1, 1)


def write_pictures(folder: Path, rows: list[tuple[int, tuple[int, ...], int]]) -> None:
    """A data file of rows: usage, votes, and the seed of the picture."""
    pictures = [
        np.random.default_rng(seed).integers(0, 256, (48, 48), np.uint8) for _, _, seed in rows
    ]
    np.savez(
        folder / FILE,
        images=np.array(pictures),
        label=np.full(len(rows), HAPPY_WORD, np.int8),
        usage=np.array([usage for usage, _, _ in rows], np.int8),
        ferplus_votes=np.array([votes for _, votes, _ in rows], np.int8),
    )


def test_a_picture_that_stands_in_a_test_is_not_trained_on(tmp_path: Path) -> None:
    write_pictures(
        tmp_path,
        [
            (TRAINING, CLEAR_HAPPY, 1),
            (TRAINING, CLEAR_HAPPY, 2),
            (TRAINING, CLEAR_HAPPY, 3),
            (PUBLIC_TEST, CLEAR_HAPPY, 2),
            (PRIVATE_TEST, CLEAR_HAPPY, 3),
        ],
    )

    pictures = load_pictures(tmp_path)

    assert pictures.train.index.tolist() == [0]
    assert pictures.choose.index.tolist() == [3]
    assert pictures.test.index.tolist() == [4]


def test_training_keeps_torn_votes_as_shares_and_tests_leave_them_out(tmp_path: Path) -> None:
    write_pictures(
        tmp_path,
        [(TRAINING, TORN, 1), (PUBLIC_TEST, TORN, 2), (PUBLIC_TEST, CLEAR_HAPPY, 3)],
    )

    pictures = load_pictures(tmp_path)

    assert pictures.train.shares[0].tolist() == [0.5, 0, 0, 0.5, 0, 0, 0, 0]
    assert pictures.choose.index.tolist() == [2]


def test_single_votes_do_not_count(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(TRAINING, CLEAR_HAPPY, 1), (TRAINING, ALL_SINGLE, 2)])

    train = load_pictures(tmp_path).train

    assert train.index.tolist() == [0]
    assert train.shares[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert train.majority.tolist() == [1]


def test_what_is_not_a_face_is_left_out_everywhere(tmp_path: Path) -> None:
    write_pictures(
        tmp_path,
        [
            (TRAINING, NOT_A_FACE, 1),
            (PRIVATE_TEST, NOT_A_FACE, 2),
            (TRAINING, CLEAR_HAPPY, 3),
        ],
    )

    pictures = load_pictures(tmp_path)

    assert (len(pictures.train), len(pictures.choose), len(pictures.test)) == (1, 0, 0)


def test_rows_without_a_majority_are_still_judged_by_their_word(tmp_path: Path) -> None:
    write_pictures(
        tmp_path,
        [(TRAINING, CLEAR_HAPPY, 1), (PUBLIC_TEST, TORN, 2), (PRIVATE_TEST, NOT_A_FACE, 3)],
    )

    pictures = load_pictures(tmp_path)

    assert pictures.searched_choose.index.tolist() == [1]
    assert pictures.searched_test.index.tolist() == [2]
    assert pictures.searched_test.searched.tolist() == [HAPPY_WORD]


def test_a_picture_with_two_words_is_not_trained_on_either(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(TRAINING, CLEAR_HAPPY, 1), (TRAINING, CLEAR_HAPPY, 2)])
    with np.load(tmp_path / FILE) as stored:
        np.savez(tmp_path / FILE, **stored, label_ambiguous=np.array([True, False]))

    assert load_pictures(tmp_path).train.searched.tolist() == [NO_LABEL, HAPPY_WORD]


def test_the_other_data_set_is_trained_on_after_the_first(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(TRAINING, CLEAR_HAPPY, 1), (PUBLIC_TEST, CLEAR_HAPPY, 2)])
    pictures = [np.full((96, 96), shade, np.uint8) for shade in (50, 150)]
    files = [cv2.imencode(".jpg", picture)[1].ravel() for picture in pictures]
    np.savez(
        tmp_path / MORE_FILE,
        jpeg=np.concatenate(files),
        offset=np.cumsum([0, *(len(file) for file in files)]),
        label=np.array([6, 7], np.int8),  # neutral and contempt, by FER2013's numbers
    )

    train = load_pictures(tmp_path).train

    assert train.index.tolist() == [0, 2, 3]
    assert train.majority.tolist() == [1, 0, 7]
    assert train.searched.tolist() == [HAPPY_WORD, NO_LABEL, NO_LABEL]
    assert train.shares.sum(axis=1) == pytest.approx(1)
    assert train.pictures[2].mean() == pytest.approx(150, abs=2)
    assert [len(picture) for picture in all_pictures(tmp_path)] == [48, 48, 96, 96]


def test_a_file_in_place_of_the_data_folder_is_told(tmp_path: Path) -> None:
    file = tmp_path / "pictures.npz"
    file.touch()

    with pytest.raises(SystemExit, match=r"pictures\.npz is a file: name the folder in which"):
        load_pictures(file)


def test_a_data_file_without_a_key_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    np.savez(tmp_path / FILE, images=np.zeros((1, 48, 48), np.uint8))

    with pytest.raises(SystemExit, match=r"npz lacks ferplus_votes, label, usage: .*emotion\.md"):
        load_pictures(tmp_path)


def test_a_key_of_another_shape_is_named_with_what_it_should_be(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(TRAINING, CLEAR_HAPPY, 1)])
    with np.load(tmp_path / FILE) as stored:
        np.savez(tmp_path / FILE, **dict(stored) | {"ferplus_votes": np.zeros((1, 8), np.int8)})

    with pytest.raises(SystemExit, match=r"npz: ferplus_votes is \(1, 8\), not \(1, 10\): "):
        load_pictures(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not an npz", b"PK\x03\x04 cut short"])
def test_a_damaged_data_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)

    with pytest.raises(SystemExit, match=r"fer2013_ferplus\.npz is damaged.*emotion\.md"):
        load_pictures(tmp_path)


def test_an_encrypted_data_file_is_named(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(TRAINING, CLEAR_HAPPY, 1)])
    content = bytearray((tmp_path / FILE).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the first entry of the index
    (tmp_path / FILE).write_bytes(content)

    with pytest.raises(SystemExit, match=r"fer2013_ferplus\.npz is damaged.*emotion\.md"):
        load_pictures(tmp_path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"jpeg": np.zeros(9, np.uint8)}, "jpeg does not decode where offset says"),
        ({"offset": np.zeros(3, np.int64)}, "jpeg does not decode where offset says"),
        ({"label": np.array([6, 7, 6], np.int8)}, "label has 3 rows, offset 1"),
        ({"label": None}, "lacks label"),
    ],
    ids=["not a JPEG", "empty", "a label too many", "no label"],
)
def test_a_damaged_second_data_file_is_named_with_its_key(
    tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    write_pictures(tmp_path, [(TRAINING, CLEAR_HAPPY, 1)])
    file = cv2.imencode(".jpg", np.full((96, 96), 90, np.uint8))[1].ravel()
    whole = {"jpeg": file, "offset": np.array([0, len(file)]), "label": np.array([6], np.int8)}
    kept = {key: value for key, value in (whole | changed).items() if value is not None}
    np.savez(tmp_path / MORE_FILE, **kept)

    with pytest.raises(SystemExit, match=rf"muxspace_train\.npz:? {told}"):
        load_pictures(tmp_path)


def test_a_missing_data_file_is_named_with_what_to_read(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"fer2013_ferplus\.npz is missing.*emotion\.md"):
        load_pictures(tmp_path)


def test_faces_are_read_as_they_were_found(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "faces.npz",
        box=np.array([(1, 2, 30, 30)], np.float32),
        points=np.ones((1, 6, 2), np.float32),
        score=np.array([0.9], np.float32),
    )

    (face,) = load_faces(tmp_path)

    assert (face.left_px, face.top_px, face.width_px) == (1, 2, 30)
    assert face.score == pytest.approx(0.9)
    assert face.key_points[5] == (1, 1)


def test_training_sees_the_very_crop_the_device_cuts(tmp_path: Path) -> None:
    write_pictures(tmp_path, [(TRAINING, CLEAR_HAPPY, 1)])
    rows = load_pictures(tmp_path).train

    crops = plain_crops(rows, [CANONICAL])

    assert np.array_equal(crops[0], crop_face(rows.pictures[0], CANONICAL))


def test_the_median_face_takes_in_about_the_whole_picture() -> None:
    border = np.full((48, 48), 255, np.uint8)
    border[3:-3, 3:-3] = 0

    crop = crop_face(border, CANONICAL)

    assert crop[:, :2].mean() > 200
    assert crop[16:48, 16:48].max() == 0


def test_a_jittered_face_keeps_its_proportions() -> None:
    random = np.random.default_rng(8)

    for _ in range(50):
        face = jittered(CANONICAL, random)
        points, median = np.array(face.key_points), np.array(CANONICAL.key_points)
        apart = np.linalg.norm(points[1] - points[0]) / np.linalg.norm(median[1] - median[0])

        assert face.width_px / CANONICAL.width_px == pytest.approx(apart)
        assert 0.6 < apart < 1.6
        assert np.abs(np.subtract(face.centre, CANONICAL.centre)).max() < 9


def test_varied_crops_differ_by_chance_and_repeat_by_seed() -> None:
    picture = np.random.default_rng(9).integers(0, 256, (48, 48), np.uint8)
    random = np.random.default_rng(10)
    first, second = (varied_crop(picture, CANONICAL, random) for _ in range(2))

    again = varied_crop(picture, CANONICAL, np.random.default_rng(10))

    assert not np.array_equal(first, second)
    assert np.array_equal(first, again)
    assert first.shape == (64, 64)


def test_some_crops_are_left_as_the_camera_sees_them() -> None:
    random = np.random.default_rng(11)
    ramp = np.tile(np.arange(48, dtype=np.uint8) * 2 + 60, (48, 1))

    spreads = [np.ptp(varied_crop(ramp, CANONICAL, random)) for _ in range(60)]

    # Framing alone neither lightens nor darkens, and what disturbs shows in most of the others.
    is_plain = [spread <= np.ptp(ramp) for spread in spreads]
    assert 10 < sum(is_plain) < 50


def test_the_calibration_error_is_the_gap_between_confidence_and_being_right() -> None:
    shares = np.array([[0.8, 0.2]] * 10)
    eight_right = np.array([0] * 8 + [1] * 2)
    five_right = np.array([0] * 5 + [1] * 5)

    assert calibration_error(shares, eight_right) == pytest.approx(0.0)
    assert calibration_error(shares, five_right) == pytest.approx(0.3)


def test_writing_an_entry_leaves_the_others_and_their_comments_alone(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.toml"
    manifest.write_text("schema = 1 # first\n\n[models.one] # kept\nfile = 'one'\n")
    (tmp_path / "two.tflite").write_bytes(b"two")

    for temperature in (1.0, 0.5):
        write_entry(
            "two", "two.tflite", {"input": {"dtype": "int8"}, "temperature": temperature}, tmp_path
        )

    written = manifest.read_text()
    entry = tomllib.loads(written)["models"]["two"]
    assert written.startswith("schema = 1 # first\n\n[models.one] # kept\nfile = 'one'\n")
    assert (entry["file"], entry["bytes"]) == ("two.tflite", 3)
    assert entry["input"] == {"dtype": "int8"}
    assert entry["temperature"] == 0.5
    assert entry["sha256"].startswith("3fc4ccfe745870e2")
