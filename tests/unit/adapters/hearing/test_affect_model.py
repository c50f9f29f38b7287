import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.affect_model import HALF_KNOWN, AffectModel, load_affect_model
from soulsync_edge.errors import ModelError

NAMES = ("bright", "fast")

# One tree asks for the first descriptor, the other always says the same; the waves say nothing.
# The score always says 0.5 and -0.5; a piece brighter than 50 was rendered, all others not.
ARRAYS: dict[str, NDArray[Any]] = {
    "schema": np.array(2),
    "names": np.array(NAMES),
    "mean": np.array([10.0, 0.0]),
    "spread": np.array([2.0, 1.0]),
    "forest_roots": np.array([0, 3], np.int32),
    "forest_descriptor": np.array([0, -1, -1, -1], np.int16),
    "forest_threshold": np.array([11, 0, 0, 0], np.float32),
    "forest_left": np.array([1, 0, 1, 2], np.int32),
    "forest_right": np.array([2, 0, 0, 0], np.int32),
    "forest_answers": np.array([[-0.8, 0.0], [0.8, 0.0], [0.0, 0.4]], np.float32),
    "waves_directions": np.zeros((2, 4), np.int8),
    "waves_scale": np.array(1.0),
    "waves_weights": np.zeros((8, 2), np.float32),
    "waves_offset": np.array([0.1, 0.1], np.float32),
    "stretch": np.array([1.0, 2.0]),
    "variance": np.array([[0.04, 0.09], [1.0, 0.0]]),
    "score_forest_roots": np.array([0], np.int32),
    "score_forest_descriptor": np.array([-1], np.int16),
    "score_forest_threshold": np.array([0], np.float32),
    "score_forest_left": np.array([0], np.int32),
    "score_forest_right": np.array([0], np.int32),
    "score_forest_answers": np.array([[0.5, -0.5]], np.float32),
    "score_mean": np.zeros(2),
    "score_spread": np.ones(2),
    "score_weights": np.zeros((2, 2)),
    "score_offset": np.array([0.5, -0.5]),
    "score_stretch": np.array([1.0, 1.0]),
    "score_variance": np.array([[0.01, 0.01], [0.0, 0.0]]),
    "kind_forest_roots": np.array([0], np.int32),
    "kind_forest_descriptor": np.array([0, -1, -1], np.int16),
    "kind_forest_threshold": np.array([50, 0, 0], np.float32),
    "kind_forest_left": np.array([1, 0, 1], np.int32),
    "kind_forest_right": np.array([2, 0, 0], np.int32),
    "kind_forest_answers": np.array([[0.0], [0.8]], np.float32),
}
RENDERED = np.array([[60.0, 0.0]])
RECORDED = np.array([[10.0, 0.0]])


def a_file(**changes: NDArray[Any]) -> io.BytesIO:
    file = io.BytesIO()
    np.savez(file, **(ARRAYS | changes))
    file.seek(0)
    return file


@pytest.mark.parametrize(("bright", "valence"), [(11.0, -0.15), (11.1, 0.25)])
def test_trees_and_waves_are_averaged(bright: float, valence: float) -> None:
    model = AffectModel(ARRAYS)

    [(affect, spread)] = model.placed(np.array([[bright, 0.0]]), model.usual)

    # Valence: trees say -0.8 or 0.8, and 0; waves 0.1. Arousal: 0 and 0.4; 0.1; stretched by 2.
    assert affect.valence == pytest.approx(valence)
    assert affect.arousal == pytest.approx(0.3)
    # 0.04 and the trees' variance, 0.4 squared; the arousal's does not depend on the trees.
    assert spread.valence == pytest.approx(np.sqrt(0.04 + 0.16))
    assert spread.arousal == pytest.approx(0.3)


def test_a_library_counts_half_at_thirty_tracks_and_not_at_none() -> None:
    model = AffectModel(ARRAYS)
    library = np.tile([[20.0, 4.0]], (HALF_KNOWN, 1)) + np.array([[1.0, 1.0]]) * np.where(
        np.arange(HALF_KNOWN) % 2, 1, -1
    ).reshape(-1, 1)

    blended = model.blended(library)

    assert blended.mean.tolist() == pytest.approx([15.0, 2.0])
    assert blended.spread.tolist() == pytest.approx([1.5, 1.0])
    assert model.blended(np.zeros((0, 2))) is model.usual


