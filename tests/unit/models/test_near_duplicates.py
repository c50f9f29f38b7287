from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.recipes.emotion import near_duplicates
from models.recipes.emotion.figures import Counted, read_twins
from models.recipes.emotion.near_duplicates import LEAST_LIKENESS, likest
from models.recipes.emotion.pictures import FILE

Picture = npt.NDArray[np.uint8]

TRAINING, PUBLIC_TEST, PRIVATE_TEST = 0, 1, 2
CLEAR, TORN = (0, 9, 1, 0, 0, 0, 0, 0, 0, 0), (5, 0, 0, 5, 0, 0, 0, 0, 0, 0)


def photograph(seed: int, side: int = 96) -> Picture:
    """Blots of light and dark, as a face has, with fine detail on them."""
    random = np.random.default_rng(seed)
    blots = cv2.resize(random.uniform(0, 255, (6, 6)), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(blots + random.normal(0, 5, (side, side)), 0, 255).astype(np.uint8)


def shrunk(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, (48, 48), interpolation=cv2.INTER_AREA), np.uint8)


def compressed(picture: Picture) -> Picture:
    content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)


ORIGINAL = photograph(1)
ROOMFUL = [shrunk(photograph(seed)) for seed in range(2, 300)]


@pytest.mark.parametrize(
    "twin",
    [
        compressed(shrunk(ORIGINAL)),
        shrunk(ORIGINAL[2:, 1:-1]),
        (shrunk(ORIGINAL) * 0.6 + 20).astype(np.uint8),
        shrunk(ORIGINAL)[:, ::-1],
        ORIGINAL,
    ],
    ids=["compressed", "cut", "darker", "mirrored", "larger"],
)
def test_a_photograph_that_was_handled_twice_is_a_near_twin(twin: Picture) -> None:
    (found,) = likest([shrunk(ORIGINAL)], [*ROOMFUL, twin])

    assert found >= LEAST_LIKENESS


def test_other_photographs_are_not_near_twins() -> None:
    (found,) = likest([shrunk(ORIGINAL)], ROOMFUL)

    assert 0 < found < LEAST_LIKENESS


def test_a_picture_without_contrast_is_like_none() -> None:
    flat = np.full((48, 48), 90, np.uint8)

    assert likest([flat], [*ROOMFUL, flat]).tolist() == [0]
    assert likest([flat], []).tolist() == [0]


def test_the_table_counts_both_parts_and_those_with_a_majority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = shrunk(ORIGINAL), compressed(shrunk(ORIGINAL))
    rows = [
        (TRAINING, CLEAR, own),
        (TRAINING, CLEAR, ROOMFUL[0]),
        (PUBLIC_TEST, TORN, other),
        (PUBLIC_TEST, CLEAR, ROOMFUL[1]),
        (PRIVATE_TEST, CLEAR, other[:, ::-1]),
        (PRIVATE_TEST, CLEAR, ROOMFUL[2]),
    ]
    np.savez(
        tmp_path / FILE,
        images=np.array([picture for *_, picture in rows]),
        label=np.zeros(len(rows), np.int8),
        usage=np.array([usage for usage, *_ in rows], np.int8),
        ferplus_votes=np.array([votes for _, votes, _ in rows], np.int8),
    )
    monkeypatch.setattr(
        "sys.argv",
        ["near_duplicates", "--data", str(tmp_path), "--models", str(tmp_path), "--write"],
    )

    near_duplicates.main()

    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| P")]
    assert [line.split(" | ")[:2] for line in table] == [
        ["| PublicTest, all", "2"],
        ["| PublicTest, FER+ majority", "1"],
        ["| PrivateTest, all", "2"],
        ["| PrivateTest, FER+ majority", "2"],
    ]
    shares = [line.rsplit(" | ", 1)[1] for line in table]
    assert shares == ["50.0% |", "0.0% |", "50.0% |", "50.0% |"]
    recorded = read_twins(tmp_path)
    assert recorded is not None
    assert (recorded.trained_on, recorded.fer2013_private) == (2, Counted(n=2, twins=1))
