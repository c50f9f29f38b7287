"""What a resting-face baseline changes: shifts judged on looks whose truth is known."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from soulsync_edge.domain.emotion import EMOTIONS, Emotion

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

LEAST_SHARE = 1e-4
"""Shares below this are taken as this: how little they are says nothing, and logs need a floor."""

_NEUTRAL, _HAPPY, _SAD, _ANGRY = (
    EMOTIONS.index(one) for one in (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY)
)
_COMPLAINTS = (_SAD, _ANGRY)
"""What a resting face must not be said to look."""

_RESAMPLES = 400
_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Setting:
    """One baseline: `p'_k` proportional to `p_k * (reference_k / resting_k) ** strength`.

    Attributes:
        strength: 0 leaves everything as it is, 1 takes the whole offset away.
        most: No share is multiplied or divided by more than `exp(most)` before they sum to 1.
        only_lowers: Shares are lowered where the resting face has more than usual, never raised.
    """

    strength: float
    most: float
    only_lowers: bool

    def shift(self, offset: Floats) -> Floats:
        """Return what to add to log shares `(..., 8)` of people with that offset."""
        highest = 0.0 if self.only_lowers else self.most
        return np.clip(-self.strength * offset, -self.most, highest)


@dataclass(frozen=True, slots=True)
class Looks:
    """Single looks at people whose resting face is known.

    Attributes:
        logs: Log shares, up to a constant per look, `(N, 8)`.
        truth: What each look really shows, `(N,)`.
        face: Which resting face it belongs to, `(N,)`, from 0.
        picture: Which picture it is, `(N,)`: looks with the same number vary together.
        offset: What each resting face reads like against the usual one: differences of log
            shares, `(F, 8)`.
        leaning: Share of sad and angry in it, `(F,)`.
        person: Whose it is, `(F,)`: faces with the same number vary together.
    """

    logs: Floats
    truth: Whole
    face: Whole
    picture: Whole
    offset: Floats
    leaning: Floats
    person: Whole

    def of(self, faces: npt.NDArray[np.bool_]) -> "Looks":
        """Return the looks that belong to those resting faces `(F,)` alone."""
        kept = faces[self.face]
        number = np.cumsum(faces) - 1
        return Looks(
            self.logs[kept],
            self.truth[kept],
            number[self.face[kept]],
            self.picture[kept],
            self.offset[faces],
            self.leaning[faces],
            self.person[faces],
        )

    def __add__(self, more: "Looks") -> "Looks":
        """Return these and more looks at the same people."""
        return replace(
            self,
            logs=np.concatenate([self.logs, more.logs]),
            truth=np.concatenate([self.truth, more.truth]),
            face=np.concatenate([self.face, more.face]),
            picture=np.concatenate([self.picture, more.picture]),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A share without and with a baseline, and the 95 % interval of what it changes."""

    before: float
    after: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Effect:
    """What a baseline does to a group of people.

    Attributes:
        complaints: Share of neutral looks said to look sad or angry.
        neutral: Share of neutral looks read as neutral.
        sad: Recall of truly sad looks.
        angry: Recall of truly angry looks.
        happy: Recall of truly happy looks.
        others: Recall of all other looks.
    """

    complaints: Change
    neutral: Change
    sad: Change
    angry: Change
    happy: Change
    others: Change

    @property
    def is_halved(self) -> bool:
        """At most half of the complaints are left."""
        return self.complaints.after <= self.complaints.before / 2

    @property
    def loss(self) -> float:
        """What the worse off of sad and angry loses in recall; below 0 when both gain."""
        return -min(self.sad.difference, self.angry.difference)


def normalised(logs: Floats) -> Floats:
    """Return log shares `(..., 8)` of which the shares sum to 1."""
    top = logs.max(axis=-1, keepdims=True)
    total: Floats = np.exp(logs - top).sum(axis=-1, keepdims=True)
    return np.asarray(logs - top - np.log(total), np.float64)


def logs_of(shares: npt.ArrayLike) -> Floats:
    """Return the log shares of what a reader said, `(..., 8)`."""
    return normalised(np.log(np.maximum(np.asarray(shares, np.float64), LEAST_SHARE)))


def resting_logs(learnt: Floats) -> Floats:
    """Return the confidence-weighted mean in log space of `(..., looks, 8)` log shares."""
    weight = np.exp(learnt.max(axis=-1, keepdims=True))
    return normalised((learnt * weight).sum(axis=-2) / weight.sum(axis=-2))


def leaning_of(resting: Floats) -> Floats:
    """Return the share of sad and angry in resting log shares `(..., 8)`."""
    return np.asarray(np.exp(resting[..., _COMPLAINTS]).sum(axis=-1), np.float64)


