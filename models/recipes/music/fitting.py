"""Fits the arrays of the affect model."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import GroupKFold

from models.recipes.music.fourq import Corpus
from soulsync_edge.adapters.hearing.affect_model import AffectModel

Array = NDArray[np.float64]
Arrays = dict[str, NDArray[np.generic]]

FOLDS = 10

_TREES = 100
_LEAST_IN_LEAF = 10  # of three examples per clip
_SHARE_ASKED = 0.2
_WAVES = 1024
_BANDWIDTH = 0.3  # gamma of the Gaussian kernel, times the number of descriptors
_RIDGE = 1.0  # for three examples per clip
_FURTHEST = 4.0  # as on the device
_INNER_FOLDS = 4


def fitted(corpus: Corpus, which: NDArray[np.int64], seed: int) -> Arrays:
    """Return the arrays of a model that has seen the clips `which`, and no others.

    How far its answers are drawn to the middle, and how wrong they are where the trees disagree,
    is found inside those clips, artists apart.
    """
    held = np.zeros((len(which), 2))
    disagreement = np.zeros((len(which), 2))
    inner = GroupKFold(_INNER_FOLDS, shuffle=True, random_state=seed)
    for train, test in inner.split(which, groups=corpus.artist[which]):
        arrays = _core(corpus, which[train], seed)
        held[test], disagreement[test] = _answers(arrays, corpus.rows[which[test]])
    truth = corpus.affect[which]
    stretch = np.sum(held * truth, axis=0) / np.sum(held**2, axis=0)
    squares = (truth - held * stretch) ** 2
    return _core(corpus, which, seed) | {
        "stretch": stretch,
        "variance": np.array(_variance(squares, disagreement)),
    }


def held_out(corpus: Corpus, seed: int) -> Iterator[tuple[NDArray[np.int64], Arrays]]:
    """Yield clips that a model has not seen, nor others by their artists, and that model."""
    everything = np.arange(len(corpus.rows))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(everything, groups=corpus.artist):
        yield test, fitted(corpus, train, seed)


def _core(corpus: Corpus, which: NDArray[np.int64], seed: int) -> Arrays:
    rows = np.concatenate([corpus.rows[which], *corpus.parts[:, which]])
    affect = np.tile(corpus.affect[which], (3, 1))
    mean, spread = corpus.rows[which].mean(axis=0), corpus.rows[which].std(axis=0) + 1e-9
    return {
        "schema": np.array(1),
        "names": np.array(corpus.names),
        "mean": mean,
        "spread": spread,
        **_forest(rows, affect, seed),
        **_waves(np.clip((rows - mean) / spread, -_FURTHEST, _FURTHEST), affect, seed),
    }


def _forest(rows: Array, affect: Array, seed: int) -> Arrays:
    scale = affect.std(axis=0)  # else the axis with more spread would decide every question
    model = ExtraTreesRegressor(
        _TREES, min_samples_leaf=_LEAST_IN_LEAF, max_features=_SHARE_ASKED, random_state=seed
    ).fit(rows.astype(np.float32), affect / scale)
    roots, descriptor, threshold, left, right, answers = [], [], [], [], [], []
    nodes = leaves = 0
    for tree in (one.tree_ for one in model.estimators_):
        is_leaf = tree.children_left < 0
        number = np.cumsum(is_leaf) - 1 + leaves
        roots.append(nodes)
        descriptor.append(np.where(is_leaf, -1, tree.feature))
        threshold.append(np.where(is_leaf, 0, tree.threshold))
        left.append(np.where(is_leaf, number, tree.children_left + nodes))
        right.append(np.where(is_leaf, 0, tree.children_right + nodes))
        answers.append(tree.value[is_leaf, :, 0] * scale)
        nodes, leaves = nodes + tree.node_count, leaves + int(is_leaf.sum())
    return {
        "forest_roots": np.array(roots, np.int32),
        "forest_descriptor": np.concatenate(descriptor).astype(np.int16),
        "forest_threshold": np.concatenate(threshold).astype(np.float32),
        "forest_left": np.concatenate(left).astype(np.int32),
        "forest_right": np.concatenate(right).astype(np.int32),
        "forest_answers": np.concatenate(answers).astype(np.float32),
    }


def _waves(standardised: Array, affect: Array, seed: int) -> Arrays:
    count = standardised.shape[1]
    chance = np.random.default_rng(seed)
    steps = np.clip(np.round(chance.normal(size=(count, _WAVES)) * 32), -127, 127)
    scale = np.sqrt(2 * _BANDWIDTH / count) / 32
    phase = standardised @ (steps * scale)
    waves = np.concatenate([np.cos(phase), np.sin(phase)], axis=1) / np.sqrt(_WAVES)
    offset = affect.mean(axis=0)
    gram = waves.T @ waves + _RIDGE * np.eye(2 * _WAVES)
    return {
        "waves_directions": steps.astype(np.int8),
        "waves_scale": np.array(scale),
        "waves_weights": np.linalg.solve(gram, waves.T @ (affect - offset)).astype(np.float32),
        "waves_offset": offset.astype(np.float32),
    }


def _answers(arrays: Arrays, rows: Array) -> tuple[Array, Array]:
    """Return what a model without stretch says, and how much its trees disagree, (N, 2) each."""
    model = AffectModel(arrays)
    return model.unstretched(rows, model.usual)


def _variance(squares: Array, disagreement: Array) -> tuple[Array, Array]:
    """Return the line, per axis, that best tells squared errors from the trees' variance.

    It never falls, and starts at a tenth of the mean square or above.
    """
    slopes = [np.polyfit(disagreement[:, axis], squares[:, axis], 1)[0] for axis in (0, 1)]
    mean = squares.mean(axis=0)
    slope = np.clip(slopes, 0, 0.9 * mean / disagreement.mean(axis=0))
    return mean - slope * disagreement.mean(axis=0), slope
