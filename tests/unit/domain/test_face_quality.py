from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain import face_quality
from soulsync_edge.domain.events import Obstacle
from soulsync_edge.domain.face import Face
from soulsync_edge.domain.face_quality import HELD_AT_LIMIT, FaceQuality, Scale, turn_of
from soulsync_edge.fakes import a_face

GOOD = FaceQuality(
    width_px=120,
    sharpness=0.6,
    highlight=180,
    contrast=40,
    burnt=0.0,
    yaw=0.1,
    pitch=-0.1,
    tilt_deg=3,
    outside=0.0,
)

# What is measured, its scale, whether its sign matters not, and what is said when it is too bad.
PARTS = {
    "width_px": (face_quality.WIDTH_PX, Obstacle.TOO_FAR),
    "sharpness": (face_quality.SHARPNESS, Obstacle.TOO_BLURRED),
    "highlight": (face_quality.HIGHLIGHT, Obstacle.TOO_DARK),
    "contrast": (face_quality.CONTRAST, Obstacle.TOO_DARK),
    "burnt": (face_quality.BURNT, Obstacle.TOO_BRIGHT),
    "yaw": (face_quality.YAW, Obstacle.TURNED_AWAY),
    "pitch": (face_quality.PITCH, Obstacle.TURNED_AWAY),
    "tilt_deg": (face_quality.TILT_DEG, Obstacle.TILTED),
    "outside": (face_quality.OUTSIDE, Obstacle.LEAVING),
}

parts = st.sampled_from(sorted(PARTS))
shares = st.floats(0, 1)


def at(scale: Scale, share: float) -> float:
    """Return the value at `share` of the way from worst to good."""
    return scale.worst + share * (scale.good - scale.worst)


def test_every_measurement_is_told_of_here() -> None:
    assert set(PARTS) == set(FaceQuality.__dataclass_fields__)
    assert {obstacle for _, obstacle in PARTS.values()} == set(Obstacle)


def test_a_good_look_has_no_obstacle_and_the_full_score() -> None:
    assert GOOD.obstacle() is None
    assert GOOD.score == 1.0


@pytest.mark.parametrize("name", PARTS)
def test_each_measurement_past_its_limit_has_its_word(name: str) -> None:
    scale, obstacle = PARTS[name]
    nudge = 1e-6 * (scale.worst - scale.good)

    assert replace(GOOD, **{name: scale.limit}).obstacle() is None
    assert replace(GOOD, **{name: scale.limit + nudge}).obstacle() is obstacle
    assert replace(GOOD, **{name: scale.worst}).obstacle() is obstacle


@pytest.mark.parametrize("name", PARTS)
def test_each_measurement_alone_takes_the_score_from_one_to_nothing(name: str) -> None:
    scale, _ = PARTS[name]

    scores = [
        replace(GOOD, **{name: value}).score for value in (scale.good, scale.limit, scale.worst)
    ]

    assert scores == pytest.approx([1.0, HELD_AT_LIMIT, 0.0])


@pytest.mark.parametrize("name", ["yaw", "pitch"])
def test_a_turn_to_either_side_counts_alike(name: str) -> None:
    scale, obstacle = PARTS[name]

    assert replace(GOOD, **{name: -scale.worst}).obstacle() is obstacle
    assert replace(GOOD, **{name: -scale.limit}).score == pytest.approx(HELD_AT_LIMIT)


looks = st.builds(
    FaceQuality,
    **{
        name: st.floats(min(scale.worst, scale.good) - 1, max(scale.worst, scale.good) + 1)
        for name, (scale, _) in PARTS.items()
    },
)


@given(looks)
def test_the_score_is_a_share(look: FaceQuality) -> None:
    assert 0.0 <= look.score <= 1.0


@given(looks, parts, shares, shares)
def test_the_score_never_rises_as_one_measurement_gets_worse(
    look: FaceQuality, name: str, one: float, other: float
) -> None:
    scale, _ = PARTS[name]
    worse, better = (
        replace(look, **{name: at(scale, share)}).score for share in sorted((one, other))
    )

    assert worse <= better


@given(looks, parts, shares, shares)
def test_what_gets_worse_never_gets_rid_of_an_obstacle(
    look: FaceQuality, name: str, one: float, other: float
) -> None:
    scale, _ = PARTS[name]
    worse, better = (
        replace(look, **{name: at(scale, share)}).obstacle() for share in sorted((one, other))
    )

    assert worse is not None or better is None


@given(looks)
def test_a_look_without_an_obstacle_keeps_most_of_its_confidence(look: FaceQuality) -> None:
    if look.obstacle() is None:
        assert look.score >= HELD_AT_LIMIT ** len(PARTS) - 1e-9


