"""Where music sits on the affect plane, told from its descriptors by small arrays of numbers."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.domain.affect import Affect, Spread, clamped
from soulsync_edge.errors import ModelError

Array = NDArray[np.float64]

MODEL = "music"
"""Name of the model in the manifest."""

HALF_KNOWN = 30
"""Tracks at which a library's own means and spreads count as much as those of the training data.
One's own count helps most where a library sounds unlike the training data: chosen on the demo
music, and in line with the field's finding that normalising a library on itself helps."""

FURTHEST = 4.0
"""Standard deviations: a descriptor further out says no more than this."""

# Whether a piece was rendered is said from 0 (recorded) to 1, by itself and by all around it: one
# alone must be very sure, many bear each other out. Of held-out recordings 99 % lie below 0.7, of
# rendered pieces by instruments that were never heard as many above. Ours to tune: chosen so that
# held-out recordings are left to their listeners, and on the demo pieces.
_OWN_SHARE = 0.15
_BEFOREHAND, _USUAL_KIND = 4, 0.1  # this many usual pieces stand beside each library
_RECORDED, _RENDERED = 0.3, 0.5  # up to here its listeners count alone, from here on its score

_AT_ONCE = 256
"""Pieces whose kind is asked in one go: all trees together take memory for each."""

_SCHEMA = 2
_UNFIT = (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Normal:
    """What is usual among some pieces.

    Attributes:
        mean: Of each descriptor, (D,).
        spread: Standard deviation of each, (D,), above 0.
        kind: How many of them sound rendered, 0 to 1; None: each piece speaks for itself.
    """

    mean: Array
    spread: Array
    kind: float | None = None


@dataclass(frozen=True, slots=True)
class Forest:
    """Regression trees, one after another in the same arrays.

    Attributes:
        roots: Where each tree begins, (trees,).
        descriptor: Which one a node asks about, (nodes,); -1 for a leaf.
        threshold: Up to this, go left, (nodes,).
        left: Where to go then, (nodes,); for a leaf, the row of `answers`.
        right: Where to go else, (nodes,).
        answers: What each leaf says of each thing that is asked, (leaves, Q).
    """

    roots: NDArray[np.int32]
    descriptor: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    answers: NDArray[np.float32]

    def answers_to(self, rows: NDArray[np.float32]) -> Array:
        """Return what every tree says of each row, (N, trees, Q)."""
        at = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        row = np.arange(len(rows))[:, None]
        while True:
            asked = self.descriptor[at]
            is_inner = asked >= 0
            if not is_inner.any():
                answers: Array = self.answers[self.left[at]].astype(np.float64)
                return answers
            goes_left = rows[row, np.maximum(asked, 0)] <= self.threshold[at]
            at = np.where(is_inner, np.where(goes_left, self.left[at], self.right[at]), at)


@dataclass(frozen=True, slots=True)
class Waves:
    """Ridge regression on random waves, which stand in for a Gaussian kernel.

    Attributes:
        directions: (D, W) int8; each column is one wave's direction in the space of descriptors.
        scale: What one step of `directions` is, ().
        weights: Of all cosines, then all sines, (2 W, 2).
        offset: What is said of an average piece, (2,).

    Source: Rahimi & Recht (2007), random features for large-scale kernel machines.
    """

    directions: NDArray[np.int8]
    scale: NDArray[np.float64]
    weights: NDArray[np.float32]
    offset: NDArray[np.float32]

    def features(self, standardised: Array) -> Array:
        """Return cosines and sines of each row, (N, 2 W)."""
        phase = standardised @ (self.directions.astype(np.float64) * self.scale)
        waves: Array = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
        waves /= np.sqrt(self.directions.shape[1])
        return waves

    def answers_to(self, standardised: Array) -> Array:
        """Return valence and arousal of each row, (N, 2)."""
        answers: Array = self.features(standardised) @ self.weights + self.offset
        return answers


class AffectModel:
    """Places music on the affect plane.

    Two know something of it. Listeners told what recorded music is to them; a score tells it by
    mode, tempo and manner, and is learnt from pieces that were composed and rendered for that.
    Music that sounds like those is placed by its score, all other by its listeners.

    Args:
        arrays: By name, as `models/recipes/music` writes them.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.names: tuple[str, ...] = tuple(arrays["names"].tolist())
        self.usual = Normal(arrays["mean"], arrays["spread"])
        self._listeners = Listeners(arrays)
        self._score = Score(arrays)
        self._kind = _forest(arrays, "kind_forest")

    def blended(self, library: Array) -> Normal:
        """Return what to measure pieces of a library by.

        Its own means and spreads count the more the larger it is: as much as those of the training
        data at `HALF_KNOWN` tracks, hardly at all for a handful. How many of it are rendered counts
        from a few tracks on: who renders one piece renders more.

        Args:
            library: Descriptors of all its tracks, (N, D); N may be 0.
        """
        usual = self.usual
        if not len(library):
            return usual
        share = len(library) / (len(library) + HALF_KNOWN)
        spread = np.maximum(library.std(axis=0), 0.1 * usual.spread)
        kinds = np.concatenate([self._kinds(rows) for rows in _in_parts(library)])
        return Normal(
            (1 - share) * usual.mean + share * library.mean(axis=0),
            (1 - share) * usual.spread + share * spread,
            float(_pooled(kinds.sum(), len(kinds))),
        )

    def placed(self, rows: Array, normal: Normal) -> list[tuple[Affect, Spread]]:
        """Return where each piece sits, and how unsure that is on each axis.

        Args:
            rows: Descriptors, (N, D).
            normal: What is usual where they come from.
        """
        told, unsure = self._listeners.placed(rows, normal)
        written, unsure_of_it = self._score.placed(rows)
        share = self.rendered(rows, normal)[:, None]
        affect = (1 - share) * told + share * written
        # The variance of a mixture: both spreads, and how far the two are apart.
        variance = (1 - share) * unsure + share * unsure_of_it
        variance += share * (1 - share) * (told - written) ** 2
        return [
            (clamped(*answer), Spread(*spread))
            for answer, spread in zip(affect.tolist(), np.sqrt(variance).tolist(), strict=True)
        ]

    def rendered(self, rows: Array, normal: Normal) -> Array:
        """Return how far the score counts for each piece, 0 to 1, (N,)."""
        own = self._kinds(rows)
        around = _pooled(own, 1) if normal.kind is None else normal.kind
        kind = _OWN_SHARE * own + (1 - _OWN_SHARE) * around
        share: Array = np.clip((kind - _RECORDED) / (_RENDERED - _RECORDED), 0, 1)
        return share

    def _kinds(self, rows: Array) -> Array:
        kinds: Array = self._kind.answers_to(rows.astype(np.float32)).mean(axis=1)[:, 0]
        return kinds


class Listeners:
    """What listeners would say of a piece: the mean of trees and waves, which err differently.

    How far the trees disagree tells how unsure it is. They know the first descriptors only: those
    the recordings were described by.

    Args:
        arrays: By name, with `mean` and `spread` of what they were learnt from.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._forest = _forest(arrays, "forest")
        self._waves = Waves(*(arrays[f"waves_{name}"] for name in Waves.__slots__))
        self._count = len(self._waves.directions)
        self._usual = Normal(arrays["mean"][: self._count], arrays["spread"][: self._count])
        self._arrays = arrays

    def placed(self, rows: Array, normal: Normal) -> tuple[Array, Array]:
        """Return valence and arousal of each piece, and their variances, (N, 2) each."""
        answers, disagreement = self.unstretched(rows, normal)
        base, slope = self._arrays["variance"]
        return answers * self._arrays["stretch"], base + slope * disagreement

    def unstretched(self, rows: Array, normal: Normal) -> tuple[Array, Array]:
        """Return valence and arousal drawn to the middle, and the trees' variance, (N, 2) each."""
        known, usual = slice(self._count), self._usual
        standardised = _standardised(rows[:, known], normal.mean[known], normal.spread[known])
        as_trained = standardised * usual.spread + usual.mean
        of_trees = self._forest.answers_to(as_trained.astype(np.float32))
        of_waves = self._waves.answers_to(standardised)
        return (of_trees.mean(axis=1) + of_waves) / 2, of_trees.var(axis=1)


class Score:
    """What the score of a rendered piece tells: the mean of trees and a weighed sum.

    Args:
        arrays: By name, all beginning with `score_`.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._forest = _forest(arrays, "score_forest")
        self._arrays = arrays

    def placed(self, rows: Array) -> tuple[Array, Array]:
        """Return valence and arousal of each piece, and their variances, (N, 2) each."""
        answers, disagreement = self.unstretched(rows)
        base, slope = self._arrays["score_variance"]
        return answers * self._arrays["score_stretch"], base + slope * disagreement

    def unstretched(self, rows: Array) -> tuple[Array, Array]:
        """Return valence and arousal drawn to the middle, and the trees' variance, (N, 2) each."""
        arrays = self._arrays
        of_trees = self._forest.answers_to(rows.astype(np.float32))
        standardised = _standardised(rows, arrays["score_mean"], arrays["score_spread"])
        of_sum = standardised @ arrays["score_weights"] + arrays["score_offset"]
        return (of_trees.mean(axis=1) + of_sum) / 2, of_trees.var(axis=1)


def _forest(arrays: Mapping[str, NDArray[Any]], name: str) -> Forest:
    return Forest(*(arrays[f"{name}_{field}"] for field in Forest.__slots__))


def _standardised(rows: Array, mean: Array, spread: Array) -> Array:
    standardised: Array = np.clip((rows - mean) / spread, -FURTHEST, FURTHEST)
    return standardised


def _pooled(total: Any, count: int) -> Any:
    """Return the mean kind of `count` pieces and of what is known before any is heard."""
    return (_BEFOREHAND * _USUAL_KIND + total) / (_BEFOREHAND + count)


def _in_parts(rows: Array) -> Iterator[Array]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def load_affect_model(
    file: IO[bytes], name: str, names: tuple[str, ...] | None = None
) -> AffectModel:
    """Return the model in a file.

    Args:
        file: Written by `models/recipes/music`.
        name: What to call it in messages.
        names: The descriptors this program computes, in its order; None where it computes none.

    Raises:
        ModelError: The file is not such a model, or was made with other descriptors.
    """
    try:
        with np.load(file, allow_pickle=False) as content:
            arrays = {key: content[key] for key in content.files}
        schema = int(arrays["schema"])
        if schema == _SCHEMA:
            model = AffectModel(arrays)
            model.placed(model.usual.mean[None], model.usual)  # whatever does not fit shows here
            if names is None or model.names == names:
                return model
    except _UNFIT as error:
        raise ModelError(f"{name} is no music model: {error}; bring it back from git") from error
    raise ModelError(
        f"{name} was made for other descriptors than this program computes; "
        "`make music-model DATA=folder` makes it anew"
    )
