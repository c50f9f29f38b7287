import threading
from collections.abc import Iterator

import numpy as np
import pytest

from soulsync_edge.adapters import camera_reader
from soulsync_edge.adapters.camera_reader import (
    FROZEN_LOOKS,
    CameraReader,
    turned,
    within,
)
from soulsync_edge.errors import NoFrameYet, Unavailable
from soulsync_edge.eye_ports import Pixels
from soulsync_edge.fakes import FakeClock

PATIENCE_S = 10.0


class Studio:
    """A `Source` whose every step the test allows; counts what was decoded."""

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.runs_freely = False
        self.released = threading.Event()
        self.taken = 0
        self.decoded = 0
        self.fault: Unavailable | None = None
        self.show = self._noise
        self._random = np.random.default_rng(1)

    def advance(self) -> None:
        # Running freely it is a camera of a thousand pictures a second.
        self.allowed.acquire(timeout=0.001 if self.runs_freely else None)
        self.taken += 1
        if self.fault is not None:
            raise self.fault

    def picture(self) -> Pixels:
        self.decoded += 1
        return self.show()

    def release(self) -> None:
        self.released.set()

    def allow(self, pictures: int = 1) -> None:
        self.allowed.release(pictures)

    def run_freely(self) -> None:
        self.runs_freely = True
        self.allow()

    def _noise(self) -> Pixels:
        pixels: Pixels = self._random.integers(90, 110, (48, 64, 3)).astype(np.uint8)
        pixels[0, 0] = self.taken % 256
        return pixels


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio()
    yield studio
    studio.run_freely()


def test_the_newest_picture_is_given_with_the_time_it_was_taken(studio: Studio) -> None:
    clock = FakeClock(50.0)
    camera = CameraReader("camera", studio, clock=clock)
    studio.allow()

    frame = camera.read(PATIENCE_S)

    assert frame is not None
    assert frame.at_s == 50.0
    assert frame.pixels[0, 0, 0] == 1


def test_only_pictures_that_are_asked_for_are_decoded(studio: Studio) -> None:
    advanced = threading.Semaphore(0)
    original = studio.advance

    def advance() -> None:
        advanced.release()
        original()

    studio.advance = advance  # type: ignore[method-assign]  # to count the steps
    camera = CameraReader("camera", studio)
    studio.allow(9)
    for _ in range(10):  # the tenth step begins once nine pictures were let go by
        assert advanced.acquire(timeout=PATIENCE_S)
    assert studio.decoded == 0
    studio.allow()

    frame = camera.read(PATIENCE_S)

    assert frame is not None
    assert frame.pixels[0, 0, 0] == 10
    assert studio.decoded == 1


def test_a_picture_that_does_not_come_is_late_and_may_come_later(studio: Studio) -> None:
    camera = CameraReader("camera 7", studio)

    with pytest.raises(NoFrameYet, match="camera 7"):
        camera.read(0.01)
    studio.allow()

    assert camera.read(PATIENCE_S) is not None


def test_a_camera_that_fails_says_so_at_once_and_lets_the_device_go(studio: Studio) -> None:
    camera = CameraReader("camera 7", studio)
    studio.fault = Unavailable("it was unplugged")
    studio.allow()

    with pytest.raises(Unavailable, match="camera 7: it was unplugged") as raised:
        camera.read(PATIENCE_S)

    assert not isinstance(raised.value, NoFrameYet)
    assert studio.released.wait(PATIENCE_S)


def test_a_fault_ends_the_wait_for_a_picture(studio: Studio) -> None:
    camera = CameraReader("camera", studio)
    studio.fault = Unavailable("gone")
    failing = threading.Thread(target=studio.allow)

    failing.start()
    with pytest.raises(Unavailable, match="gone"):
        camera.read(PATIENCE_S)
    failing.join()


def test_the_device_is_let_go_before_close_returns(studio: Studio) -> None:
    camera = CameraReader("camera", studio)
    studio.run_freely()

    camera.close()

    assert studio.released.is_set()


def test_a_stuck_camera_does_not_hold_up_its_closing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_reader, "LET_GO_S", 0.05)
    camera = CameraReader("camera 7", studio)

    with pytest.raises(Unavailable, match="camera 7 does not let go") as raised:
        camera.close()

    assert "0.05 s" in str(raised.value)
    assert not studio.released.is_set()


def test_a_picture_taken_while_closing_is_thrown_away(studio: Studio) -> None:
    camera = CameraReader("camera", studio)
    studio.run_freely()
    camera.read(PATIENCE_S)

    camera.close()

    with pytest.raises(Unavailable, match="closed"):
        camera.read(PATIENCE_S)


def test_a_frozen_picture_is_a_fault_on_the_tenth_look(studio: Studio) -> None:
    still = np.random.default_rng(2).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    studio.show = still.copy
    camera = CameraReader("camera 7", studio)
    studio.run_freely()

    for _ in range(FROZEN_LOOKS - 1):
        camera.read(PATIENCE_S)
    with pytest.raises(Unavailable, match="camera 7 is frozen"):
        camera.read(PATIENCE_S)


def test_one_changed_look_means_that_a_picture_is_not_frozen(studio: Studio) -> None:
    still = np.random.default_rng(2).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    camera = CameraReader("camera", studio)
    studio.run_freely()

    for look in range(3 * FROZEN_LOOKS):
        still[0, 0, 0] = 100 if look % (FROZEN_LOOKS - 1) else 101
        studio.show = still.copy
        assert camera.read(PATIENCE_S) is not None


@pytest.mark.parametrize("level", [0, 255])
def test_a_dark_or_dazzled_picture_may_repeat(studio: Studio, level: int) -> None:
    studio.show = np.full((48, 64, 3), level, np.uint8).copy
    camera = CameraReader("camera", studio)
    studio.run_freely()

    frames = [camera.read(PATIENCE_S) for _ in range(2 * FROZEN_LOOKS)]

    assert all(frame is not None for frame in frames)


@pytest.mark.parametrize(
    ("rotation_deg", "expected"),
    [
        (0, [[1, 2], [3, 4]]),
        (90, [[3, 1], [4, 2]]),
        (180, [[4, 3], [2, 1]]),
        (270, [[2, 4], [1, 3]]),
    ],
)
def test_a_picture_is_turned_clockwise(rotation_deg: int, expected: list[list[int]]) -> None:
    pixels = np.array([[[1] * 3, [2] * 3], [[3] * 3, [4] * 3]], np.uint8)

    upright = turned(pixels, rotation_deg)

    assert upright[..., 0].tolist() == expected
    assert upright.flags.c_contiguous


def test_a_camera_hung_sideways_gives_upright_pictures(studio: Studio) -> None:
    camera = CameraReader("camera", studio, rotation_deg=90)
    studio.allow()

    frame = camera.read(PATIENCE_S)

    assert frame is not None
    assert frame.pixels.shape == (64, 48, 3)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((480, 640), (480, 640)),
        ((100, 50), (100, 50)),
        ((2160, 3840), (360, 640)),
        ((3840, 2160), (480, 270)),
        ((9000, 3), (480, 1)),
    ],
)
def test_a_large_picture_is_shrunk_to_fit_and_a_small_one_left(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    pixels = np.zeros((*size, 3), np.uint8)

    assert within(pixels, 640, 480).shape == (*expected, 3)