def test_how_far_is_too_far_can_be_chosen() -> None:
    assert replace(GOOD, width_px=39.9).obstacle(40) is Obstacle.TOO_FAR
    assert replace(GOOD, width_px=40).obstacle(40) is None


def test_what_a_person_can_change_most_easily_is_said_first() -> None:
    hopeless = FaceQuality(1, 0, 0, 0, 1, 9, 9, 180, 1)

    assert hopeless.obstacle() is Obstacle.TOO_FAR
    assert replace(hopeless, width_px=99).obstacle() is Obstacle.LEAVING
    assert replace(hopeless, width_px=99, outside=0).obstacle() is Obstacle.TOO_DARK


def nose_at(across: float, down: float) -> Face:
    """A face with its nose so far from right ear to left ear, and from eyes to mouth."""
    face = a_face()
    right_eye, left_eye, _, mouth, right_ear, left_ear = face.key_points
    nose = (
        right_ear[0] + across * (left_ear[0] - right_ear[0]),
        right_eye[1] + down * (mouth[1] - right_eye[1]),
    )
    return replace(face, key_points=(right_eye, left_eye, nose, mouth, right_ear, left_ear))


@pytest.mark.parametrize(
    ("across", "down", "yaw", "pitch"),
    [(0.5, 0.5, 0, 0), (0, 0.5, -1, 0), (1.2, 0.5, 1.4, 0), (0.5, 1, 0, 1), (0.5, 0.2, 0, -0.6)],
)
def test_a_turn_is_told_by_where_the_nose_is(
    across: float, down: float, yaw: float, pitch: float
) -> None:
    turn = turn_of(nose_at(across, down))

    assert (turn.yaw, turn.pitch, turn.tilt_deg) == pytest.approx((yaw, pitch, 0), abs=1e-9)


def tilted(face: Face, quarter_turns: float) -> Face:
    """Return `face` with its key points turned about its middle, clockwise."""
    turn, middle = 1j**quarter_turns, complex(*face.centre)
    moved = [(complex(*point) - middle) * turn + middle for point in face.key_points]
    one, two, three, four, five, six = [(point.real, point.imag) for point in moved]
    return replace(face, key_points=(one, two, three, four, five, six))


@given(st.floats(-1.99, 1.99), st.floats(-2, 2), st.floats(-1, 2))
def test_a_tilt_changes_neither_yaw_nor_pitch(
    quarter_turns: float, across: float, down: float
) -> None:
    face = nose_at(across, down)

    upright, turn = turn_of(face), turn_of(tilted(face, quarter_turns))

    assert (turn.yaw, turn.pitch) == pytest.approx((upright.yaw, upright.pitch), abs=1e-6)
    assert turn.tilt_deg == pytest.approx(abs(quarter_turns) * 90, abs=1e-6)


@pytest.mark.parametrize(
    ("lean_deg", "obstacle"),
    [(0, None), (30, None), (60, Obstacle.TILTED), (90, Obstacle.TILTED), (180, Obstacle.TILTED)],
)
@pytest.mark.parametrize("side", [-1, 1])
def test_a_leaning_head_is_read_and_one_on_its_side_or_upside_down_is_not(
    lean_deg: float, side: int, obstacle: Obstacle | None
) -> None:
    turn = turn_of(tilted(a_face(), side * lean_deg / 90))

    assert replace(GOOD, tilt_deg=turn.tilt_deg).obstacle() is obstacle


def test_a_mouth_beside_the_eyes_is_a_tilt_even_where_the_eyes_seem_level() -> None:
    face = a_face()
    right_eye, left_eye, nose, _, right_ear, left_ear = face.key_points
    mouth = (right_eye[0] + 80, right_eye[1] + 10)

    turn = turn_of(
        replace(face, key_points=(right_eye, left_eye, nose, mouth, right_ear, left_ear))
    )

    assert turn.tilt_deg > face_quality.TILT_DEG.limit


def test_a_head_in_profile_is_turned_away_whatever_its_eyes_say_of_a_tilt() -> None:
    assert replace(GOOD, yaw=3, tilt_deg=120).obstacle() is Obstacle.TURNED_AWAY


def test_nothing_is_said_of_a_turn_where_all_points_are_one() -> None:
    point = (3.0, 4.0)
    face = Face(3, 4, 1, 1, (point, point, point, point, point, point), 0.9)

    turn = turn_of(face)

    assert (turn.yaw, turn.pitch, turn.tilt_deg) == (0, 0, 0)
