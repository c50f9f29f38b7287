"""A made-up listener: how music moves what someone feels.

Core affect as an Ornstein-Uhlenbeck process (Oravecz et al. 2011), drawn to the listener's own
baseline and to the music:

    dx = [BASELINE_RATE (mu - x) + music_rate g(|m - x|) (m - x)] dt + NOISE dW

with x what is felt, mu the baseline and m where the music sits, on each axis of the affect plane.
Every constant here is an assumption; none was measured on people.
"""

import math
import random
from dataclasses import dataclass, replace
from enum import StrEnum

from soulsync_edge.domain.affect import Affect, clamped
from soulsync_edge.domain.emotion import AFFECT_OF, Emotion

BASELINE_RATE = 1 / 60
"""How fast a feeling returns to the baseline by itself, per minute."""

MUSIC_RATE = 1 / 8
"""How fast music draws a feeling to it, per minute."""

NOISE = 0.035
"""How much a feeling wanders by itself: standard deviation after one minute."""

WINDOW_FLOOR = 0.15
"""How much music still moves a listener that is far from what they feel; 1 is all."""

BASELINE = AFFECT_OF[Emotion.NEUTRAL]
BASELINE_SPREAD = 0.1
START_SPREAD = 0.05
"""How far baselines and feelings at the start differ between listeners, on each axis."""

MATCHED = 0.4
"""This near to a feeling music counts as matching it, on the affect plane."""

SINKING = 0.4
"""How much darker than the music somebody ends up who broods over music that matches."""


class Kind(StrEnum):
    """How a listener responds: as assumed, or otherwise."""

    USUAL = "as assumed"
    SLOW = "half as fast"
    QUICK = "twice as fast"
    CONTRARY = "bright music darkens"
    UNMOVED = "not moved by music"
    BROODING = "sinks in dark music that matches"
    RESTING_SAD = "looks sad at rest"
    POKER_FACE = "shows one feeling in five"


_RATES = {Kind.SLOW: MUSIC_RATE / 2, Kind.QUICK: MUSIC_RATE * 2, Kind.UNMOVED: 0.0}


@dataclass(frozen=True, slots=True)
class Listener:
    """Someone who listens.

    Attributes:
        start: What they feel when the music begins.
        baseline: What they feel in the long run, without music.
        window: Music further from the feeling than about this moves them less; None: all music
            moves them alike.
        kind: How they respond.
    """

    start: Affect
    baseline: Affect = BASELINE
    window: float | None = None
    kind: Kind = Kind.USUAL

    def openness(self, distance: float) -> float:
        """Return how much music at `distance` from the feeling moves them, 0 to 1."""
        if self.window is None:
            return 1.0
        near = math.exp(-(distance**2) / (2 * self.window**2))
        return WINDOW_FLOOR + (1 - WINDOW_FLOOR) * near

    def pull(self, felt: Affect, music: Affect) -> Affect:
        """Return where `music` draws them who feel `felt`: for most, to where it sits."""
        if self.kind is Kind.CONTRARY:
            return replace(music, valence=-music.valence)
        is_matched = felt.distance_to(music) < MATCHED and max(felt.valence, music.valence) < 0.0
        if self.kind is Kind.BROODING and is_matched:
            return clamped(music.valence - SINKING, music.arousal)
        return music

    def after(
        self, felt: Affect, music: Affect | None, elapsed_s: float, noise: tuple[float, float]
    ) -> Affect:
        """Return what is felt `elapsed_s` later.

        Exact for a constant openness, so for short times it does not matter how time is cut.

        Args:
            felt: What is felt now.
            music: Where the music sits; None: silence.
            elapsed_s: Seconds, short against a minute.
            noise: One draw from the standard normal distribution for each axis.
        """
        minutes = elapsed_s / 60
        rate, goal = BASELINE_RATE, self.baseline
        if music is not None:
            pull = self.pull(felt, music)
            drawn = _RATES.get(self.kind, MUSIC_RATE) * self.openness(felt.distance_to(pull))
            rate += drawn
            goal = goal.towards(pull, drawn / rate)
        keep = math.exp(-rate * minutes)
        spread = NOISE * math.sqrt((1 - keep**2) / (2 * rate))
        return clamped(
            goal.valence + (felt.valence - goal.valence) * keep + spread * noise[0],
            goal.arousal + (felt.arousal - goal.arousal) * keep + spread * noise[1],
        )


def some_listener(
    start: Affect, window: float | None, kind: Kind, chance: random.Random
) -> Listener:
    """Return a listener who is about at `start` when the music begins."""
    return Listener(
        start=_near(start, START_SPREAD, chance),
        baseline=_near(BASELINE, BASELINE_SPREAD, chance),
        window=window,
        kind=kind,
    )


def _near(place: Affect, spread: float, chance: random.Random) -> Affect:
    return clamped(chance.gauss(place.valence, spread), chance.gauss(place.arousal, spread))
