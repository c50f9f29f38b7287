"""How often a label is wrong and how late it is right: three ways to smooth, on made-up streams.

The streams imitate what a classifier says about a face in a room: expressions held for a while,
noise from frame to frame, and slips of up to a second in which another class leads (a word
spoken, a glance aside, a blink). Their constants are ours, not measured on people; what counts is
that all three ways see the same streams.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from soulsync_edge.domain.emotion import EMOTIONS, Emotion, EmotionEstimate
from soulsync_edge.domain.mood import Mood, MoodRules, mood_after_estimate

RATE_HZ = 4.0
HOLD_S = (8.0, 60.0)
SLIPS_PER_MIN = 4.0
SLIP_S = (0.25, 1.0)
NOISE = 1.6
"""Standard deviation of the noise on the logits; the true class leads by `LEAD`.

Together they make frames that are right about as often as the classifier is on PublicTest: six
times in seven.
"""

LEAD = 4.5
# Expressions of a living room, neutral most of all.
WEIGHTS = {
    Emotion.NEUTRAL: 0.5,
    Emotion.HAPPY: 0.25,
    Emotion.SAD: 0.12,
    Emotion.SURPRISE: 0.05,
    Emotion.ANGRY: 0.08,
}

Label = Emotion | None
Smoother = Callable[[float, EmotionEstimate], Label]
"""Takes the next estimate and its time, returns the label it now stands for, None if unsure."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One frame: when, what was true, what the classifier said."""

    at_s: float
    truth: Emotion
    estimate: EmotionEstimate


def compared(hours: float = 4.0, seed: int = 7) -> dict[str, dict[str, float]]:
    """Return false switches per hour and median delay in seconds for each way of smoothing.

    Args:
        hours: Length of the stream, above 0.
        seed: The same seed gives the same stream.
    """
    samples = list(stream(hours, seed))
    return {
        name: judged(samples, smoother(), hours)
        for name, smoother in (("raw", raw), ("majority10", majority), ("ours", ours))
    }


def stream(hours: float, seed: int) -> Iterator[Sample]:
    """Yield `hours` of samples at `RATE_HZ`."""
    chance = np.random.default_rng(seed)
    classes = list(WEIGHTS)
    weights = np.array(list(WEIGHTS.values()))
    truth, until_s = Emotion.NEUTRAL, 0.0
    slip, slip_until_s = truth, 0.0
    for number in range(int(hours * 3600 * RATE_HZ)):
        at_s = number / RATE_HZ
        if at_s >= until_s:
            others = np.where([emotion is truth for emotion in classes], 0.0, weights)
            truth = classes[chance.choice(len(classes), p=others / others.sum())]
            until_s = at_s + chance.uniform(*HOLD_S)
        if at_s >= slip_until_s and chance.random() < SLIPS_PER_MIN / 60 / RATE_HZ:
            slip = EMOTIONS[chance.integers(len(EMOTIONS))]
            slip_until_s = at_s + chance.uniform(*SLIP_S)
        shown = slip if at_s < slip_until_s else truth
        logits = chance.normal(0.0, NOISE, len(EMOTIONS))
        logits[EMOTIONS.index(shown)] += LEAD
        shares = np.exp(logits) / np.exp(logits).sum()
        yield Sample(at_s, truth, EmotionEstimate(tuple(shares.tolist()), float(shares.max())))


def judged(samples: list[Sample], smoother: Smoother, hours: float) -> dict[str, float]:
    """Return how a smoother does, and how much of the time its label is right.

    A switch is false when the label becomes a class that is not the true one at that moment; to
    become unsure claims nothing. The delay runs from a true change to the first moment the label
    is right; a change that is over before the label is right counts with its whole length.
    """
    false_switches = right = 0
    delays: list[float] = []
    label: Label = None
    truth, since_s, is_open = samples[0].truth, 0.0, False
    for sample in samples:
        if sample.truth is not truth:
            if is_open:
                delays.append(sample.at_s - since_s)
            truth, since_s, is_open = sample.truth, sample.at_s, True
        new = smoother(sample.at_s, sample.estimate)
        if new is not label and new is not None and new is not sample.truth:
            false_switches += 1
        label = new
        right += label is sample.truth
        if is_open and label is sample.truth:
            delays.append(sample.at_s - since_s)
            is_open = False
    return {
        "false_switches_per_h": round(false_switches / hours, 1),
        "delay_s": round(median(delays), 2),
        "right_pct": round(100 * right / len(samples), 1),
    }


def raw() -> Smoother:
    """Return the label of each frame as it is."""
    return lambda _at_s, estimate: estimate.label


def majority() -> Smoother:
    """Return the most frequent label of the last ten frames, the newest on a tie."""
    last: deque[Emotion] = deque(maxlen=10)

    def label(_at_s: float, estimate: EmotionEstimate) -> Label:
        last.append(estimate.label)
        return max(reversed(last), key=last.count)

    return label


def ours() -> Smoother:
    """Return the label of the domain's mood, with the rules as shipped."""
    rules = MoodRules()
    mood = Mood()

    def label(at_s: float, estimate: EmotionEstimate) -> Label:
        nonlocal mood
        mood = mood_after_estimate(mood, estimate, at_s, rules)
        return mood.label

    return label
