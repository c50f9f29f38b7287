from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.emotion import EMOTIONS, Emotion, EmotionEstimate
from soulsync_edge.domain.events import (
    EstimateArrived,
    FaceObscured,
    NobodySeen,
    Obstacle,
    RoomDark,
)
from soulsync_edge.domain.face import Face, Point
from soulsync_edge.eye_ports import Crop, Frame, Pixels
from soulsync_edge.fakes import FakeEmotionReader, FakeFaceFinder, a_face, a_frame, estimate_of
from soulsync_edge.services.measuring import measured
from soulsync_edge.services.perception import (
    CLEARLY_LARGER,
    LOST_S,
    TAKE_OVER_S,
    Followed,
    Pace,
    Perception,
    is_dark,
    mean_estimate,
)
from soulsync_edge.settings import CameraSettings

LOOK_S = 0.25


class Eyes:
    """A perception over faces given frame by frame, and what it cut out of the frames."""

    def __init__(self, settings: CameraSettings | None = None) -> None:
        self.faces: tuple[Face, ...] = ()
        self.cut: list[Face] = []
        self.reader = FakeEmotionReader(Emotion.HAPPY)
        self.perception = Perception(
            FakeFaceFinder(lambda _: self.faces),
            self._crop,
            self.reader,
            settings or CameraSettings(),
        )

    def _crop(self, _pixels: Pixels, face: Face) -> Crop:
        self.cut.append(face)
        return np.zeros((64, 64), np.uint8)


def test_an_empty_room_is_nobody_seen() -> None:
    eyes = Eyes()

    assert eyes.perception.look(a_frame(5.0)) == NobodySeen(5.0)


def test_a_face_becomes_an_estimate_stamped_with_the_frame_s_time() -> None:
    eyes = Eyes()
    eyes.faces = (a_face(),)

    sight = eyes.perception.look(a_frame(5.0))

    expected = estimate_of(Emotion.HAPPY)
    assert sight == EstimateArrived(5.0, expected.probabilities, expected.confidence, faces=1)


def test_every_face_is_counted_and_the_largest_is_read() -> None:
    small, large = a_face(left_px=10, size_px=60), a_face(left_px=300, size_px=150)
    eyes = Eyes()
    eyes.faces = (small, large)

    sight = eyes.perception.look(a_frame())

    assert isinstance(sight, EstimateArrived)
    assert sight.faces == 2
    assert eyes.cut == [large]


def test_the_followed_face_is_kept_while_a_larger_one_crosses_the_room() -> None:
    listener = a_face(left_px=100, size_px=100)
    passer_by = a_face(left_px=400, size_px=200)
    eyes = Eyes()
    eyes.faces = (listener,)
    eyes.perception.look(a_frame(0.0))
    eyes.faces = (passer_by, listener)

    for at_s in np.arange(LOOK_S, TAKE_OVER_S, LOOK_S):
        eyes.perception.look(a_frame(float(at_s)))

    assert set(eyes.cut) == {listener}


def test_a_face_that_stays_clearly_larger_takes_over() -> None:
    listener, other = a_face(left_px=100, size_px=100), a_face(left_px=400, size_px=200)
    eyes = Eyes()
    eyes.faces = (listener,)
    eyes.perception.look(a_frame(0.0))
    eyes.faces = (other, listener)

    for at_s in np.arange(LOOK_S, 2 * LOOK_S + TAKE_OVER_S, LOOK_S):
        eyes.perception.look(a_frame(float(at_s)))

    assert eyes.cut[-1] == other


def test_a_face_only_a_little_larger_never_takes_over() -> None:
    listener = a_face(left_px=100, size_px=100)
    other = a_face(left_px=400, size_px=100 * (CLEARLY_LARGER**0.5) - 1)
    eyes = Eyes()
    eyes.faces = (listener,)
    eyes.perception.look(a_frame(0.0))
    eyes.faces = (other, listener)

    for look in range(1, 40):
        eyes.perception.look(a_frame(look * LOOK_S))

    assert set(eyes.cut) == {listener}


def test_a_rival_that_shrinks_again_starts_over() -> None:
    listener, near = a_face(left_px=100, size_px=100), a_face(left_px=400, size_px=200)
    far = a_face(left_px=440, size_px=110)
    followed = Followed().after((listener,), 0.0)

    for at_s, rival in ((0.2, near), (0.9, near), (1.0, far), (1.1, near), (1.9, near)):
        followed = followed.after((rival, listener), at_s)

    assert followed.face == listener


