"""Where music sits on the affect plane, told from its descriptors by small arrays of numbers."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.domain.affect import Affect, Spread, clamped
from soulsync_edge.errors import ModelError

Array = NDArray[np.float64]

HALF_KNOWN = 30
"""Tracks at which a library's own means and spreads count as much as those of the training data.
One's own count helps most where a library sounds unlike the training data: chosen on the demo
music, and in line with the field's finding that normalising a library on itself helps."""

_FURTHEST = 4.0
"""Standard deviations: a descriptor further out says no more than this."""

_SCHEMA = 1
_UNFIT = (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Normal:
    """What is usual among some pieces.

    Attributes:
        mean: Of each descriptor, (D,).
        spread: Standard deviation of each, (D,), above 0.
    """

    mean: Array
    spread: Array


@dataclass(frozen=True, slots=True)
class Forest:
    """Regression trees, one after another in the same arrays.

    Attributes:
        roots: Where each tree begins, (trees,).
        descriptor: Which one a node asks about, (nodes,); -1 for a leaf.
        threshold: Up to this, go left, (nodes,).
        left: Where to go then, (nodes,); for a leaf, the row of `answers`.
        right: Where to go else, (nodes,).
        answers: What each leaf says of valence and arousal, (leaves, 2).
    """

    roots: NDArray[np.int32]
    descriptor: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    answers: NDArray[np.float32]

    def answers_to(self, rows: NDArray[np.float32]) -> Array:
        """Return what every tree says of each row, (N, trees, 2)."""
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

    Trees and waves err differently, so their mean is taken; how far the trees disagree tells how
    unsure it is.

    Args:
        arrays: By name, as `models/recipes/music` writes them.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays
        self.usual = Normal(arrays["mean"], arrays["spread"])
        self._forest = Forest(*(arrays[f"forest_{name}"] for name in Forest.__slots__))
        self._waves = Waves(*(arrays[f"waves_{name}"] for name in Waves.__slots__))

    def blended(self, library: Array) -> Normal:
        """Return what to measure pieces of a library by.

        Its own means and spreads count the more the larger it is: as much as those of the training
        data at `HALF_KNOWN` tracks, hardly at all for a handful.

        Args:
            library: Descriptors of all its tracks, (N, D); N may be 0.
        """
        usual = self.usual
        if not len(library):
            return usual
        share = len(library) / (len(library) + HALF_KNOWN)
        spread = np.maximum(library.std(axis=0), 0.1 * usual.spread)
        return Normal(
            (1 - share) * usual.mean + share * library.mean(axis=0),
            (1 - share) * usual.spread + share * spread,
        )

    def placed(self, rows: Array, normal: Normal) -> list[tuple[Affect, Spread]]:
        """Return where each piece sits, and how unsure that is on each axis.

        Args:
            rows: Descriptors, (N, D).
            normal: What is usual where they come from.
        """
        answers, disagreement = self.unstretched(rows, normal)
        base, per_disagreement = self._arrays["variance"]
        spreads = np.sqrt(base + per_disagreement * disagreement)
        return [
            (clamped(*answer), Spread(*spread))
            for answer, spread in zip(
                (answers * self._arrays["stretch"]).tolist(), spreads.tolist(), strict=True
            )
        ]

    def unstretched(self, rows: Array, normal: Normal) -> tuple[Array, Array]:
        """Return valence and arousal drawn to the middle, and the trees' variance, (N, 2) each."""
        standardised = np.clip((rows - normal.mean) / normal.spread, -_FURTHEST, _FURTHEST)
        as_trained = standardised * self.usual.spread + self.usual.mean
        of_trees = self._forest.answers_to(as_trained.astype(np.float32))
        of_waves = self._waves.answers_to(standardised)
        return (of_trees.mean(axis=1) + of_waves) / 2, of_trees.var(axis=1)


def load_affect_model(file: IO[bytes], name: str, names: tuple[str, ...]) -> AffectModel:
    """Return the model in a file.

    Args:
        file: Written by `models/recipes/music`.
        name: What to call it in messages.
        names: The descriptors this program computes, in its order.

    Raises:
        ModelError: The file is not such a model, or was made with other descriptors.
    """
    try:
        with np.load(file, allow_pickle=False) as content:
            arrays = {key: content[key] for key in content.files}
        schema, known = int(arrays["schema"]), tuple(arrays["names"].tolist())
        model = AffectModel(arrays)
        model.placed(model.usual.mean[None], model.usual)  # whatever does not fit shows here
    except _UNFIT as error:
        raise ModelError(f"{name} is no music model: {error}; bring it back from git") from error
    if schema != _SCHEMA or known != names:
        raise ModelError(
            f"{name} was made for other descriptors than this program computes; "
            "`make music-model DATA=folder` makes it anew"
        )
    return model
