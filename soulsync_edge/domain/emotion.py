"""Emotion classes, one frame's estimate, and where each class sits on the affect plane."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from soulsync_edge.domain.affect import Affect, clamped


class Emotion(StrEnum):
    """The eight FER+ classes, in the order of the classifier's outputs.

    Source: Barsoum et al. (2016), FER+.
    """

    NEUTRAL = "neutral"
    HAPPY = "happy"
    SURPRISE = "surprise"
    SAD = "sad"
    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    CONTEMPT = "contempt"


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)

LEAST_CONFIDENCE = 0.62
"""A look with less confidence is *unsure*: it names no class.

Of the looks that are kept 93 % are read right. Source: models/emotion_gate.json, written by
models/recipes/emotion/choose_gate.py, which prints the curve of what is kept and what is right.
"""

AFFECT_OF: Mapping[Emotion, Affect] = {
    # Source: Russell & Mehrabian (1977), moved a little towards the adjective norms of
    # Warriner et al. (2013) where raters of faces and of words agree. Surprise is
    # ambiguous in sign, so it stays near the middle of the valence axis.
    Emotion.NEUTRAL: Affect(0.05, -0.10),
    Emotion.HAPPY: Affect(0.80, 0.45),
    Emotion.SURPRISE: Affect(0.25, 0.65),
    Emotion.SAD: Affect(-0.65, -0.35),
    Emotion.ANGRY: Affect(-0.55, 0.60),
    Emotion.DISGUST: Affect(-0.60, 0.30),
    Emotion.FEAR: Affect(-0.60, 0.50),
    Emotion.CONTEMPT: Affect(-0.50, 0.05),
}

LOOKS: Mapping[Emotion, str] = {
    # How a label is said to people: what can be seen, never what someone feels.
    Emotion.NEUTRAL: "neutral",
    Emotion.HAPPY: "cheerful",
    Emotion.SURPRISE: "surprised",
    Emotion.SAD: "sad",
    Emotion.ANGRY: "angry",
    Emotion.DISGUST: "put off",
    Emotion.FEAR: "worried",
    Emotion.CONTEMPT: "doubtful",
}


def expected_affect(probabilities: tuple[float, ...]) -> Affect:
    """Return the mean affect under `probabilities` (8 values in `EMOTIONS` order, sum 1).

    The expectation, not the likeliest class: half happy, half neutral is a little happy.
    """
    valence = arousal = 0.0
    for emotion, share in zip(EMOTIONS, probabilities, strict=True):
        valence += share * AFFECT_OF[emotion].valence
        arousal += share * AFFECT_OF[emotion].arousal
    return clamped(valence, arousal)


@dataclass(frozen=True, slots=True)
class EmotionEstimate:
    """What one face in one frame looks like.

    Attributes:
        probabilities: One share per class in `EMOTIONS` order; 0 to 1, sum 1.
        confidence: How far to trust them, 0 to 1.

    Raises:
        ValueError: Wrong length, a value out of range, or a sum off 1 by more than 0.01.
    """

    probabilities: tuple[float, ...]
    confidence: float

    def __post_init__(self) -> None:
        check_probabilities(self.probabilities)
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must be from 0 to 1, got {self.confidence}")

    @property
    def label(self) -> Emotion:
        """The likeliest class; the first in `EMOTIONS` order on a tie."""
        return EMOTIONS[max(range(len(EMOTIONS)), key=self.probabilities.__getitem__)]

    @property
    def is_unsure(self) -> bool:
        """The likeliest class is not likely enough to be named."""
        return self.confidence < LEAST_CONFIDENCE

    @property
    def affect(self) -> Affect:
        """The expected affect under the probabilities."""
        return expected_affect(self.probabilities)


def check_probabilities(probabilities: tuple[float, ...]) -> None:
    """Refuse anything that is not one share per class summing to 1.

    Raises:
        ValueError: Says which rule is broken.
    """
    if len(probabilities) != len(EMOTIONS):
        raise ValueError(f"need {len(EMOTIONS)} probabilities, got {len(probabilities)}")
    if not all(0.0 <= share <= 1.0 for share in probabilities):
        raise ValueError(f"probabilities must be from 0 to 1, got {probabilities}")
    if not math.isclose(sum(probabilities), 1.0, abs_tol=0.01):
        raise ValueError(f"probabilities must sum to 1, got {sum(probabilities):.3f}")