def test_a_walking_face_is_followed_from_look_to_look() -> None:
    eyes = Eyes()
    walk = [a_face(left_px=20 + 80 * step, size_px=100) for step in range(6)]
    sitting = a_face(left_px=20, top_px=330, size_px=115)
    eyes.faces = (walk[0],)
    eyes.perception.look(a_frame(0.0))

    for number, step in enumerate(walk[1:], start=1):
        eyes.faces = (step, sitting)
        eyes.perception.look(a_frame(number * LOOK_S))

    assert eyes.cut == walk


def test_a_followed_face_that_is_missed_for_a_moment_counts_as_turned_away() -> None:
    listener, other = a_face(left_px=100), a_face(left_px=450)
    eyes = Eyes()
    eyes.faces = (listener,)
    eyes.perception.look(a_frame(0.0))
    eyes.faces = (other,)

    sight = eyes.perception.look(a_frame(LOOK_S))

    assert sight == FaceObscured(LOOK_S, Obstacle.TURNED_AWAY)


def test_a_followed_face_that_stays_away_gives_way() -> None:
    listener, other = a_face(left_px=100), a_face(left_px=450)
    eyes = Eyes()
    eyes.faces = (listener,)
    eyes.perception.look(a_frame(0.0))
    eyes.faces = (other,)

    sight = eyes.perception.look(a_frame(LOST_S))

    assert isinstance(sight, EstimateArrived)
    assert eyes.cut == [listener, other]


def test_a_room_that_empties_is_nobody_seen_at_once() -> None:
    eyes = Eyes()
    eyes.faces = (a_face(),)
    eyes.perception.look(a_frame(0.0))
    eyes.faces = ()

    assert eyes.perception.look(a_frame(LOOK_S)) == NobodySeen(LOOK_S)


faces_in_a_frame = st.lists(
    st.builds(a_face, st.floats(0, 600), st.floats(0, 400), st.floats(30, 200)), max_size=4
)


@given(st.lists(faces_in_a_frame, max_size=30))
def test_whoever_is_followed_was_in_view(frames: list[list[Face]]) -> None:
    followed = Followed()
    seen: set[Face] = set()

    for look, faces in enumerate(frames):
        seen.update(faces)
        followed = followed.after(tuple(faces), look * LOOK_S)

        assert followed.face is None or followed.face in seen
        assert not followed.is_in_view or followed.face in faces
        assert followed.is_in_view or not faces or look * LOOK_S - followed.seen_s < LOST_S


class MoodyReader:
    """An `EmotionReader` that gives one estimate after the other."""

    def __init__(self, estimates: Sequence[EmotionEstimate]) -> None:
        self._estimates = iter(estimates)

    def read(self, crop: Crop) -> EmotionEstimate:  # noqa: ARG002  # its port names it
        return next(self._estimates)


def test_a_room_average_weighs_each_face_by_its_confidence() -> None:
    sure = estimate_of(Emotion.HAPPY, share=1.0, confidence=0.9)
    doubtful = estimate_of(Emotion.SAD, share=1.0, confidence=0.3)
    faces = (a_face(left_px=50), a_face(left_px=400, size_px=90))
    perception = Perception(
        FakeFaceFinder(lambda _: faces),
        lambda _pixels, _face: np.zeros((64, 64), np.uint8),
        MoodyReader([sure, doubtful]),
        CameraSettings(faces="average"),
    )

    sight = perception.look(a_frame())

    assert isinstance(sight, EstimateArrived)
    assert sight.faces == 2
    assert sight.confidence == pytest.approx(0.6)
    shares = dict(zip(EMOTIONS, sight.probabilities, strict=True))
    assert shares[Emotion.HAPPY] == pytest.approx(0.75)
    assert shares[Emotion.SAD] == pytest.approx(0.25)


def test_a_room_average_reads_the_four_largest_and_leaves_out_who_cannot_be_read() -> None:
    crowd = tuple(a_face(left_px=40.0 * n, size_px=40.0 + n) for n in range(6))
    turned = profile(crowd[5])
    eyes = Eyes(CameraSettings(faces="average"))
    eyes.faces = (*crowd[:5], turned)

    sight = eyes.perception.look(a_frame())

    assert isinstance(sight, EstimateArrived)
    assert sight.faces == 6
    assert eyes.cut == [crowd[4], crowd[3], crowd[2]]


def test_a_room_average_of_unreadable_faces_says_why_the_largest_is() -> None:
    eyes = Eyes(CameraSettings(faces="average"))
    eyes.faces = (a_face(size_px=20), profile(a_face(size_px=100)))

    assert eyes.perception.look(a_frame(1.0)) == FaceObscured(1.0, Obstacle.TURNED_AWAY)


