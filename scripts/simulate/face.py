"""What the camera makes of a feeling: the shipped emotion model's own mistakes as noise.

A feeling shows as one of the eight classes, or does not show: then the face rests. The class is
read through the confusion that was measured of the shipped model; how confident a reading is
depends on whether it is right, as measured; what is left of the probabilities goes to the
classes that such a reading is mixed up with. An expression, and how it is read, holds for some
seconds, so looks that follow each other are not independent.
"""

import math
import random
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from models.recipes.emotion.figures import Bin, Figures
from scripts.simulate.chance import drawn_from
from scripts.simulate.listener import Kind
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.emotion import AFFECT_OF, EMOTIONS, Emotion, EmotionEstimate

SHOWN = 0.6
"""How often a feeling shows at all; otherwise the face rests. An assumption."""

SHOWN_BY_POKER_FACE = 0.2
RESTING_SAD = 0.4
"""How often a face that looks sad at rest does so."""

REACH = 0.3
"""How far from the place of a class feelings still show as it, about, on the affect plane."""

HOLD_S = 5.0
"""How long an expression and its reading hold, on average."""

RARITY = {Emotion.SURPRISE: 0.3, Emotion.FEAR: 0.2, Emotion.DISGUST: 0.2, Emotion.CONTEMPT: 0.1}
"""How much rarer some classes are than the others where a feeling would suit both."""

_TIES = 0.99  # other classes stay below the one that was read


@dataclass(frozen=True)
class FaceReader:
    """Reads faces as wrongly as the shipped emotion model does.

    Attributes:
        confusion: How often each class (row) was read as which (column), in `EMOTIONS` order.
        bins: Per range of confidence, how many readings there were and how many were right.
    """

    confusion: tuple[tuple[int, ...], ...]
    bins: tuple[Bin, ...]

    @cached_property
    def _estimates(self) -> tuple[tuple[EmotionEstimate, ...], ...]:
        """The estimate for each class read, at each confidence."""
        return tuple(
            tuple(self._estimate(read, one.confidence) for one in self.bins)
            for read in range(len(EMOTIONS))
        )

    @cached_property
    def _rows(self) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(accumulate(row)) for row in self.confusion)

    @cached_property
    def _right(self) -> tuple[float, ...]:
        return tuple(accumulate(one.n * one.accuracy for one in self.bins))

    @cached_property
    def _wrong(self) -> tuple[float, ...]:
        return tuple(accumulate(one.n * (1 - one.accuracy) for one in self.bins))

    def read(self, shown: Emotion, chance: random.Random) -> EmotionEstimate:
        """Return how a face that shows `shown` is read."""
        places = range(len(EMOTIONS))
        true = EMOTIONS.index(shown)
        [read] = chance.choices(places, cum_weights=self._rows[true])
        likely = self._right if read == true else self._wrong
        [bin_] = chance.choices(range(len(self.bins)), cum_weights=likely)
        return self._estimates[read][bin_]

    def _estimate(self, read: int, confidence: float) -> EmotionEstimate:
        """Return the estimate for a class that was read; the others share what is left."""
        even = 1 / (len(EMOTIONS) - 1)
        column = [row[read] for row in self.confusion]
        total = sum(column) - column[read]
        others = [count / total if total else even for count in column]
        others[read] = 0.0
        left, most = 1 - confidence, max(others)
        # Where one of them would come out ahead, they are evened out until none does.
        blend = 0.0
        if left * most > _TIES * confidence:
            blend = (most - _TIES * confidence / left) / (most - even)
        shares = [left * (share + blend * (even - share)) for share in others]
        shares[read] = confidence
        return EmotionEstimate(tuple(shares), confidence)


def face_reader(figures: Figures) -> FaceReader:
    """Return a reader with the mistakes in the recorded figures of the emotion model."""
    report = figures.ferplus_test
    places = [report.labels.index(emotion) for emotion in EMOTIONS]
    confusion = tuple(tuple(report.confusion[row][column] for column in places) for row in places)
    return FaceReader(confusion, figures.calibration)


def likely_expressions(felt: Affect) -> tuple[float, ...]:
    """Return how likely a feeling that shows does so as each class, in `EMOTIONS` order; sum 1.

    Each class as its place is near: a Gaussian of the distance, `REACH` wide.
    """
    weights = [
        RARITY.get(emotion, 1.0)
        * math.exp(-(felt.distance_to(AFFECT_OF[emotion]) ** 2) / (2 * REACH**2))
        for emotion in EMOTIONS
    ]
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)


class Face:
    """The face of one listener, as it is read over time.

    Args:
        reader: Reads it.
        kind: What it shows of a feeling.
        chance: Where chance comes from; each look takes from it.
    """

    def __init__(self, reader: FaceReader, kind: Kind, chance: random.Random) -> None:
        self._reader = reader
        self._kind = kind
        self._chance = chance
        self._held: EmotionEstimate | None = None

    def look(self, felt: Affect, elapsed_s: float) -> EmotionEstimate:
        """Return how the face is read now, `elapsed_s` after the look before."""
        # Every look takes as much from chance, so the same face under other music stays comparable.
        holds, seed = self._chance.random(), self._chance.random()
        if self._held is None or holds >= math.exp(-elapsed_s / HOLD_S):
            chance = drawn_from(repr(seed))
            self._held = self._reader.read(self._shown(felt, chance), chance)
        return self._held

    def _shown(self, felt: Affect, chance: random.Random) -> Emotion:
        shown = SHOWN_BY_POKER_FACE if self._kind is Kind.POKER_FACE else SHOWN
        if chance.random() < shown:
            [emotion] = chance.choices(EMOTIONS, weights=likely_expressions(felt))
            return emotion
        is_sad = self._kind is Kind.RESTING_SAD and chance.random() < RESTING_SAD
        return Emotion.SAD if is_sad else Emotion.NEUTRAL
