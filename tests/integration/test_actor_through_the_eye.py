from pathlib import Path

import cv2
import numpy as np
import pytest

from models.recipes.actor.check import played
from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.domain.emotion import EMOTIONS, Emotion, EmotionEstimate
from soulsync_edge.domain.events import (
    EstimateArrived,
    FaceObscured,
    NobodySeen,
    Obstacle,
    RoomDark,
)
from soulsync_edge.eye_ports import Frame
from soulsync_edge.services.measuring import measured
from soulsync_edge.services.perception import Perception
from soulsync_edge.settings import CameraSettings

SHIPPED = Path(__file__).parents[2] / "models"

# Two seconds apart: other poses, other light.
MOMENTS_S = (0.5, 2.5, 4.5, 6.5)


@pytest.mark.parametrize(
    "label",
    [Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SURPRISE, Emotion.SAD, Emotion.ANGRY],
)
def test_the_actor_is_found_and_read_as_what_it_plays(label: Emotion) -> None:
    finder, reader = MediapipeFaceFinder(SHIPPED), TfliteEmotionReader(SHIPPED)
    actor = ActorCamera(SHIPPED, (Scene(0, label),))

    for at_s in MOMENTS_S:
        pixels = actor.pixels_at(at_s)
        faces = finder.find(pixels)

        assert [round(face.score, 1) >= 0.8 for face in faces] == [True]
        estimate = reader.read(crop_face(pixels, faces[0]))
        assert estimate.label is label
        assert estimate.confidence > 0.6
    finder.close()


def test_seven_of_the_eight_faces_at_least_are_read_as_what_they_play() -> None:
    finder, reader = MediapipeFaceFinder(SHIPPED), TfliteEmotionReader(SHIPPED)

    faces = list(played(finder, reader, pictures_hz=1))
    finder.close()

    assert [face.label for face in faces] == list(EMOTIONS)
    assert sum(face.is_told for face in faces) >= 7, "\n".join(str(face) for face in faces)


@pytest.mark.parametrize("angle_deg", [0, 45, 90, 135])
@pytest.mark.parametrize("label", [Emotion.NEUTRAL, Emotion.HAPPY])
def test_a_head_in_motion_is_too_blurred_whichever_way_it_goes(
    label: Emotion, angle_deg: float
) -> None:
    finder = MediapipeFaceFinder(SHIPPED)
    pixels = ActorCamera(SHIPPED, (Scene(0, label),)).pixels_at(1.0)
    [face] = finder.find(pixels)
    finder.close()
    way_px = round(0.35 * face.width_px)
    smear = np.zeros((way_px, way_px), np.float32)
    smear[way_px // 2] = 1
    middle = (way_px - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), angle_deg, 1)
    smear = np.asarray(cv2.warpAffine(smear, turn, (way_px, way_px)), np.float32)
    moving = np.asarray(cv2.filter2D(pixels, -1, smear / smear.sum()), np.uint8)

    assert measured(pixels, face).obstacle(40) is None
    assert measured(moving, face).obstacle(40) is Obstacle.TOO_BLURRED


READ_TO_DEG, NOT_READ_FROM_DEG = 30, 60