@pytest.mark.parametrize("confidence", [0.0, 0.2, 1.0])
def test_the_mean_of_equal_faces_is_that_face(confidence: float) -> None:
    one = estimate_of(Emotion.FEAR, confidence=confidence)

    mean = mean_estimate([one, one, one])

    assert mean.probabilities == pytest.approx(one.probabilities)
    assert mean.confidence == pytest.approx(confidence)


@pytest.mark.parametrize(("size_px", "expected"), [(31.9, Obstacle.TOO_FAR), (32.0, None)])
def test_a_face_narrower_than_the_setting_is_too_far(
    size_px: float, expected: Obstacle | None
) -> None:
    assert measured(a_frame().pixels, a_face(size_px=size_px)).obstacle(32) is expected


def test_the_eye_says_that_a_small_face_is_too_far() -> None:
    eyes = Eyes(CameraSettings(least_face_px=100))
    eyes.faces = (a_face(size_px=99),)

    assert eyes.perception.look(a_frame(2.0)) == FaceObscured(2.0, Obstacle.TOO_FAR)
    assert eyes.cut == []


def test_a_face_in_the_dark_of_a_lit_room_is_too_dark() -> None:
    frame = a_frame(level=150)
    frame.pixels[170:290, 270:390] = 20

    assert measured(frame.pixels, a_face()).obstacle(32) is Obstacle.TOO_DARK


def test_dark_skin_in_a_lit_room_is_not_too_dark() -> None:
    # Skin that reflects a fifth of what the wall does, with its highlights.
    frame = a_frame(level=150)
    frame.pixels[170:290, 270:390] = 30
    frame.pixels[200:230, 290:370] = 55

    assert measured(frame.pixels, a_face()).obstacle(32) is None


@pytest.mark.parametrize(
    ("left_px", "top_px", "expected"),
    [
        (-50, 170, None),
        (-90, 170, Obstacle.LEAVING),
        (600, 170, Obstacle.LEAVING),
        (270, -50, None),
        (270, 370, None),
        (270, 420, Obstacle.LEAVING),
        (900, 170, Obstacle.LEAVING),
    ],
)
def test_a_face_that_reaches_far_out_of_the_picture_is_leaving_it(
    left_px: float, top_px: float, expected: Obstacle | None
) -> None:
    face = a_face(left_px, top_px)

    assert measured(a_frame().pixels, face).obstacle(32) is expected


def moved(face: Face, index: int, across: float, down: float) -> Face:
    """Return `face` with one key point put at a share of its box."""
    points: list[Point] = list(face.key_points)
    points[index] = (
        face.left_px + across * face.width_px,
        face.top_px + down * face.height_px,
    )
    right_eye, left_eye, nose, mouth, right_ear, left_ear = points
    return replace(face, key_points=(right_eye, left_eye, nose, mouth, right_ear, left_ear))


def profile(face: Face) -> Face:
    """Return `face` with its nose far past its left ear."""
    return moved(face, 2, 1.4, 0.55)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((480, 640), np.uint8),
        ((480, 640, 4), np.uint8),
        ((480, 640, 3), np.float32),
        ((480, 640, 3), np.uint16),
        ((0, 640, 3), np.uint8),
        ((480, 0, 3), np.uint8),
        ((3,), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused_by_shape_and_type(
    shape: tuple[int, ...], dtype: type
) -> None:
    wrong: Pixels = np.zeros(shape, dtype)

    with pytest.raises(ValueError, match=r"must be \(height, width, 3\) uint8 RGB, got \("):
        Eyes().perception.look(Frame(wrong, 0.0))


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (7, 5), (33, 31), (1080, 1920)])
def test_a_face_in_a_picture_of_any_size_is_judged(size: tuple[int, int]) -> None:
    eyes = Eyes()
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)

    for face in (a_face(), a_face(0, 0, 1), a_face(-3, -3, 5), a_face(1e5, 1e5, 1e5)):
        eyes.faces = (face,)

        assert isinstance(eyes.perception.look(Frame(pixels, 0.0)), FaceObscured | EstimateArrived)


def test_a_crowd_is_counted_whole() -> None:
    eyes = Eyes()
    eyes.faces = tuple(a_face(left_px=9.0 * n, size_px=60 + n) for n in range(60))

    sight = eyes.perception.look(a_frame())

    assert isinstance(sight, EstimateArrived)
    assert sight.faces == 60
    assert eyes.cut == [eyes.faces[-1]]


def test_a_poor_look_is_believed_less() -> None:
    eyes = Eyes()
    eyes.faces = (a_face(),)
    good = eyes.perception.look(a_frame(0.0))
    eyes.faces = (moved(a_face(), 2, 1.22, 0.55),)
    poor = eyes.perception.look(a_frame(0.25))

    assert isinstance(good, EstimateArrived)
    assert isinstance(poor, EstimateArrived)
    assert good.confidence == eyes.reader.confidence
    assert 0.9 < poor.confidence / good.confidence < 0.98
    assert poor.probabilities == good.probabilities


