import numpy as np
import pytest

from models.recipes.actor.average import (
    HEIGHT_PX,
    WIDTH_PX,
    Points,
    Warp,
    aligned_shapes,
    averaged,
)

MESH_POINTS = 468


def some_shape(seed: int = 1) -> Points:
    """Points spread over the actor's canvas, where a face would be."""
    return np.random.default_rng(seed).uniform((60, 60), (160, 200), (MESH_POINTS, 2))


def test_a_shape_carried_into_itself_stays_where_it_is() -> None:
    shape = some_shape()

    there = Warp(shape).into(shape)

    rows, columns = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    assert np.abs(there - np.stack([columns, rows], axis=2)).max() < 1e-3


def test_a_shape_half_the_size_is_found_at_half_the_place() -> None:
    shape = some_shape()

    there = Warp(shape).into(shape / 2)

    assert there[120, 100] == pytest.approx([50, 60], abs=0.01)


def test_alignment_takes_out_place_size_and_roll() -> None:
    shape = some_shape()
    turn = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    turned_back = np.array([[np.cos(0.2), np.sin(0.2)], [-np.sin(0.2), np.cos(0.2)]])

    aligned, _ = aligned_shapes(np.array([shape, 2 * shape @ turn + 30, shape @ turned_back - 7]))

    assert np.abs(aligned - aligned[0]).max() < 1e-6


def test_a_hand_before_one_face_in_ten_leaves_no_trace() -> None:
    pictures = np.tile(np.arange(48, dtype=np.uint8)[None] * 5, (10, 48, 1))
    covered = pictures.copy()
    covered[3, 20:30] = 255
    mesh = np.random.default_rng(2).uniform(4, 44, (MESH_POINTS, 2))
    meshes = np.tile(mesh, (10, 1, 1))
    canvas = Warp(mesh * 3 + 40)

    clean, hidden = averaged(pictures, meshes, canvas), averaged(covered, meshes, canvas)

    assert np.abs(clean - hidden).max() < 0.02
