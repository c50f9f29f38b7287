"""How good the affect model is on artists it has not heard."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, r2_score

from models.recipes.music.composed import ComposedCorpus
from models.recipes.music.fitting import (
    FOLDS,
    Arrays,
    held_out,
    held_out_families,
)
from models.recipes.music.fourq import Corpus
from soulsync_edge.adapters.hearing.affect_model import AffectModel

REPEATS = 3
"""Times the artists are dealt out anew: a single dealing is luck by a point or so."""

_DRAWS = 1000

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """What models said of clips they had not seen.

    Attributes:
        affect: (N, 2) float64.
        spread: (N, 2) float64.
        rendered: How far each was taken for a rendered piece, 0 to 1, (N,) float64.
    """

    affect: Array
    spread: Array
    rendered: Array


def cross_validated(
    corpus: Corpus, composed: ComposedCorpus, score: Arrays, seed: int
) -> dict[str, object]:
    """Return the figures of ten-fold cross-validation, artists apart, the mean of `REPEATS`."""
    repeats = [_answers(corpus, composed, score, seed + repeat) for repeat in range(REPEATS)]
    figures = [_figures(corpus, answers, np.arange(len(corpus.rows))) for answers in repeats]
    chance = np.random.default_rng(seed)
    artists = np.unique(corpus.artist)
    drawn = []
    for number in range(_DRAWS):
        which = np.concatenate(
            [np.flatnonzero(corpus.artist == one) for one in chance.choice(artists, len(artists))]
        )
        drawn.append(_figures(corpus, repeats[number % REPEATS], which))
    told: dict[str, object] = {
        "clips": len(corpus.rows),
        "artists": len(artists),
        "folds": FOLDS,
        "repeats": REPEATS,
        "seed": seed,
        "taken_for_rendered": float(np.mean([one.rendered.mean() for one in repeats])),
    }
    for name in figures[0]:
        values = [one[name] for one in drawn]
        told[name] = {
            "value": float(np.mean([one[name] for one in figures])),
            "low": float(np.percentile(values, 2.5)),
            "high": float(np.percentile(values, 97.5)),
        }
    return told


def composed_figures(composed: ComposedCorpus, seed: int) -> dict[str, float]:
    """Return how well rendered pieces are placed by instruments that were not heard, and heard."""
    held, _ = held_out_families(composed, seed)
    told: dict[str, float] = {"pieces": len(composed.rows), **composed.heard}
    for axis, name in enumerate(("valence", "arousal")):
        truth, said = composed.affect[:, axis], held[:, axis]
        told[f"{name}_r"] = float(np.corrcoef(said, truth)[0, 1])
        told[f"{name}_r2"] = float(r2_score(truth, said))
    return told


def _answers(corpus: Corpus, composed: ComposedCorpus, score: Arrays, seed: int) -> Answers:
    affect, spread = np.zeros_like(corpus.affect), np.zeros_like(corpus.affect)
    rendered = np.zeros(len(corpus.rows))
    for test, arrays in held_out(corpus, composed, score, seed):
        model = AffectModel(arrays)
        rendered[test] = model.rendered(corpus.rows[test], model.usual)
        for clip, (place, unsure) in zip(
            test, model.placed(corpus.rows[test], model.usual), strict=True
        ):
            affect[clip] = place.valence, place.arousal
            spread[clip] = unsure.valence, unsure.arousal
    return Answers(affect, spread, rendered)


def _figures(corpus: Corpus, answers: Answers, which: NDArray[np.int64]) -> dict[str, float]:
    truth, affect = corpus.affect[which], answers.affect[which]
    within = np.mean(np.abs(truth - affect) <= answers.spread[which], axis=0)
    return {
        "valence_r2": float(r2_score(truth[:, 0], affect[:, 0])),
        "arousal_r2": float(r2_score(truth[:, 1], affect[:, 1])),
        "quadrant_f1": float(f1_score(corpus.quadrant[which], _quadrants(affect), average="macro")),
        "valence_within_sd": float(within[0]),
        "arousal_within_sd": float(within[1]),
    }


def _quadrants(affect: Array) -> NDArray[np.int64]:
    """Return the quadrant each answer lies in, as an index into `QUADRANTS`."""
    is_pleasant, is_excited = affect[:, 0] >= 0, affect[:, 1] >= 0
    return np.where(is_pleasant, np.where(is_excited, 0, 3), np.where(is_excited, 1, 2))