def noise(level: float, at_s: float = 0.0) -> Frame:
    pixels = np.random.default_rng(1).normal(level, 4, (480, 640, 3)).clip(0, 255)
    return Frame(pixels.astype(np.uint8), at_s)


@pytest.mark.parametrize(("level", "expected"), [(0, True), (8, True), (40, False), (255, False)])
def test_a_picture_is_dark_when_even_its_bright_parts_are(level: int, *, expected: bool) -> None:
    assert is_dark(noise(level).pixels) is expected


@pytest.mark.parametrize("sigma", [8, 16, 32])
def test_noise_does_not_light_a_covered_lens(sigma: float) -> None:
    chance = np.random.default_rng(1)
    black = chance.normal(0, sigma, (480, 640, 3)).clip(0, 255).astype(np.uint8)

    assert is_dark(black)
    assert Eyes().perception.look(Frame(black, 1.0)) == RoomDark(1.0)


def test_what_drowns_in_noise_is_dark_and_the_same_light_without_is_not() -> None:
    chance = np.random.default_rng(1)
    dim = a_frame(level=45).pixels
    grainy = (dim + chance.normal(0, 24, dim.shape)).clip(0, 255).astype(np.uint8)

    assert not is_dark(dim)
    assert is_dark(grainy)


def test_a_restless_picture_in_good_light_is_not_dark() -> None:
    chance = np.random.default_rng(1)

    assert not is_dark(chance.integers(0, 256, (480, 640, 3)).astype(np.uint8))


def test_a_dim_room_with_a_lamp_is_not_dark() -> None:
    frame = a_frame(level=5)
    frame.pixels[:200, :200] = 200

    assert not is_dark(frame.pixels)


@pytest.mark.parametrize("faces", [(), (a_face(),)])
@pytest.mark.parametrize("after_s", [0.25, 60.0, 7200.0])
def test_a_dark_picture_says_nothing_of_anyone_whoever_was_there(
    faces: tuple[Face, ...], after_s: float
) -> None:
    eyes = Eyes()
    eyes.faces = faces
    eyes.perception.look(a_frame(0.0))

    assert eyes.perception.look(noise(2, at_s=after_s)) == RoomDark(after_s)


def test_a_lens_covered_from_the_start_never_says_that_nobody_is_there() -> None:
    eyes = Eyes()

    sights = [eyes.perception.look(noise(2, at_s=look * LOOK_S)) for look in range(8)]

    assert sights == [RoomDark(look * LOOK_S) for look in range(8)]


def test_a_dark_face_in_a_lit_room_is_someone_too_dark_to_read() -> None:
    eyes = Eyes()
    eyes.faces = (a_face(),)
    frame = a_frame(1.0, level=150)
    frame.pixels[170:290, 270:390] = 20

    assert eyes.perception.look(frame) == FaceObscured(1.0, Obstacle.TOO_DARK)


def test_the_light_coming_back_ends_the_darkness() -> None:
    eyes = Eyes()
    eyes.perception.look(noise(2, at_s=0.0))
    eyes.faces = (a_face(),)

    assert isinstance(eyes.perception.look(a_frame(1.0)), EstimateArrived)


@pytest.mark.parametrize("rate_hz", [0.2, 4.0, 7.0, 15.0])
def test_looks_keep_the_rate_whatever_the_camera_s_is(rate_hz: float) -> None:
    pace = Pace(rate_hz)

    looks = sum(pace.take(frame / 30) for frame in range(30 * 60))

    assert looks == round(60 * rate_hz)


def test_a_slow_camera_is_looked_at_frame_by_frame() -> None:
    pace = Pace(4.0)

    assert [pace.take(at_s) for at_s in (0.0, 1.0, 2.0, 3.0)] == [True] * 4


def test_missed_looks_are_not_made_up_for() -> None:
    pace = Pace(4.0)
    pace.take(0.0)

    looks = [pace.take(at_s) for at_s in (10.0, 10.01, 10.02, 10.25)]

    assert looks == [True, False, False, True]


def test_the_wait_for_the_next_look_ends_when_it_is_due() -> None:
    pace = Pace(4.0)
    before = pace.wait_s(100.0)
    pace.take(100.0)

    waits = [pace.wait_s(at_s) for at_s in (100.0, 100.2, 100.25, 101.0)]

    assert before == 0.0
    assert waits == pytest.approx([0.25, 0.05, 0.0, 0.0])
