"""The plane: bounds, distance, the way between two points."""

import math

import pytest
from hypothesis import given

from soulsync_edge.domain.affect import Affect, Quadrant, clamped
from tests.strategies import affects, shares


@pytest.mark.parametrize("bad", [1.1, -1.1, math.nan, math.inf])
def test_a_coordinate_off_the_plane_is_refused_by_name(bad: float) -> None:
    with pytest.raises(ValueError, match="arousal must be from -1 to 1"):
        Affect(0.0, bad)


@given(start=affects, end=affects, share=shares)
def test_going_towards_a_point_never_leaves_the_straight_way(
    start: Affect, end: Affect, share: float
) -> None:
    point = start.towards(end, share)

    way = start.distance_to(end)
    assert start.distance_to(point) == pytest.approx(share * way, abs=1e-9)
    assert point.distance_to(end) == pytest.approx((1 - share) * way, abs=1e-9)


@given(start=affects, end=affects)
def test_a_share_beyond_the_way_ends_at_its_end(start: Affect, end: Affect) -> None:
    assert start.towards(end, 7.0).distance_to(end) == pytest.approx(0.0, abs=1e-9)
    assert start.towards(end, -7.0) == start


def test_each_corner_has_its_quadrant() -> None:
    corners = [Affect(0.5, 0.5), Affect(-0.5, 0.5), Affect(-0.5, -0.5), Affect(0.5, -0.5)]

    assert [corner.quadrant for corner in corners] == list(Quadrant)


def test_clamping_moves_a_point_to_the_nearest_edge() -> None:
    assert clamped(3.0, -1.5) == Affect(1.0, -1.0)