def test_a_library_of_one_piece_leaves_no_spread_of_zero() -> None:
    model = AffectModel(ARRAYS)

    assert (model.blended(np.array([[10.0, 0.0]])).spread > 0).all()


def test_what_is_measured_by_its_own_library_is_placed_where_it_is_usual() -> None:
    model = AffectModel(ARRAYS)
    bright = np.array([[30.0, 0.0]] * 300 + [[34.0, 0.0]] * 300)

    by_training = model.placed(bright[:1], model.usual)[0][0]
    by_library = model.placed(bright[:1], model.blended(bright))[0][0]

    assert by_training.valence > by_library.valence


def test_many_rendered_pieces_are_placed_by_their_score() -> None:
    model = AffectModel(ARRAYS)
    library = np.tile(RENDERED, (20, 1))

    [(affect, spread), *_] = model.placed(library, model.blended(library))

    assert (affect.valence, affect.arousal) == (0.5, -0.5)
    assert spread.valence == pytest.approx(0.1)


def test_one_that_sounds_rendered_among_recordings_is_placed_by_its_listeners() -> None:
    model = AffectModel(ARRAYS)
    library = np.concatenate([RENDERED, *[RECORDED] * 20])

    shares = model.rendered(library, model.blended(library))

    assert shares.tolist() == [0.0] * 21


def test_one_recording_among_rendered_pieces_is_taken_for_one_of_them() -> None:
    model = AffectModel(ARRAYS)
    library = np.concatenate([RECORDED, *[RENDERED] * 20])

    shares = model.rendered(library, model.blended(library))

    assert shares.tolist() == pytest.approx([1.0] * 21)


def test_where_both_are_asked_the_spread_tells_how_far_they_are_apart() -> None:
    model = AffectModel(ARRAYS)
    [(told, unsure)] = model.placed(RECORDED, model.usual)
    half = dataclasses.replace(model.usual, kind=0.4 / 0.85)

    assert model.rendered(RECORDED, half).tolist() == pytest.approx([0.5])
    [(affect, spread)] = model.placed(RECORDED, half)
    assert affect.valence == pytest.approx((told.valence + 0.5) / 2)
    assert spread.valence == pytest.approx(
        np.sqrt((unsure.valence**2 + 0.01) / 2 + (told.valence - 0.5) ** 2 / 4)
    )


def test_a_file_is_loaded_as_it_was_written() -> None:
    model = load_affect_model(a_file(), "mine.npz", NAMES)

    assert model.placed(np.array([[10.0, 0.0]]), model.usual) == AffectModel(ARRAYS).placed(
        np.array([[10.0, 0.0]]), model.usual
    )


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (io.BytesIO(b""), "no music model"),
        (io.BytesIO(b"not a zip"), "no music model"),
        (io.BytesIO(a_file().getvalue()[:900]), "no music model"),
        (a_file(schema=np.array(1)), "other descriptors"),
        (a_file(names=np.array(["fast", "bright"])), "other descriptors"),
        (a_file(schema=np.array("one")), "no music model"),
        (a_file(schema=np.array([1, 1])), "no music model"),
        (a_file(mean=np.zeros(5)), "no music model"),
        (a_file(forest_left=np.array([1, 9, 1, 2], np.int32)), "no music model"),
    ],
)
def test_a_file_that_is_no_such_model_is_refused_by_name(file: io.BytesIO, says: str) -> None:
    with pytest.raises(ModelError, match=rf"mine\.npz.*{says}"):
        load_affect_model(file, "mine.npz", NAMES)


@pytest.mark.parametrize(
    "missing",
    [
        "forest_roots",
        "waves_scale",
        "stretch",
        "variance",
        "mean",
        "score_offset",
        "kind_forest_left",
    ],
)
def test_a_file_without_a_part_is_refused(missing: str) -> None:
    file = io.BytesIO()
    np.savez(file, **{name: array for name, array in ARRAYS.items() if name != missing})
    file.seek(0)

    with pytest.raises(ModelError, match=r"mine\.npz is no music model"):
        load_affect_model(file, "mine.npz", NAMES)


def test_who_computes_no_descriptors_takes_those_of_the_file() -> None:
    assert load_affect_model(a_file(), "mine.npz").names == NAMES
