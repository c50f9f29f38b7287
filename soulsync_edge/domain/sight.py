"""What one look at the room says, and what it does to the mood."""

from typing import assert_never

from soulsync_edge.domain.emotion import EmotionEstimate
from soulsync_edge.domain.events import EstimateArrived, FaceObscured, NobodySeen, RoomDark
from soulsync_edge.domain.mood import (
    Mood,
    MoodRules,
    mood_after_estimate,
    mood_after_nobody,
    mood_after_obscured,
    mood_after_silence,
)

Sight = EstimateArrived | NobodySeen | FaceObscured | RoomDark
"""There is exactly one per frame."""


def mood_after_sight(mood: Mood, sight: Sight, rules: MoodRules) -> Mood:
    """Return the mood after one look; a dark picture says nothing, so what was seen grows old."""
    match sight:
        case EstimateArrived():
            estimate = EmotionEstimate(sight.probabilities, sight.confidence)
            return mood_after_estimate(mood, estimate, sight.at_s, rules)
        case NobodySeen():
            return mood_after_nobody(mood, sight.at_s, rules)
        case FaceObscured():
            return mood_after_obscured(mood, sight.at_s, rules)
        case RoomDark():
            return mood_after_silence(mood, sight.at_s, rules)
    assert_never(sight)
