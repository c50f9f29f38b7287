"""What is measured of a face, on faces that are drawn: an oval with brows, eyes, nose and mouth."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.events import Obstacle
from soulsync_edge.domain.face import Face
from soulsync_edge.domain.face_quality import CONTRAST, HIGHLIGHT, OUTSIDE, SHARPNESS
from soulsync_edge.eye_ports import Pixels
from soulsync_edge.fakes import a_face
from soulsync_edge.services.measuring import light_of, luma, measured

FACE = a_face()
SKIN, LINES, WALL = 170, 60, 120


def drawn(face: Face = FACE, skin: int = SKIN, lines: int = LINES) -> Pixels:
    """Return a 640 x 480 picture of `face`, smooth skin and dark features, without noise."""
    grey = np.full((480, 640), WALL, np.uint8)

    def at(across: float, down: float) -> tuple[int, int]:
        return (
            round(face.left_px + across * face.width_px),
            round(face.top_px + down * face.height_px),
        )

    def px(share: float) -> int:
        return max(round(share * face.width_px), 1)

    cv2.ellipse(grey, at(0.5, 0.45), (px(0.5), px(0.65)), 0, 0, 360, (skin,), -1, cv2.LINE_AA)
    for across in (0.3, 0.7):
        cv2.ellipse(grey, at(across, 0.32), (px(0.1), px(0.05)), 0, 0, 360, (lines,), -1)
        cv2.line(grey, at(across - 0.12, 0.2), at(across + 0.12, 0.18), (lines,), px(0.04))
    cv2.line(grey, at(0.5, 0.35), at(0.46, 0.58), (lines,), px(0.02))
    cv2.ellipse(grey, at(0.5, 0.76), (px(0.18), px(0.05)), 0, 0, 360, (lines,), -1)
    return np.repeat(grey[..., None], 3, axis=2)


def noisy(pixels: npt.NDArray[np.floating[npt.NBitBase]] | Pixels, sigma: float) -> Pixels:
    noise = np.random.default_rng(1).normal(0, sigma, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def smeared(pixels: Pixels, way_px: int, angle_deg: float) -> Pixels:
    smear = np.zeros((way_px, way_px), np.float32)
    smear[way_px // 2] = 1
    middle = (way_px - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), angle_deg, 1)
    smear = np.asarray(cv2.warpAffine(smear, turn, (way_px, way_px)), np.float32)
    return np.asarray(cv2.filter2D(pixels, -1, smear / smear.sum()), np.uint8)


def blurred(pixels: Pixels, sigma_px: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma_px), np.uint8)


@pytest.mark.parametrize("size_px", [40, 64, 120, 240])
def test_a_plain_drawing_is_seen_well_near_and_far(size_px: float) -> None:
    face = a_face(left_px=200, top_px=120, size_px=size_px)

    quality = measured(drawn(face), face)

    assert quality.obstacle(40) is None
    assert quality.score == pytest.approx(1.0)
    assert quality.width_px == size_px


@pytest.mark.parametrize("size_px", [60, 120, 240])
def test_a_blurred_face_is_too_blurred_whatever_its_size(size_px: float) -> None:
    face = a_face(left_px=200, top_px=120, size_px=size_px)

    qualities = [measured(blurred(drawn(face), size_px * share), face) for share in (0.01, 0.08)]

    assert qualities[0].obstacle(40) is None
    assert qualities[1].obstacle(40) is Obstacle.TOO_BLURRED


def test_the_more_blur_the_less_sharpness() -> None:
    sharpness = [measured(blurred(drawn(), sigma), FACE).sharpness for sigma in (1, 2, 4, 6, 10)]

    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > SHARPNESS.good
    assert sharpness[-1] < SHARPNESS.limit


@pytest.mark.parametrize("angle_deg", [0, 45, 90, 135])
def test_a_head_in_motion_is_blurred_whichever_way_it_goes(angle_deg: float) -> None:
    still, moving = (measured(smeared(drawn(), way_px, angle_deg), FACE) for way_px in (1, 41))

    assert moving.sharpness < 0.7 * still.sharpness
    assert moving.score < still.score


def test_a_sharp_room_does_not_sharpen_a_blurred_face() -> None:
    pixels = blurred(drawn(), 10)
    stripes = np.arange(640) // 4 % 2 == 0
    outside = np.ones((480, 640), bool)
    outside[165:300, 270:390] = False
    pixels[outside & stripes[None, :]] = 255

    assert measured(pixels, FACE).obstacle(40) is Obstacle.TOO_BLURRED


def test_noise_does_not_sharpen_a_blurred_face() -> None:
    assert measured(noisy(blurred(drawn(), 10), 5), FACE).obstacle(40) is Obstacle.TOO_BLURRED


def test_few_pixels_blown_up_are_blurred() -> None:
    whole = drawn()
    few = cv2.resize(whole, (32, 24), interpolation=cv2.INTER_AREA)  # the face: 6 pixels
    blown_up = np.asarray(cv2.resize(few, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)

    assert measured(blown_up, FACE).obstacle(40) is Obstacle.TOO_BLURRED


@pytest.mark.parametrize("contrast", [1.0, 0.3, 0.12])
def test_fog_is_no_blur(contrast: float) -> None:
    fogged = noisy(150 + contrast * (drawn().astype(np.float32) - 150), 2)

    assert measured(fogged, FACE).obstacle(40) is None


def test_smooth_skin_is_no_blur() -> None:
    faint_lines = measured(drawn(lines=SKIN - 25), FACE)

    assert faint_lines.obstacle(40) is None
    assert faint_lines.sharpness > SHARPNESS.good


@pytest.mark.parametrize(("skin", "lines"), [(35, 10), (60, 25), (110, 40), (235, 90)])
def test_skin_of_any_shade_in_a_lit_room_is_seen_equally_well(skin: int, lines: int) -> None:
    quality = measured(noisy(drawn(skin=skin, lines=lines), 2), FACE)

    assert quality.obstacle(40) is None
    assert quality.score == pytest.approx(1.0)


def test_a_face_that_drowns_in_noise_is_too_dark() -> None:
    dim = 0.06 * drawn().astype(np.float32)

    assert measured(noisy(dim + 20, 12), FACE).obstacle(40) is Obstacle.TOO_DARK
    assert measured(noisy(dim + 20, 1), FACE).obstacle(40) is None


def test_a_black_face_is_too_dark() -> None:
    black = np.zeros((480, 640, 3), np.uint8)

    quality = measured(black, FACE)

    assert quality.obstacle(40) is Obstacle.TOO_DARK
    assert (quality.highlight, quality.contrast) == (0, 0)
    assert quality.highlight < HIGHLIGHT.limit


def test_a_grey_card_without_features_is_not_read() -> None:
    card = np.full((480, 640, 3), 128, np.uint8)

    quality = measured(card, FACE)

    assert quality.contrast < CONTRAST.limit
    assert quality.obstacle(40) is Obstacle.TOO_DARK


def test_a_burnt_out_face_is_too_bright() -> None:
    glare = np.clip(drawn().astype(np.float32) * 2, 0, 255).astype(np.uint8)

    assert measured(glare, FACE).obstacle(40) is Obstacle.TOO_BRIGHT
    assert measured(np.full_like(glare, 255), FACE).obstacle(40) is Obstacle.TOO_BRIGHT


@pytest.mark.parametrize(
    ("left_px", "top_px", "outside"),
    [(270, 170, 0.0), (-60, 170, 0.5), (580, 170, 0.5), (270, 440, 1.0)],
)
def test_what_is_outside_is_the_share_of_the_half_with_the_mouth(
    left_px: float, top_px: float, outside: float
) -> None:
    face = a_face(left_px, top_px)

    assert measured(drawn(face), face).outside == pytest.approx(outside, abs=0.06)


def test_a_face_past_the_edge_is_leaving_the_picture() -> None:
    face = a_face(left_px=-100)
    quality = measured(drawn(face), face)

    assert quality.outside > OUTSIDE.limit
    assert quality.obstacle(40) is Obstacle.LEAVING


def test_grey_pictures_are_measured_like_colour_ones() -> None:
    pixels = drawn()

    assert measured(pixels[..., 0], FACE).score == measured(pixels, FACE).score == 1.0


def test_luma_is_that_of_television() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)

    assert luma(colours)[0] == pytest.approx([76.245, 149.685, 29.07, 255], abs=0.01)


@pytest.mark.parametrize("sigma", [0, 4, 12])
@pytest.mark.parametrize("level", [60, 120])
def test_the_light_of_a_room_does_not_rise_with_its_noise(level: int, sigma: float) -> None:
    wall = np.full((480, 640), float(level))

    light = light_of(noisy(wall, sigma))

    assert light.level == pytest.approx(level, abs=0.15 * sigma + 1)
    assert light.grain == pytest.approx(max(sigma, 0.3), rel=0.1)


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([(), (3,)]), st.integers(0, 255))
def test_a_picture_of_any_size_has_a_light(
    height: int, width: int, colours: tuple[int, ...], level: int
) -> None:
    light = light_of(np.full((height, width, *colours), level, np.uint8))

    assert light.level == pytest.approx(level, abs=0.1)
    assert light.grain > 0


sizes = st.integers(1, 90)
places = st.floats(-300, 300)


@given(sizes, sizes, places, places, st.floats(1, 400), st.sampled_from([0, 128, 255]))
def test_any_face_in_any_picture_has_finite_measures(
    height: int, width: int, left_px: float, top_px: float, size_px: float, level: int
) -> None:
    pixels = np.full((height, width, 3), level, np.uint8)

    quality = measured(pixels, a_face(left_px, top_px, size_px))

    assert all(np.isfinite(getattr(quality, name)) for name in quality.__dataclass_fields__)
    assert 0 <= quality.sharpness <= 1
    assert 0 <= quality.burnt <= 1
    assert 0 <= quality.outside <= 1
    assert 0 <= quality.highlight <= 255
    assert 0 <= quality.score <= 1


@pytest.mark.parametrize(
    "worse", [lambda pixels: blurred(pixels, 5), lambda pixels: noisy(0.05 * pixels, 4)]
)
def test_the_score_tells_good_looks_from_bad_ones(worse: Callable[[Pixels], Pixels]) -> None:
    assert measured(worse(drawn()), FACE).score < measured(drawn(), FACE).score


def test_key_points_all_in_one_place_are_no_trouble() -> None:
    point = (300.0, 200.0)
    face = replace(FACE, key_points=(point, point, point, point, point, point))

    assert 0 <= measured(drawn(), face).score <= 1
