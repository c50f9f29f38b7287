"""Fits the arrays of the affect model."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from models.recipes.music.composed import ComposedCorpus
from models.recipes.music.fourq import Corpus
from soulsync_edge.adapters.hearing.affect_model import FURTHEST, Listeners, Normal, Score

Array = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

FOLDS = 10


@dataclass(frozen=True, slots=True)
class _Forest:
    """How a forest is grown.

    Attributes:
        trees: How many.
        least_in_leaf: Examples that one answer rests on, at least.
        share_asked: Of the descriptors, that one question chooses from.
    """

    trees: int
    least_in_leaf: int
    share_asked: float


_FOREST = _Forest(100, 10, 0.2)  # of three examples per clip
_SCORE_FOREST = _Forest(40, 8, 0.5)
_KIND_FOREST = _Forest(150, 40, 0.2)
_LINE_RIDGE = 150.0
_WAVES = 1024
_BANDWIDTH = 0.3  # gamma of the Gaussian kernel, times the number of descriptors
_RIDGE = 1.0  # for three examples per clip
_INNER_FOLDS = 4


def fitted(
    corpus: Corpus, which: NDArray[np.int64], composed: ComposedCorpus, score: Arrays, seed: int
) -> Arrays:
    """Return the arrays of a model that has seen the clips `which`, and no others.

    How far its answers are drawn to the middle, and how wrong they are where the trees disagree,
    is found inside those clips, artists apart.

    Args:
        corpus: Recorded clips.
        which: Those that are learnt from.
        composed: Rendered pieces, from which the clips must be told.
        score: What `score_arrays` learnt from those.
        seed: Of all chance.
    """
    held = np.zeros((len(which), 2))
    disagreement = np.zeros((len(which), 2))
    inner = GroupKFold(_INNER_FOLDS, shuffle=True, random_state=seed)
    for train, test in inner.split(which, groups=corpus.artist[which]):
        arrays = _listeners(corpus, which[train], seed)
        usual = Normal(arrays["mean"], arrays["spread"])
        held[test], disagreement[test] = Listeners(arrays).unstretched(
            corpus.rows[which[test]], usual
        )
    stretch, variance = _calibrated(held, disagreement, corpus.affect[which])
    return {
        "schema": np.array(2),
        "names": np.array(corpus.names),
        **_listeners(corpus, which, seed),
        "stretch": stretch,
        "variance": variance,
        **_kinds(corpus.rows[which][:, _recorded(corpus.names)], composed, seed),
        **score,
    }


def score_arrays(composed: ComposedCorpus, seed: int) -> Arrays:
    """Return what the score of rendered pieces tells, all names beginning with `score_`.

    Calibrated on families of instruments that were not heard.
    """
    held, disagreement = held_out_families(composed, seed)
    stretch, variance = _calibrated(held, disagreement, composed.affect)
    everything = np.arange(len(composed.rows))
    return _score(composed, everything, seed) | {
        "score_stretch": stretch,
        "score_variance": variance,
    }


def held_out_families(composed: ComposedCorpus, seed: int) -> tuple[Array, Array]:
    """Return what is said of each piece without its family being heard, (N, 2) twice.

    That is valence and arousal drawn to the middle, and how much the trees disagree.
    """
    held, disagreement = np.zeros_like(composed.affect), np.zeros_like(composed.affect)
    for family in np.unique(composed.family):
        test = composed.family == family
        arrays = _score(composed, np.flatnonzero(~test), seed)
        held[test], disagreement[test] = Score(arrays).unstretched(composed.rows[test])
    return held, disagreement


def held_out(
    corpus: Corpus, composed: ComposedCorpus, score: Arrays, seed: int
) -> Iterator[tuple[NDArray[np.int64], Arrays]]:
    """Yield clips that a model has not seen, nor others by their artists, and that model."""
    everything = np.arange(len(corpus.rows))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(everything, groups=corpus.artist):
        yield test, fitted(corpus, train, composed, score, seed)


def _recorded(names: tuple[str, ...]) -> slice:
    """Return the descriptors that recordings and rendered pieces have alike: all but the mode.

    The training clips come as frames, too coarse for the notes.
    """
    return slice(len([name for name in names if not name.startswith("mode_")]))


def _listeners(corpus: Corpus, which: NDArray[np.int64], seed: int) -> Arrays:
    known = _recorded(corpus.names)
    rows = np.concatenate([corpus.rows[which], *corpus.parts[:, which]])[:, known]
    affect = np.tile(corpus.affect[which], (3, 1))
    mean, spread = corpus.rows[which].mean(axis=0), corpus.rows[which].std(axis=0) + 1e-9
    standardised = np.clip((rows - mean[known]) / spread[known], -FURTHEST, FURTHEST)
    return {
        "mean": mean,
        "spread": spread,
        **_forest("forest", _FOREST, rows, affect, seed),
        **_waves(standardised, affect, seed),
    }


def _kinds(recorded: Array, composed: ComposedCorpus, seed: int) -> Arrays:
    """Return trees that tell rendered pieces (1) from recorded ones (0)."""
    rows = np.concatenate([recorded, composed.rows[:, : recorded.shape[1]]])
    is_rendered = np.arange(len(rows)) >= len(recorded)
    weight = np.where(is_rendered, 1.0, len(composed.rows) / len(recorded))
    return _forest("kind_forest", _KIND_FOREST, rows, is_rendered[:, None] * 1.0, seed, weight)


def _score(composed: ComposedCorpus, which: NDArray[np.int64], seed: int) -> Arrays:
    rows, affect = composed.rows[which], composed.affect[which]
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    standardised = np.clip((rows - mean) / spread, -FURTHEST, FURTHEST)
    line = Ridge(_LINE_RIDGE).fit(standardised, affect)
    return {
        "score_mean": mean,
        "score_spread": spread,
        **_forest("score_forest", _SCORE_FOREST, rows, affect, seed),
        "score_weights": line.coef_.T,
        "score_offset": line.intercept_,
    }


def _forest(
    name: str,
    settings: _Forest,
    rows: Array,
    answers: Array,
    seed: int,
    weight: Array | None = None,
) -> Arrays:
    scale = answers.std(axis=0)  # else the axis with more spread would decide every question
    model = ExtraTreesRegressor(
        settings.trees,
        min_samples_leaf=settings.least_in_leaf,
        max_features=settings.share_asked,
        random_state=seed,
    ).fit(rows.astype(np.float32), np.squeeze(answers / scale), weight)
    roots, descriptor, threshold, left, right, said = [], [], [], [], [], []
    nodes = leaves = 0
    for tree in (one.tree_ for one in model.estimators_):
        is_leaf = tree.children_left < 0
        number = np.cumsum(is_leaf) - 1 + leaves
        roots.append(nodes)
        descriptor.append(np.where(is_leaf, -1, tree.feature))
        threshold.append(np.where(is_leaf, 0, tree.threshold))
        left.append(np.where(is_leaf, number, tree.children_left + nodes))
        right.append(np.where(is_leaf, 0, tree.children_right + nodes))
        said.append(tree.value[is_leaf, :, 0] * scale)
        nodes, leaves = nodes + tree.node_count, leaves + int(is_leaf.sum())
    return {
        f"{name}_roots": np.array(roots, np.int32),
        f"{name}_descriptor": np.concatenate(descriptor).astype(np.int16),
        f"{name}_threshold": np.concatenate(threshold).astype(np.float32),
        f"{name}_left": np.concatenate(left).astype(np.int32),
        f"{name}_right": np.concatenate(right).astype(np.int32),
        f"{name}_answers": np.concatenate(said).astype(np.float32),
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


def _calibrated(held: Array, disagreement: Array, truth: Array) -> tuple[Array, Array]:
    """Return by how much answers are stretched, (2,), and the line of their variance, (2, 2)."""
    stretch: Array = np.sum(held * truth, axis=0) / np.sum(held**2, axis=0)
    squares: Array = np.square(truth - held * stretch)
    return stretch, np.array(_variance(squares, disagreement))


def _variance(squares: Array, disagreement: Array) -> tuple[Array, Array]:
    """Return the line, per axis, that best tells squared errors from the trees' variance.

    It never falls, and starts at a tenth of the mean square or above.
    """
    slopes = [np.polyfit(disagreement[:, axis], squares[:, axis], 1)[0] for axis in (0, 1)]
    mean = squares.mean(axis=0)
    slope = np.clip(slopes, 0, 0.9 * mean / disagreement.mean(axis=0))
    return mean - slope * disagreement.mean(axis=0), slope
