from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, Scene, demo_script
from soulsync_edge.domain.emotion import EMOTIONS, Emotion
from soulsync_edge.errors import ModelError, Unavailable
from soulsync_edge.eye_ports import Camera, Pixels

SHIPPED = Path(__file__).parents[3] / "models"
SCRIPT = (Scene(0, Emotion.NEUTRAL), Scene(10, Emotion.HAPPY), Scene(20, None))


class HandClock:
    """A clock that shows what the test set it to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="module")
def actor() -> ActorCamera:
    return ActorCamera(SHIPPED, SCRIPT, clock=HandClock())


def difference(one: Pixels, other: Pixels) -> float:
    """Mean difference in levels, after the noise is averaged away."""
    small = [
        cv2.resize(picture, (80, 60), interpolation=cv2.INTER_AREA) for picture in (one, other)
    ]
    return float(np.abs(small[0].astype(float) - small[1]).mean())


def test_a_frame_is_640_by_480_rgb_stamped_with_the_clock() -> None:
    clock = HandClock()
    camera: Camera = ActorCamera(SHIPPED, SCRIPT, clock=clock)
    clock.now_s = 103.5

    frame = camera.read(1.0)

    assert frame is not None
    assert frame.at_s == 103.5
    assert frame.pixels.shape == (480, 640, 3)
    assert frame.pixels.dtype == np.uint8


def test_the_script_runs_from_the_moment_the_camera_is_made() -> None:
    clock = HandClock()
    camera = ActorCamera(SHIPPED, SCRIPT, clock=clock)
    clock.now_s = 115.0

    frame = camera.read(1.0)

    assert frame is not None
    assert np.array_equal(frame.pixels, camera.pixels_at(15.0))


def test_a_given_start_puts_the_script_on_the_shared_clock() -> None:
    clock = HandClock()
    camera = ActorCamera(SHIPPED, SCRIPT, clock=clock, start_s=98.0)

    frame = camera.read(1.0)

    assert frame is not None
    assert np.array_equal(frame.pixels, camera.pixels_at(2.0))


def test_the_same_seed_and_time_give_the_same_picture_whatever_came_before() -> None:
    one, other = ActorCamera(SHIPPED, SCRIPT, seed=3), ActorCamera(SHIPPED, SCRIPT, seed=3)
    one.pixels_at(17.0)

    assert np.array_equal(one.pixels_at(10.1), other.pixels_at(10.1))


def test_another_seed_moves_otherwise() -> None:
    one, other = ActorCamera(SHIPPED, SCRIPT, seed=3), ActorCamera(SHIPPED, SCRIPT, seed=4)

    assert difference(one.pixels_at(5.0), other.pixels_at(5.0)) > 2


def test_no_two_pictures_are_the_same_not_even_of_an_empty_room(actor: ActorCamera) -> None:
    assert not np.array_equal(actor.pixels_at(30.0), actor.pixels_at(30.05))


def test_pictures_a_moment_apart_are_alike_through_every_change(actor: ActorCamera) -> None:
    steps = [
        difference(actor.pixels_at(at_s), actor.pixels_at(at_s + 0.02))
        for at_s in np.arange(9.4, 10.6, 0.06)
    ]

    assert max(steps) < 1.0


def test_the_face_has_changed_half_a_second_after_its_moment(actor: ActorCamera) -> None:
    still = ActorCamera(SHIPPED, SCRIPT[:1])

    assert difference(actor.pixels_at(9.5), still.pixels_at(9.5)) == 0
    assert difference(actor.pixels_at(10.5), still.pixels_at(10.5)) > 0.3


def test_nobody_is_the_bare_room(actor: ActorCamera) -> None:
    empty = ActorCamera(SHIPPED, (Scene(0, None),))

    assert np.array_equal(actor.pixels_at(21.0), empty.pixels_at(21.0))
    assert difference(actor.pixels_at(19.0), empty.pixels_at(19.0)) > 5


def test_who_comes_back_has_the_new_face_on_the_way() -> None:
    back = ActorCamera(SHIPPED, (Scene(0, None), Scene(5, Emotion.SAD)))
    sad = ActorCamera(SHIPPED, (Scene(0, Emotion.SAD),))

    assert np.array_equal(back.pixels_at(5.5), sad.pixels_at(5.5))


def test_after_closing_a_read_says_so() -> None:
    camera = ActorCamera(SHIPPED, SCRIPT)

    camera.close()
    camera.close()

    with pytest.raises(Unavailable, match="demo actor: it is closed"):
        camera.read(1.0)


@pytest.mark.parametrize("script", [(), (Scene(5, None), Scene(1, Emotion.SAD))])
def test_a_script_without_order_is_refused(script: tuple[Scene, ...]) -> None:
    with pytest.raises(ValueError, match="scenes in order of time"):
        ActorCamera(SHIPPED, script)


def test_faces_with_a_flipped_byte_are_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_bytes((SHIPPED / "manifest.toml").read_bytes())
    content = bytearray((SHIPPED / "actor.npz").read_bytes())
    content[1000] ^= 4
    (tmp_path / "actor.npz").write_bytes(content)

    with pytest.raises(ModelError, match=r"`actor`.*SHA-256 differs"):
        ActorCamera(tmp_path, SCRIPT)


def test_the_demo_script_shows_neutral_happy_nobody_sad_neutral() -> None:
    script = demo_script(60)

    assert [(scene.t_s, scene.label) for scene in script] == [
        (0.0, Emotion.NEUTRAL),
        (12.0, Emotion.HAPPY),
        (25.8, None),
        (36.0, Emotion.SAD),
        (51.0, Emotion.NEUTRAL),
    ]


@pytest.mark.parametrize("total_s", [10.0, 45.0, 90.0, 600.0])
def test_the_demo_script_fits_its_time_and_never_repeats_a_scene(total_s: float) -> None:
    script = demo_script(total_s)

    assert script[0].t_s == 0
    assert script[-1].t_s < total_s
    assert all(one.t_s < other.t_s for one, other in pairwise(script))
    assert all(one.label != other.label for one, other in pairwise(script))


def test_a_demo_script_of_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0 seconds, got 0"):
        demo_script(0)


@pytest.mark.parametrize("label", EMOTIONS)
def test_every_emotion_can_be_played(label: Emotion) -> None:
    camera = ActorCamera(SHIPPED, (Scene(0, label),))

    assert camera.pixels_at(1.0).std() > 20
