"""The figures of a simulation: shares, medians and means with their intervals, as recorded."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from models.recipes.emotion.measures import wilson
from models.recipes.music.record import MODELS
from scripts.simulate.experiment import OURS, Cell, all_cells, played_by_ours
from scripts.simulate.outcome import Outcome

RECORD = "simulation.json"

_RESAMPLES = 1000
_SEED = 1
_OUTER = (2.5, 97.5)  # percentiles that 95 % lie between


class _Recorded(BaseModel):
    model_config = ConfigDict(frozen=True)


class Measured(_Recorded):
    """A figure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, interval: tuple[float, float]) -> Self:
        """Return it rounded to what can be told."""
        low, high = interval
        return cls(value=round(value, 4), low=round(low, 4), high=round(high, 4))


class Way(_Recorded):
    """What one way to steer came to, over all runs.

    Attributes:
        name: Of the way.
        reached: Share of the runs that reached the goal.
        gentle: Share that reached it without a leap.
        minutes: Median time to the goal; the whole evening where it was not reached.
        deeper: Mean of the deepest excursion.
        deepest: The worst of all runs.
        mean_step: Mean of the mean step.
        longest_step: Mean of the longest step.
        own_beta: Mean of the standardised slope of valence, on our own places.
        own_spearman: Mean rank correlation of valence and position, on our own places.
        true_spearman: The same on the truth.
        ahead: By how much more runs of ours reached the goal, a share of the runs.
        ahead_gently: By how much more runs of ours reached it without a leap.
    """

    name: str
    reached: Measured
    gentle: Measured
    minutes: Measured
    deeper: Measured
    deepest: float
    mean_step: Measured
    longest_step: Measured
    own_beta: Measured
    own_spearman: Measured
    true_spearman: Measured
    ahead: Measured
    ahead_gently: Measured


class Compared(_Recorded):
    """All ways under the same circumstances.

    Attributes:
        name: The circumstances, in words.
        scenario: From where to where.
        window: That of the listener; None: all music moves them alike.
        tracks: Size of the library.
        listener: How they respond.
        ways: In the order of `WAYS`.
    """

    name: str
    scenario: str
    window: float | None
    tracks: int
    listener: str
    ways: tuple[Way, ...]

    def way(self, name: str) -> Way:
        """Return what the way of that name came to."""
        return next(way for way in self.ways if way.name == name)


class Figures(_Recorded):
    """A whole simulation.

    Attributes:
        kind: What these figures are, so that nobody takes them for more.
        runs: Evenings per way and circumstances.
        seed: What chance was drawn from.
        emotion_model: SHA-256 of the emotion model whose mistakes the face is read with.
        music_model: SHA-256 of the affect model whose errors the planner works with.
        played: What ours played in the first evening of all: it tells whether steering has changed
            since.
        compared: Per circumstances.
    """

    kind: Literal["simulated"] = "simulated"
    runs: int
    seed: int
    emotion_model: str
    music_model: str
    played: tuple[str, ...]
    compared: tuple[Compared, ...]


def compared(cell: Cell, runs: Sequence[Mapping[str, Outcome]]) -> Compared:
    """Return the figures of one cell from what every way came to in each of its runs."""
    return Compared(
        name=cell.name,
        scenario=cell.scenario.name,
        window=cell.window,
        tracks=cell.tracks,
        listener=cell.kind.value,
        ways=tuple(_way(name, runs) for name in runs[0]),
    )


def figures(runs: int, seed: int, all_compared: Sequence[Compared]) -> Figures:
    """Return the whole with what it is made of."""
    return Figures(
        runs=runs,
        seed=seed,
        emotion_model=_sha256(MODELS / "emotion.tflite"),
        music_model=_sha256(MODELS / "music_affect.npz"),
        played=played_by_ours(all_cells()[0], seed),
        compared=tuple(all_compared),
    )


def read_record(folder: Path) -> Figures:
    """Return the figures recorded in `folder`.

    Raises:
        OSError: There are none.
        ValueError: They are damaged.
    """
    return Figures.model_validate_json((folder / RECORD).read_text("utf-8"))


def _way(name: str, runs: Sequence[Mapping[str, Outcome]]) -> Way:
    mine = [run[name] for run in runs]
    ours = [run[OURS] for run in runs]
    return Way(
        name=name,
        reached=_share([one.is_reached for one in mine]),
        gentle=_share([one.is_gentle for one in mine]),
        minutes=_redrawn([one.minutes for one in mine], np.median),
        deeper=_redrawn([one.deeper for one in mine]),
        deepest=round(max(one.deeper for one in mine), 4),
        mean_step=_redrawn([one.mean_step for one in mine]),
        longest_step=_redrawn([one.longest_step for one in mine]),
        own_beta=_redrawn([one.own_beta for one in mine]),
        own_spearman=_redrawn([one.own_spearman for one in mine]),
        true_spearman=_redrawn([one.true_spearman for one in mine]),
        ahead=_ahead([one.is_reached for one in ours], [one.is_reached for one in mine]),
        ahead_gently=_ahead([one.is_gentle for one in ours], [one.is_gentle for one in mine]),
    )


def _share(is_so: list[bool]) -> Measured:
    share = sum(is_so) / len(is_so)
    return Measured.of(share, wilson(share, len(is_so)))


def _ahead(ours: list[bool], others: list[bool]) -> Measured:
    """Return the difference in pairs of runs that share everything but the way."""
    return _redrawn([float(one) - float(other) for one, other in zip(ours, others, strict=True)])


def _redrawn(
    values: list[float], measure: Callable[..., npt.NDArray[np.float64]] = np.mean
) -> Measured:
    """Return a mean or median with the 95 % interval of a thousand draws of the runs.

    Source: Efron & Tibshirani (1993), An introduction to the bootstrap, chapter 13.
    """
    low, high = np.percentile(measure(np.array(values)[_rows(len(values))], axis=1), _OUTER)
    return Measured.of(float(measure(np.array(values))), (float(low), float(high)))


@cache
def _rows(runs: int) -> npt.NDArray[np.int64]:
    """Return which runs each draw takes: the same for all figures."""
    return np.random.default_rng(_SEED).integers(0, runs, (_RESAMPLES, runs))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
