"""What every face finder does, made up or MediaPipe."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.face import Face
from soulsync_edge.eye_ports import FaceFinder, Pixels
from soulsync_edge.fakes import FakeFaceFinder

MODELS = Path(__file__).parents[2] / "models"


def made_up() -> FaceFinder:
    return FakeFaceFinder()


def mediapipe() -> FaceFinder:
    return MediapipeFaceFinder(MODELS)


@pytest.fixture(params=[made_up, mediapipe])
def finder(request: pytest.FixtureRequest) -> Iterator[FaceFinder]:
    make: Callable[[], FaceFinder] = request.param
    finder = make()
    yield finder
    finder.close()


@pytest.fixture(scope="module")
def someone() -> Pixels:
    return ActorCamera(MODELS, (Scene(0.0, Emotion.NEUTRAL),), start_s=0.0).pixels_at(1.0)


def test_nobody_is_found_in_the_dark(finder: FaceFinder) -> None:
    assert finder.find(np.zeros((480, 640, 3), np.uint8)) == ()


def test_a_face_is_found_where_its_features_are(finder: FaceFinder, someone: Pixels) -> None:
    [face] = finder.find(someone)

    assert 0.0 < face.score <= 1.0
    assert all(lies_in(face, point) for point in face.key_points[:4])


def test_right_and_left_are_the_person_s_own(finder: FaceFinder, someone: Pixels) -> None:
    [face] = finder.find(someone)

    right_eye, left_eye, nose, mouth, right_ear, left_ear = face.key_points
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert right_eye[1] < nose[1] < mouth[1]


def test_a_picture_is_left_as_it_is(finder: FaceFinder, someone: Pixels) -> None:
    before = someone.copy()

    finder.find(someone)

    assert (someone == before).all()


def test_a_finder_can_be_closed_twice(finder: FaceFinder) -> None:
    finder.close()
    finder.close()


def lies_in(face: Face, point: tuple[float, float]) -> bool:
    return (
        face.left_px <= point[0] <= face.left_px + face.width_px
        and face.top_px <= point[1] <= face.top_px + face.height_px
    )
