import hashlib
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.faces_mediapipe import (
    CLEAR_SCORE,
    LEAST_SCORE,
    MediapipeFaceFinder,
    Window,
    windows_over,
)
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.face import Face
from soulsync_edge.errors import ModelError
from soulsync_edge.eye_ports import Pixels

MODELS = Path(__file__).parents[2] / "models"

ACTORS_FACE = (315.0, 241.0)
"""The middle of the actor's face a second in, in pixels."""

OFF_DEG = 20
"""How far off the line through the eyes may be found; the actor itself leans by 5."""

LOOKS_TO_FIND = 7
"""The whole picture each time, and one of six windows over a 640 x 480 picture."""


@pytest.fixture
def finder() -> Iterator[MediapipeFaceFinder]:
    finder = MediapipeFaceFinder(MODELS)
    yield finder
    finder.close()


def acted(label: Emotion, t_s: float = 1.0) -> Pixels:
    return ActorCamera(MODELS, (Scene(0.0, label),), start_s=0.0).pixels_at(t_s)


def resized(pixels: Pixels, width_px: int, height_px: int) -> Pixels:
    return np.asarray(cv2.resize(pixels, (width_px, height_px)), np.uint8)


def across_the_room(share: float, left_px: int, top_px: int) -> Pixels:
    """Return the actor's picture shrunk to `share` and set into a grey 640 x 480 room."""
    small = cv2.resize(
        acted(Emotion.NEUTRAL), None, fx=share, fy=share, interpolation=cv2.INTER_AREA
    )
    room = np.random.default_rng(1).normal(110, 3, (480, 640, 3)).astype(np.uint8)
    room[top_px : top_px + small.shape[0], left_px : left_px + small.shape[1]] = small
    return room


@pytest.mark.parametrize("label", [Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD, Emotion.SURPRISE])
def test_a_face_is_found_whatever_it_shows(finder: MediapipeFaceFinder, label: Emotion) -> None:
    [face] = finder.find(acted(label))

    assert face.score >= 0.8


@pytest.mark.parametrize(
    ("left_px", "top_px"), [(0, 0), (380, 0), (200, 140), (0, 280), (380, 280)]
)
def test_a_face_across_the_room_is_found_within_a_round_and_then_kept(
    finder: MediapipeFaceFinder, left_px: int, top_px: int
) -> None:
    room = across_the_room(0.4, left_px, top_px)
    assert room.shape == (480, 640, 3)

    looks = [finder.find(room) for _ in range(LOOKS_TO_FIND + 4)]

    found = [bool(faces) for faces in looks]
    first = found.index(True)
    assert first < LOOKS_TO_FIND
    assert all(found[first:])
    assert left_px < looks[first][0].centre[0] < left_px + 256
    assert top_px < looks[first][0].centre[1] < top_px + 192


def test_the_far_face_is_out_of_the_model_s_reach_without_a_closer_look(
    finder: MediapipeFaceFinder,
) -> None:
    room = across_the_room(0.4, 380, 280)

    found = finder.find(room)

    # The first window of the round lies elsewhere: only the whole picture could have shown it.
    assert found == ()


def test_a_glance_sees_what_is_near_and_remembers_nothing(finder: MediapipeFaceFinder) -> None:
    near, far = acted(Emotion.NEUTRAL), across_the_room(0.4, 200, 140)

    glances = [finder.glance(far) for _ in range(LOOKS_TO_FIND)]

    assert glances == [()] * LOOKS_TO_FIND
    assert finder.glance(near) == finder.find(near)


def test_a_finder_that_asks_for_less_sees_less_likely_faces(finder: MediapipeFaceFinder) -> None:
    half = acted(Emotion.NEUTRAL)
    half[215:] = 0  # covered from the nose down
    easier = MediapipeFaceFinder(MODELS, least_score=0.2)

    assert finder.glance(half) == ()
    assert [0.2 <= face.score < LEAST_SCORE for face in easier.glance(half)] == [True]
    easier.close()


