from pathlib import Path

import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.domain.emotion import Emotion

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


def test_nobody_is_found_in_the_empty_room() -> None:
    finder = MediapipeFaceFinder(SHIPPED)
    actor = ActorCamera(SHIPPED, (Scene(0, None),))

    found = [finder.find(actor.pixels_at(at_s / 2)) for at_s in range(16)]

    assert found == [()] * 16
    finder.close()
