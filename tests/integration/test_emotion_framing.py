from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.recipes.emotion.examples import Picture
from models.recipes.emotion.faces import CANONICAL
from models.recipes.emotion.framing import Framing, as_rgb, usual_face
from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.face import Face

MODELS = Path(__file__).parents[2] / "models"

TIGHT_PX = 146
"""Side of a cut as tight as FER's about the actor's face."""


@pytest.fixture(scope="module")
def framing() -> Iterator[Framing]:
    framing = Framing(MODELS)
    yield framing
    framing.close()


@pytest.fixture(scope="module")
def scene() -> Picture:
    return ActorCamera(MODELS, (Scene(0.0, Emotion.HAPPY),), start_s=0.0).pixels_at(1.0)


@pytest.fixture(scope="module")
def tight(scene: Picture) -> Picture:
    return scene[153 : 153 + TIGHT_PX, 240 : 240 + TIGHT_PX]


def resized(picture: Picture, width_px: int, height_px: int) -> Picture:
    way = cv2.INTER_AREA if width_px < picture.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width_px, height_px), interpolation=way), np.uint8)


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 15), (15, 15)])
def test_no_face_is_looked_for_in_a_strip(
    framing: Framing, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int]
) -> None:
    looks: list[tuple[int, ...]] = []
    glance = MediapipeFaceFinder.glance

    def counted(finder: MediapipeFaceFinder, pixels: Picture) -> tuple[Face, ...]:
        looks.append(pixels.shape)
        return glance(finder, pixels)

    monkeypatch.setattr(MediapipeFaceFinder, "glance", counted)
    face = framing.face_in(np.full(shape, 90, np.uint8))

    assert (looks, face) == ([], usual_face(shape))


@pytest.mark.parametrize("side_px", [32, 48, 96, 300, 1000])
def test_the_same_face_is_found_at_the_same_place_at_any_size(
    framing: Framing, tight: Picture, side_px: int
) -> None:
    expected, face = framing.face_in(tight), framing.face_in(resized(tight, side_px, side_px))

    scale = side_px / TIGHT_PX
    assert face.score > 0.4
    assert face.width_px == pytest.approx(expected.width_px * scale, rel=0.15)
    for point, there in zip(face.key_points[:4], expected.key_points[:4], strict=True):
        assert point == pytest.approx([value * scale for value in there], abs=0.06 * side_px)


def test_a_grainy_face_is_found_where_it_is_without_the_grain(
    framing: Framing, tight: Picture
) -> None:
    small = resized(tight, 48, 48)[..., 0]
    expected = framing.face_in(small)

    for seed in range(10):
        grain = np.random.default_rng(seed).normal(0, 20, small.shape)
        face = framing.face_in(np.clip(small + grain, 0, 255).astype(np.uint8))

        assert face.score > 0.4
        assert face.centre == pytest.approx(expected.centre, abs=4)


@pytest.mark.parametrize(("left_px", "top_px"), [(0, 0), (960, 720), (500, 300)])
def test_a_face_in_a_large_picture_is_cut_out_as_it_is_cut_out_of_a_small_one(
    framing: Framing, scene: Picture, left_px: int, top_px: int
) -> None:
    hall = np.random.default_rng(2).normal(110, 3, (1200, 1600, 3)).astype(np.uint8)
    hall[top_px : top_px + 480, left_px : left_px + 640] = scene

    near = crop_face(scene, framing.face_in(scene))
    far = crop_face(hall, framing.face_in(hall))

    alike = np.corrcoef(near.ravel(), far.ravel())[0, 1]
    assert alike > 0.8


def test_which_pictures_came_before_makes_no_difference(
    framing: Framing, scene: Picture, tight: Picture
) -> None:
    pictures = [scene, tight, np.full((400, 600, 3), 90, np.uint8)]

    forth = [framing.face_in(picture) for picture in pictures]
    back = [framing.face_in(picture) for picture in reversed(pictures)]

    assert forth == back[::-1]


def test_a_picture_much_wider_than_high_keeps_its_proportions(
    framing: Framing, tight: Picture
) -> None:
    wide = np.full((TIGHT_PX, 3 * TIGHT_PX, 3), 110, np.uint8)
    wide[:, TIGHT_PX : 2 * TIGHT_PX] = tight

    face = framing.face_in(wide)

    assert face.score > 0.4
    assert TIGHT_PX < face.centre[0] < 2 * TIGHT_PX
    assert face.width_px == pytest.approx(framing.face_in(tight).width_px, rel=0.15)


def test_where_nobody_is_found_the_face_lies_as_in_fer_s_pictures(framing: Framing) -> None:
    assert framing.face_in(np.full((48, 48), 120, np.uint8)) == CANONICAL


def test_the_usual_face_of_a_picture_that_is_not_square_lies_in_its_middle_square() -> None:
    face = usual_face((96, 296))

    assert face.score == 0
    assert (face.width_px, face.height_px) == (82.0, 82.0)
    assert face.centre == pytest.approx((100 + 2 * CANONICAL.centre[0], 2 * CANONICAL.centre[1]))
    assert face.key_points[2] == pytest.approx((100 + 48.4, 58.0))


def test_grey_becomes_three_equal_channels_and_colour_stays(scene: Picture) -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)

    assert as_rgb(scene) is scene
    assert (as_rgb(grey) == grey[..., None]).all()
    assert as_rgb(grey).shape == (3, 4, 3)


def test_of_two_clear_faces_the_larger_is_taken(framing: Framing, tight: Picture) -> None:
    both = np.full((400, 600, 3), 110, np.uint8)
    both[20:320, 280:580] = resized(tight, 300, 300)
    both[120:240, 60:180] = resized(tight, 120, 120)

    assert framing.face_in(both).centre[0] > 280
