"""The tables the gate is chosen by: counted right, and printed for whatever pictures there are."""

import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.recipes.emotion import choose_gate
from models.recipes.emotion.bad_looks import LADDERS, ROLLS_DEG, moved, rolled
from models.recipes.emotion.choose_gate import (
    EVEN,
    SCALES,
    TAIL,
    Level,
    Read,
    calibration_error,
    gate_of,
    held_at,
    least_confidence,
    levels,
    limit_of,
)
from models.recipes.emotion.faces import CANONICAL
from models.recipes.emotion.pictures import FILE
from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.model_manifest import checked_model
from soulsync_edge.domain.emotion import EMOTIONS, LEAST_CONFIDENCE, Emotion
from soulsync_edge.domain.face_quality import FaceQuality
from soulsync_edge.services.measuring import measured

MODELS = Path(__file__).parents[3] / "models"
GOOD = FaceQuality(120, 0.6, 180, 40, 0, 0, 0, 0, 0)


def read(*, right: bool, confidence: float = 0.8, **measures: float) -> Read:
    return Read(replace(GOOD, **measures), confidence, right)


def test_levels_go_from_the_best_to_the_worst_whichever_way_better_is() -> None:
    reads = [read(right=True, sharpness=n / 100, burnt=n / 100) for n in range(24)]

    sharp, burnt = (levels(name, reads) for name in ("sharpness", "burnt"))

    assert [level.best for level in sharp][:2] == [0.23, 0.21]
    assert [level.best for level in burnt][:2] == [0.0, 0.02]
    assert [level.n for level in sharp] == [2] * 12


def test_a_turn_to_either_side_is_one_level() -> None:
    reads = [read(right=True, yaw=side * 2.0) for side in (-1, 1)] + [read(right=True)] * 98

    assert levels("yaw", reads, TAIL)[-1].best == 2.0


def test_few_looks_make_few_levels() -> None:
    made = levels("sharpness", [read(right=True)] * 3, EVEN)

    assert sum(level.n for level in made) == 3
    assert all(level.n for level in made)


def test_the_limit_is_where_fewer_than_two_of_three_are_right() -> None:
    reads = [read(right=n >= 50 or n % 2 == 0, sharpness=n / 100) for n in range(100)]

    limit = limit_of(levels("sharpness", reads))

    assert limit == pytest.approx(0.5, abs=0.06)
    assert limit_of(levels("sharpness", reads[50:])) is None


def test_the_least_confidence_keeps_as_many_as_can_be_while_so_many_are_right() -> None:
    reads = [read(right=n >= 50, confidence=n / 100) for n in range(100)]

    assert least_confidence(reads, right=1.0) == pytest.approx(0.5)
    assert least_confidence(reads, right=0.5) == pytest.approx(0.0)
    assert least_confidence([read(right=False)]) == 1.0


def test_a_poor_look_counts_with_the_confidence_it_is_given() -> None:
    reads = [read(right=True, confidence=0.9), read(right=False, confidence=0.95, burnt=0.6)]

    assert least_confidence(reads, right=1.0) == pytest.approx(0.9)


def test_confidence_that_comes_true_has_no_error() -> None:
    assert calibration_error([0.75] * 4, [True, True, True, False]) == pytest.approx(0.0)
    assert calibration_error([0.9] * 4, [False] * 4) == pytest.approx(0.9)


def actors_face() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A grey 48-pixel picture of the demo actor, framed as FER pictures are."""
    pixels = ActorCamera(MODELS, (Scene(0, Emotion.HAPPY),), start_s=0.0).pixels_at(0.5)
    grey = cv2.cvtColor(pixels[140:300, 240:400], cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (48, 48), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("name", LADDERS)
def test_each_ladder_spoils_what_it_is_named_for(name: str) -> None:
    picture, scale = actors_face(), SCALES[name]
    values = [
        abs(getattr(measured(*spoil(picture, CANONICAL, np.random.default_rng(1))), name))
        for spoil in LADDERS[name]
    ]
    worst = min(values) if scale.worst < scale.good else max(values)
    best = max(values) if scale.worst < scale.good else min(values)

    assert scale.is_too_bad(worst)
    assert not scale.is_too_bad(best)


def test_a_face_moves_with_its_picture() -> None:
    face = moved(CANONICAL, 2.0, -10.0, 4.0)

    assert face.width_px == 2 * CANONICAL.width_px
    assert face.left_px == 2 * CANONICAL.left_px - 10
    assert face.key_points[3][1] == 2 * CANONICAL.key_points[3][1] + 4


def test_a_rolled_picture_keeps_its_size_and_its_middle() -> None:
    picture = np.zeros((49, 49), np.uint8)
    picture[24, 24] = 255

    assert rolled(picture, 90)[24, 24] == 255


def test_the_tables_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    votes = np.zeros((2, 10), np.int8)
    votes[:, EMOTIONS.index(Emotion.HAPPY)] = 10
    np.savez(
        tmp_path / FILE,
        images=np.stack([actors_face()] * 2),
        label=np.array([3, 3], np.int8),
        usage=np.array([1, 1], np.int8),
        ferplus_votes=votes,
    )
    monkeypatch.setattr(
        sys, "argv", ["choose_gate", "--data", str(tmp_path), "--models", str(MODELS)]
    )

    choose_gate.main()

    said = capsys.readouterr().out
    for name in ("emotion", "face_detector"):
        digest = sha256(checked_model(MODELS, name).content).hexdigest()
        assert f"{name}: " in said
        assert digest[:12] in said
    tilts = [line.split() for line in said.splitlines() if " deg " in line]
    assert [int(angle) for angle, *_ in tilts] == [0, *ROLLS_DEG]
    assert tilts[0][2:4] == ["100.0%", "100.0%"]
    assert tilts[-1][3] == "0.0%", "upside down"
    assert "tilted too far 1" in said
    for name, scale in SCALES.items():
        assert f"{name:>10}" in said
        assert f"the limit is {scale.limit:g}" in said
    assert "LEAST_CONFIDENCE is" in said
    assert "ms (median of" in said


def test_what_comes_true_at_a_limit_is_of_the_level_it_lies_in_or_nearest_to() -> None:
    sharp = [Level(0.6, 0.5, 9, 0.9, 0.9), Level(0.4, 0.2, 9, 0.4, 0.8)]
    burnt = [Level(0.0, 0.3, 9, 0.9, 0.9), Level(0.6, 0.8, 9, 0.4, 0.8)]

    assert [held_at(sharp, limit) for limit in (0.3, 0.49, 0.7)] == [0.5, 1.0, 1.0]
    assert [held_at(burnt, limit) for limit in (0.7, 0.2, 1.0)] == [0.5, 1.0, 0.5]


def test_what_is_recorded_is_what_the_threshold_keeps_and_how_much_of_it_is_right() -> None:
    sure, unsure = LEAST_CONFIDENCE, LEAST_CONFIDENCE - 0.01
    reads = [read(right=n > 0, confidence=sure) for n in range(4)]
    reads += [read(right=False, confidence=unsure)] * 4

    gate = gate_of(reads, {"burnt": 0.91234}, "5" * 64)

    assert (gate.n, gate.kept, gate.right) == (8, 0.5, 0.75)
    assert gate.held_at_limit == {"burnt": 0.912}
    assert gate.least_confidence == LEAST_CONFIDENCE


def test_a_folder_without_pictures_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["choose_gate", "--data", str(tmp_path)])

    with pytest.raises(SystemExit, match=FILE):
        choose_gate.main()