def leaning(label: Emotion, lean_deg: float) -> Pixels:
    """Return the actor turned clockwise about the middle of its face."""
    turn = cv2.getRotationMatrix2D(ACTORS_FACE, -lean_deg, 1.0)
    turned = cv2.warpAffine(acted(label), turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def lean_deg(face: Face) -> float:
    """Return how far the line through the eyes is turned clockwise, -180 to 180."""
    (right_x, right_y), (left_x, left_y), *_ = face.key_points
    return math.degrees(math.atan2(left_y - right_y, left_x - right_x))


@pytest.mark.parametrize("label", [Emotion.NEUTRAL, Emotion.SURPRISE])
@pytest.mark.parametrize("lean", [-150, -120, -60, -30, 0, 30, 60, 120, 150, 180])
def test_the_eyes_lie_where_they_are_however_the_face_is_turned(
    finder: MediapipeFaceFinder, label: Emotion, lean: float
) -> None:
    [face] = finder.find(leaning(label, lean))

    off_deg = (lean_deg(face) - lean + 180) % 360 - 180
    assert abs(off_deg) < OFF_DEG
    assert math.dist(face.centre, ACTORS_FACE) < face.width_px / 4


def test_one_face_upside_down_is_told_from_one_upright_beside_it(
    finder: MediapipeFaceFinder,
) -> None:
    someone = acted(Emotion.NEUTRAL)[100:380, 160:480]
    both = np.concatenate([someone, someone[::-1, ::-1]], axis=1)

    upright, over = sorted(finder.find(both), key=lambda face: face.left_px)

    assert abs(lean_deg(upright)) < OFF_DEG
    assert abs(lean_deg(over)) > 180 - OFF_DEG


def test_a_face_across_the_room_is_turned_over_in_its_place(finder: MediapipeFaceFinder) -> None:
    room = across_the_room(0.4, 380, 280)
    over = np.ascontiguousarray(room[::-1, ::-1])

    [upright], [found] = (
        next(faces for _ in range(LOOKS_TO_FIND) if (faces := finder.find(pixels)))
        for pixels in (room, over)
    )

    assert abs(lean_deg(found)) > 180 - OFF_DEG
    across, down = (640 - upright.centre[0], 480 - upright.centre[1])
    assert math.dist(found.centre, (across, down)) < found.width_px / 4


def spoilt(pixels: Pixels, way: str) -> Pixels:
    """Return a picture in which a face is found, and is not clear."""
    match way:
        case "dim and noisy":
            noise = np.random.default_rng(1).normal(0, 8, pixels.shape)
            return np.clip(0.1 * pixels + noise, 0, 255).astype(np.uint8)
        case "blurred":
            return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 9), np.uint8)
        case _:
            covered = pixels.copy()
            covered[235:] = 90
            return covered


@pytest.mark.parametrize("way", ["dim and noisy", "blurred", "mouth covered"])
def test_an_upright_face_that_is_not_clear_stays_upright(
    finder: MediapipeFaceFinder, way: str
) -> None:
    [face] = finder.find(spoilt(acted(Emotion.NEUTRAL), way))

    assert face.score < CLEAR_SCORE
    assert abs(lean_deg(face)) < OFF_DEG


@pytest.mark.parametrize("grain_px", [1, 4, 8, 16])
def test_noise_is_nobody(finder: MediapipeFaceFinder, grain_px: int) -> None:
    chance = np.random.default_rng(grain_px)
    size = (480 // grain_px, 640 // grain_px, 3)

    found = [
        finder.find(resized(chance.integers(0, 256, size).astype(np.uint8), 640, 480))
        for _ in range(20)
    ]

    assert found == [()] * 20


def test_pictures_of_changing_sizes_are_no_trouble(finder: MediapipeFaceFinder) -> None:
    someone = acted(Emotion.NEUTRAL)
    finder.find(someone)

    for width_px, height_px in ((64, 48), (3, 200), (1, 1), (1280, 960), (480, 640)):
        finder.find(resized(someone, width_px, height_px))

    assert finder.find(someone)


def test_a_picture_cut_out_of_a_larger_one_will_do(finder: MediapipeFaceFinder) -> None:
    larger = np.pad(acted(Emotion.NEUTRAL), ((10, 10), (10, 10), (0, 0)))

    assert finder.find(larger[10:-10, 10:-10])[0].score >= LEAST_SCORE


@pytest.mark.parametrize(
    ("width_px", "height_px", "count"), [(640, 480, 6), (480, 640, 6), (480, 480, 9), (100, 10, 1)]
)
def test_windows_cover_the_picture_and_overlap(width_px: int, height_px: int, count: int) -> None:
    windows = windows_over(width_px, height_px)

    covered = np.zeros((height_px, width_px), int)
    for window in windows:
        right, bottom = window.left_px + window.side_px, window.top_px + window.side_px
        assert right <= width_px
        assert bottom <= height_px
        covered[window.top_px : bottom, window.left_px : right] += 1
    if (width_px, height_px) != (100, 10):
        assert len(windows) == count
        assert windows[0] == Window(0, 0, max(width_px, height_px) // 2)
    assert covered.min() >= 1


def test_a_model_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    shutil.copy(MODELS / "manifest.toml", tmp_path)
    content = bytearray((MODELS / "face_detection_short_range.tflite").read_bytes())
    content[1000] ^= 1
    (tmp_path / "face_detection_short_range.tflite").write_bytes(content)

    with pytest.raises(ModelError, match=r"face_detector.*damaged"):
        MediapipeFaceFinder(tmp_path)


def test_a_model_the_manifest_vouches_for_but_nobody_can_load_is_refused(tmp_path: Path) -> None:
    content = b"no network at all"
    (tmp_path / "face.tflite").write_bytes(content)
    (tmp_path / "manifest.toml").write_text(
        f"""
        schema = 1
        [models.face_detector]
        file = "face.tflite"
        sha256 = "{hashlib.sha256(content).hexdigest()}"
        bytes = {len(content)}
        """
    )

    with pytest.raises(ModelError, match="MediaPipe cannot load"):
        MediapipeFaceFinder(tmp_path)