@dataclass(frozen=True, slots=True)
class Carried:
    """How much of a resting face's offset is in the same people's other looks.

    Attributes:
        looks: How many looks say so.
        share: Slope of the looks' offset over the resting face's, with its 95 % interval.
        low: Lower end.
        high: Upper end.
    """

    looks: int
    share: float
    low: float
    high: float


def carried(looks: Looks, truth: Emotion, towards: Emotion, *, seed: int = 1) -> Carried:
    """Return how much of the offset `towards` an emotion, against neutral, is in other looks.

    Of resting faces that read as more `towards` it than others by one, the looks that truly show
    `truth` read as more `towards` it by this much. Intervals are from resampling people.
    """
    rows = looks.truth == EMOTIONS.index(truth)
    which, face = EMOTIONS.index(towards), looks.face[rows]
    over = looks.logs[rows, which] - looks.logs[rows, _NEUTRAL]
    resting = (looks.offset[:, which] - looks.offset[:, _NEUTRAL])[face]
    who, person = np.unique(looks.person[face], return_inverse=True)
    sums = [
        np.bincount(person, each, len(who))
        for each in (np.ones_like(over), resting, over, resting * resting, resting * over)
    ]
    drawn = _weights(len(who), np.random.default_rng(seed)) @ np.array(sums).T
    low, high = np.percentile(_slope(drawn), _PERCENTILES)
    [share] = _slope(np.array(sums).sum(axis=1)[None])
    return Carried(int(rows.sum()), float(share), float(low), float(high))


def _slope(sums: Floats) -> Floats:
    """Return least-squares slopes from `(R, 5)` sums: one, x, y, x * x, x * y."""
    number, x, y, xx, xy = sums.T
    return np.asarray((number * xy - x * y) / (number * xx - x * x), np.float64)


def effect_of(setting: Setting, looks: Looks, *, seed: int = 1, sure: bool = True) -> Effect:
    """Return what `setting` does to those looks.

    Intervals are from resampling people and, where the same pictures stand for all of them,
    pictures; they are left out (not numbers) unless `sure`.
    """
    before = looks.logs.argmax(axis=1)
    after = (looks.logs + setting.shift(looks.offset)[looks.face]).argmax(axis=1)
    random = np.random.default_rng(seed)

    def change(rows: npt.NDArray[np.bool_], right: tuple[int, ...] | None) -> Change:
        """Compare the share of `rows` read as one of `right`, or as their truth if None."""

        def is_hit(said: Whole) -> npt.NDArray[np.bool_]:
            chosen = said[rows]
            return chosen == looks.truth[rows] if right is None else np.isin(chosen, right)

        was, is_now = is_hit(before), is_hit(after)
        if not len(was):
            return Change(*[float("nan")] * 4)
        low = high = float("nan")
        if sure:
            person = looks.person[looks.face[rows]]
            moved: Floats = is_now.astype(np.float64) - was
            low, high = _interval(moved, person, looks.picture[rows], random)
        return Change(float(was.mean()), float(is_now.mean()), low, high)

    known = (_NEUTRAL, _HAPPY, _SAD, _ANGRY)
    at = {number: looks.truth == number for number in known}
    return Effect(
        complaints=change(at[_NEUTRAL], _COMPLAINTS),
        neutral=change(at[_NEUTRAL], None),
        sad=change(at[_SAD], None),
        angry=change(at[_ANGRY], None),
        happy=change(at[_HAPPY], None),
        others=change(~np.isin(looks.truth, known), None),
    )


def _interval(
    values: Floats, person: Whole, picture: Whole, random: np.random.Generator
) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `values`, resampling people and pictures."""
    who, person = np.unique(person, return_inverse=True)
    which, picture = np.unique(picture, return_inverse=True)
    cell, shape = person * len(which) + picture, (len(who), len(which))
    summed = np.bincount(cell, values, len(who) * len(which)).reshape(shape)
    count = np.bincount(cell, None, len(who) * len(which)).reshape(shape).astype(float)
    of_people, of_pictures = _weights(len(who), random), _weights(len(which), random)
    total = ((of_people @ count) * of_pictures).sum(axis=1)
    drawn = ((of_people @ summed) * of_pictures).sum(axis=1)[total > 0] / total[total > 0]
    low, high = np.percentile(drawn, _PERCENTILES)
    return float(low), float(high)


def _weights(number: int, random: np.random.Generator) -> Floats:
    """Return how often each of `number` is drawn in each resample; 1 where there is but one."""
    if number == 1:
        return np.ones((_RESAMPLES, 1))
    return random.multinomial(number, np.full(number, 1 / number), _RESAMPLES).astype(float)
