import math

import cv2
import numpy as np
import pytest

from soulsync_edge.adapters.crop_opencv import CROP_PX, crop_face
from soulsync_edge.domain.face import Face, Point
from soulsync_edge.eye_ports import Crop, FaceCropper, Pixels


def face_at(
    centre: Point = (320.0, 240.0),
    side_px: float = 100.0,
    roll_deg: float = 0.0,
    eyes_apart: float = 0.427,
    to_mouth: float = 0.456,
) -> Face:
    """A face whose eyes and mouth lie where MediaPipe has them in the median, turned by `roll`."""
    turn = math.radians(roll_deg)

    def placed(across: float, down: float) -> Point:
        x, y = across * side_px, down * side_px
        return (
            centre[0] + x * math.cos(turn) - y * math.sin(turn),
            centre[1] + x * math.sin(turn) + y * math.cos(turn),
        )

    eye, mouth = -to_mouth / 2, to_mouth / 2
    return Face(
        left_px=centre[0] - side_px / 2,
        top_px=centre[1] - side_px / 2,
        width_px=side_px,
        height_px=side_px,
        key_points=(
            placed(-eyes_apart / 2, eye),
            placed(eyes_apart / 2, eye),
            placed(0, 0),
            placed(0, mouth),
            placed(-0.44, -0.1),
            placed(0.44, -0.1),
        ),
        score=0.9,
    )


def frame_with_dots(face: Face, radius_px: int) -> Pixels:
    """A grey frame with white eyes and a white mouth."""
    frame = np.full((480, 640, 3), 60, np.uint8)
    for number in (0, 1, 3):
        x, y = face.key_points[number]
        cv2.circle(frame, (round(x), round(y)), radius_px, (255, 255, 255), -1, cv2.LINE_AA)
    return frame


def dots(crop: Crop) -> list[Point]:
    """Centres of the white dots in a crop, top to bottom, then left to right."""
    count, _, _, centres = cv2.connectedComponentsWithStats((crop > 150).astype(np.uint8))
    found = [(float(x), float(y)) for x, y in centres[1:count]]
    return sorted(found, key=lambda dot: (dot[1] > CROP_PX / 2, dot[0]))


def test_the_crop_is_a_face_cropper_and_gives_64_grey_pixels_a_side() -> None:
    crop_of: FaceCropper = crop_face

    crop = crop_of(np.zeros((480, 640, 3), np.uint8), face_at())

    assert crop.shape == (64, 64)
    assert crop.dtype == np.uint8


@pytest.mark.parametrize("roll_deg", [-40, -10, 0, 25])
@pytest.mark.parametrize("side_px", [40, 100, 310])
def test_eyes_and_mouth_land_on_the_same_spots_whatever_the_size_and_roll(
    side_px: float, roll_deg: float
) -> None:
    upright = face_at(side_px=100)
    expected = dots(crop_face(frame_with_dots(upright, 6), upright))
    face = face_at(side_px=side_px, roll_deg=roll_deg)

    found = dots(crop_face(frame_with_dots(face, round(0.06 * side_px)), face))

    assert len(found) == len(expected) == 3
    assert np.abs(np.subtract(found, expected)).max() < 1.5
    assert abs(found[0][1] - found[1][1]) < 1


@pytest.mark.parametrize(
    "odd_face",
    [face_at(eyes_apart=0.2), face_at(to_mouth=0.6)],
    ids=["a turned head", "an open mouth"],
)
def test_one_odd_measure_alone_leaves_the_size_as_it_was(odd_face: Face) -> None:
    rings = np.zeros((480, 640), np.uint8)
    cv2.circle(rings, (320, 240), 30, (255,), -1)
    usual = crop_face(rings, face_at())

    odd = crop_face(rings, odd_face)

    assert np.count_nonzero(odd > 127) == pytest.approx(np.count_nonzero(usual > 127), rel=0.03)


def test_a_face_in_profile_is_not_turned_by_eyes_that_lie_on_each_other() -> None:
    face = face_at(eyes_apart=0.427)
    right, _, nose, mouth, one_ear, other_ear = face.key_points
    profile = Face(
        face.left_px,
        face.top_px,
        face.width_px,
        face.height_px,
        (right, (right[0] + 1, right[1] + 6), nose, mouth, one_ear, other_ear),
        face.score,
    )
    halves = np.zeros((480, 640), np.uint8)
    halves[240:] = 200

    crop = crop_face(halves, profile)

    assert np.ptp(crop.astype(int), axis=1).max() == 0


def test_shrinking_a_fine_pattern_gives_its_mean_and_no_stripes() -> None:
    stripes = np.zeros((480, 640), np.uint8)
    stripes[:, ::2] = 200

    crop = crop_face(stripes, face_at(side_px=300, roll_deg=3))

    assert crop.mean() == pytest.approx(100, abs=2)
    assert crop.std() < 8


def test_past_the_edge_of_the_frame_the_edge_repeats() -> None:
    frame = np.full((480, 640, 3), 90, np.uint8)

    crop = crop_face(frame, face_at(centre=(5.0, 470.0), side_px=200))

    assert np.all(crop == 90)


def test_a_grey_frame_and_the_same_in_colour_give_the_same_crop() -> None:
    grey = np.random.default_rng(4).integers(0, 256, (480, 640), np.uint8)

    colour = crop_face(np.repeat(grey[..., None], 3, axis=2), face_at(roll_deg=7))

    assert np.abs(colour.astype(int) - crop_face(grey, face_at(roll_deg=7))).max() <= 1


def test_red_green_and_blue_are_weighed_in_that_order() -> None:
    frame = np.zeros((480, 640, 3), np.uint8)
    frame[..., 0] = 200

    crop = crop_face(frame, face_at())

    assert crop.mean() == pytest.approx(200 * 0.299, abs=1)


def test_the_same_frame_gives_the_same_crop_whatever_came_before() -> None:
    random = np.random.default_rng(5)
    frame, other = random.integers(0, 256, (2, 480, 640, 3), np.uint8)
    first = crop_face(frame, face_at(roll_deg=12))

    crop_face(other, face_at(side_px=250))

    assert np.array_equal(crop_face(frame, face_at(roll_deg=12)), first)


@pytest.mark.parametrize(
    "frame",
    [np.zeros((480, 640, 4), np.uint8), np.zeros((480, 640, 3), np.float32)],
    ids=["four channels", "floats"],
)
def test_a_frame_of_another_kind_is_refused_by_shape_and_type(frame: Pixels) -> None:
    with pytest.raises(ValueError, match=r"needs a \(H, W, 3\).*got \(480, 640"):
        crop_face(frame, face_at())
