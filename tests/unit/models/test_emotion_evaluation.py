"""What the evaluation reads behind the gate is what the device reads, and its report is whole."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from models.recipes.emotion.evaluation import (
    NO_FACE,
    Look,
    as_the_device,
    look_at_pictures,
    report,
    restricted,
)
from models.recipes.emotion.examples import Picture
from models.recipes.emotion.tables import report_lines
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.domain.emotion import EMOTIONS, LEAST_CONFIDENCE, Emotion
from soulsync_edge.domain.events import EstimateArrived, FaceObscured, Obstacle
from soulsync_edge.domain.face import Face
from soulsync_edge.fakes import FakeEmotionReader, FakeFaceFinder, a_face, a_frame
from soulsync_edge.services.perception import Perception
from soulsync_edge.settings import CameraSettings

LEAST_FACE_PX = CameraSettings().least_face_px

KEYS = {
    "n",
    "accuracy",
    "mean_recall",
    "ece",
    "accuracy_at_80",
    "ms_per_face",
    "unsure",
    "confusion",
    "labels",
    "faces_found",
}
FIGURES = ("accuracy", "mean_recall", "ece", "accuracy_at_80", "ms_per_face", "unsure")


def half_turned() -> Face:
    """A face whose nose is so far to one side that it can just be read."""
    face = a_face()
    right_eye, left_eye, _, mouth, right_ear, left_ear = face.key_points
    nose = (right_ear[0] + 1.3 * (left_ear[0] - right_ear[0]), right_eye[1] + 28)
    return replace(face, key_points=(right_eye, left_eye, nose, mouth, right_ear, left_ear))


FACES = {
    "clear": a_face(),
    "half turned": half_turned(),
    "far": a_face(size_px=20),
    "leaving": a_face(left_px=-90),
}


@pytest.mark.parametrize("name", FACES)
def test_behind_the_gate_a_face_is_read_and_believed_as_on_the_device(name: str) -> None:
    face, reader, frame = FACES[name], FakeEmotionReader(Emotion.HAPPY, 0.7), a_frame()
    device = Perception(FakeFaceFinder(lambda _: (face,)), crop_face, reader, CameraSettings())

    sight = device.look(frame)
    found = as_the_device(reader, LEAST_FACE_PX)(frame.pixels, face)

    if isinstance(sight, FaceObscured):
        assert found == sight.obstacle
    else:
        assert isinstance(sight, EstimateArrived)
        assert not isinstance(found, str)
        assert max(found) == pytest.approx(sight.confidence)
        assert np.argmax(found) == EMOTIONS.index(Emotion.HAPPY)


def test_a_poor_look_leaves_the_device_unsure_sooner() -> None:
    reader = FakeEmotionReader(Emotion.HAPPY, LEAST_CONFIDENCE + 0.01)
    faces = iter((FACES["clear"], FACES["half turned"]))

    readings = look_at_pictures(
        [a_frame().pixels] * 2, lambda _: next(faces), as_the_device(reader, LEAST_FACE_PX)
    )
    figures = report(readings, np.array([1, 1]), EMOTIONS)

    assert (figures["n"], figures["accuracy"], figures["unsure"]) == (2, 1.0, 0.5)


def test_a_dark_picture_is_too_dark_and_an_empty_one_has_no_face() -> None:
    nobody = replace(a_face(), score=0.0)
    look = as_the_device(FakeEmotionReader(), LEAST_FACE_PX)

    said = [look(picture, nobody) for picture in (a_frame(level=3).pixels, a_frame().pixels)]

    assert said == [Obstacle.TOO_DARK, NO_FACE]
    assert look(np.zeros((48, 48), np.uint8), a_face()) == Obstacle.TOO_DARK


def test_among_few_classes_a_look_is_believed_as_much_as_before() -> None:
    shares = np.zeros((2, len(EMOTIONS)))
    shares[0, [1, 3]] = 0.6, 0.2
    shares[1, 4] = 0.9

    among = restricted(shares, (Emotion.HAPPY, Emotion.SAD))

    assert among == pytest.approx(np.array([[0.6, 0.2], [0.45, 0.45]]))


def always(found: Sequence[float] | str) -> Look:
    def look(_picture: Picture, _face: Face) -> Sequence[float] | str:
        return found

    return look


@pytest.mark.parametrize("found", ["too dark", [0.3] + [0.1] * 7, [0.4] + [0.1] * 6])
def test_the_keys_are_the_same_whatever_was_read(found: Sequence[float] | str) -> None:
    readings = look_at_pictures([a_frame().pixels] * 3, lambda _: a_face(), always(found))
    emotions = EMOTIONS if isinstance(found, str) else EMOTIONS[: len(found)]

    figures = report(readings, np.array([0, 0, 1]), emotions)

    assert set(figures) == KEYS
    assert np.shape(figures["confusion"]) == (len(emotions), len(emotions))


def test_of_seven_words_nothing_is_told_of_unsure() -> None:
    readings = look_at_pictures([a_frame().pixels], lambda _: a_face(), always([0.4] + [0.1] * 6))

    figures = report(readings, np.array([0]), EMOTIONS[:7])

    assert figures["unsure"] is None
    assert figures["accuracy"] == 1.0


def test_where_every_face_is_turned_away_no_figure_is_made_up_and_a_sentence_says_so() -> None:
    readings = look_at_pictures([a_frame().pixels] * 3, lambda _: a_face(), always("too dark"))

    figures = report(readings, np.array([0, 0, 1]), EMOTIONS)
    lines = report_lines(figures | {"abstained": readings.abstained})

    assert [figures[key] for key in FIGURES] == [None] * len(FIGURES)
    assert (figures["n"], np.sum(figures["confusion"]), figures["faces_found"]) == (0, 0, 1.0)
    assert "  too dark: 3" in lines
    assert lines[-1] == "No picture was read, so there is nothing to measure."
