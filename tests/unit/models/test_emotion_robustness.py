import numpy as np
import pytest

from models.recipes.emotion.robustness import CHANGES, Grey

SIDE_PX = 48


@pytest.fixture
def ramp() -> Grey:
    """Dark at the left, bright at the right."""
    return np.tile(np.linspace(0, 255, SIDE_PX).astype(np.uint8), (SIDE_PX, 1))


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_changes_the_picture_the_same_way_every_time(name: str, ramp: Grey) -> None:
    before = ramp.copy()

    once, again = CHANGES[name](ramp, 3), CHANGES[name](ramp, 3)

    assert once.dtype == np.uint8
    assert once.shape == again.shape
    assert (once == again).all()
    assert once.shape != ramp.shape or (once != ramp).any()
    assert (ramp == before).all(), "the picture itself was changed"


def test_a_gamma_below_one_brightens_and_above_one_darkens_and_leaves_the_ends(ramp: Grey) -> None:
    bright, dark = CHANGES["gamma 0.4"](ramp, 0), CHANGES["gamma 2.2"](ramp, 0)

    assert bright.mean() > ramp.mean() > dark.mean()
    assert [picture[0, end] for picture in (bright, dark) for end in (0, -1)] == [0, 255, 0, 255]


def test_noise_has_its_strength_and_differs_from_picture_to_picture() -> None:
    grey = np.full((200, 200), 128, np.uint8)

    one, other = CHANGES["noise sigma 15"](grey, 1), CHANGES["noise sigma 15"](grey, 2)

    assert one.astype(float).std() == pytest.approx(15, rel=0.05)
    assert (one != other).mean() > 0.9


def test_a_picture_turned_one_way_and_back_is_nearly_itself(ramp: Grey) -> None:
    there = CHANGES["rotated +20"](ramp, 0)
    back = CHANGES["rotated -20"](there, 0)

    middle = slice(16, 32)
    assert np.abs(there[middle, middle].astype(int) - ramp[middle, middle]).max() > 10
    assert np.abs(back[middle, middle].astype(int) - ramp[middle, middle]).max() <= 4


def test_a_coarser_camera_gives_a_smaller_picture(ramp: Grey) -> None:
    assert CHANGES["32 px source"](ramp, 0).shape == (32, 32)
    assert CHANGES["32 px source"](np.zeros((96, 48), np.uint8), 0).shape == (32, 16)


def test_the_cover_hides_the_lower_third_and_nothing_else(ramp: Grey) -> None:
    covered = CHANGES["lower third covered"](ramp, 0)

    assert (covered[:32] == ramp[:32]).all()
    assert len(np.unique(covered[32:])) == 1