@pytest.mark.parametrize("label", [Emotion.NEUTRAL, Emotion.HAPPY])
def test_a_head_that_leans_is_read_and_one_on_its_side_or_upside_down_is_not(
    label: Emotion,
) -> None:
    finder, reader = MediapipeFaceFinder(SHIPPED), TfliteEmotionReader(SHIPPED)
    pixels = ActorCamera(SHIPPED, (Scene(0, label),)).pixels_at(1.0)
    [face] = finder.find(pixels)

    said: dict[int, str | None] = {}
    for lean_deg in range(-165, 181, 15):
        turn = cv2.getRotationMatrix2D(face.centre, -lean_deg, 1.0)
        turned = cv2.warpAffine(pixels, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
        perception = Perception(finder, crop_face, reader, CameraSettings())
        match perception.look(Frame(np.asarray(turned, np.uint8), 0.0)):
            case EstimateArrived(probabilities=probabilities, confidence=confidence):
                said[lean_deg] = EmotionEstimate(probabilities, confidence).label
            case FaceObscured(obstacle=obstacle):
                said[lean_deg] = obstacle
            case sight:
                said[lean_deg] = str(sight)
    finder.close()

    upright = {said[lean] for lean in said if abs(lean) <= READ_TO_DEG}
    turned_far = [said[lean] for lean in said if abs(lean) >= NOT_READ_FROM_DEG]
    assert upright == {label}
    assert set(turned_far) <= {Obstacle.TILTED, Obstacle.TURNED_AWAY}
    assert turned_far.count(Obstacle.TILTED) >= len(turned_far) - 2


@pytest.mark.parametrize("sigma", [0, 4, 8, 12, 16, 24])
def test_someone_in_too_little_light_is_never_called_nobody(sigma: float) -> None:
    finder, reader = MediapipeFaceFinder(SHIPPED), TfliteEmotionReader(SHIPPED)
    pixels = ActorCamera(SHIPPED, (Scene(0, Emotion.HAPPY),)).pixels_at(1.0)
    chance = np.random.default_rng(1)
    sights = []
    for gain in (1.0, 0.5, 0.3, 0.25, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05, 0.0):
        dim = np.rint(gain * pixels + chance.normal(0, sigma, pixels.shape)).clip(0, 255)
        perception = Perception(finder, crop_face, reader, CameraSettings())
        sights.append(type(perception.look(Frame(dim.astype(np.uint8), 0.0))))
    finder.close()

    assert set(sights) <= {EstimateArrived, FaceObscured, RoomDark}
    assert sights[0] is EstimateArrived
    assert sights[-1] is RoomDark


SIZES = [(1, 1), (1, 900), (900, 1), (7, 5), (33, 31), (120, 160), (1440, 1080)]


@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_any_size_are_looked_at(size: tuple[int, int]) -> None:
    finder = MediapipeFaceFinder(SHIPPED)
    perception = Perception(finder, crop_face, TfliteEmotionReader(SHIPPED), CameraSettings())
    actor = ActorCamera(SHIPPED, (Scene(0, Emotion.HAPPY),))
    pixels = np.asarray(cv2.resize(actor.pixels_at(0.5), size[::-1]), np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, pixels.shape).astype(np.uint8)

    for number, picture in enumerate((pixels, noise, pixels[:, ::-1])):
        sight = perception.look(Frame(picture, number / 4))

        assert isinstance(sight, EstimateArrived | FaceObscured | NobodySeen)
    finder.close()


def test_four_people_are_counted_and_the_nearest_is_read() -> None:
    finder = MediapipeFaceFinder(SHIPPED)
    perception = Perception(finder, crop_face, TfliteEmotionReader(SHIPPED), CameraSettings())
    happy, sad = (
        ActorCamera(SHIPPED, (Scene(0, label),)).pixels_at(0.5)[40:430, 140:500]
        for label in (Emotion.HAPPY, Emotion.SAD)
    )
    small = np.asarray(cv2.resize(sad, (288, 312), interpolation=cv2.INTER_AREA), np.uint8)
    crowd = np.full((780, 720, 3), 160, np.uint8)
    crowd[:390, :360] = happy
    for top, left in ((40, 390), (430, 40), (430, 390)):
        crowd[top : top + 312, left : left + 288] = small

    sight = perception.look(Frame(crowd, 0.0))
    finder.close()

    assert isinstance(sight, EstimateArrived)
    assert sight.faces == 4
    assert EmotionEstimate(sight.probabilities, sight.confidence).label is Emotion.HAPPY


def test_nobody_is_found_in_the_empty_room() -> None:
    finder = MediapipeFaceFinder(SHIPPED)
    actor = ActorCamera(SHIPPED, (Scene(0, None),))

    found = [finder.find(actor.pixels_at(at_s / 2)) for at_s in range(16)]

    assert found == [()] * 16
    finder.close()
