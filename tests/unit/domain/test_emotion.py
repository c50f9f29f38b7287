"""Classes, estimates and their place on the plane."""

import pytest
from hypothesis import given

from soulsync_edge.domain.emotion import (
    AFFECT_OF,
    EMOTIONS,
    LOOKS,
    Emotion,
    EmotionEstimate,
    expected_affect,
)
from soulsync_edge.fakes import estimate_of
from tests.strategies import probabilities


def test_every_class_has_a_place_and_a_word() -> None:
    assert set(AFFECT_OF) == set(Emotion) == set(LOOKS)


def test_the_classes_keep_the_order_of_the_classifier() -> None:
    assert [emotion.value for emotion in EMOTIONS] == [
        "neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt",
    ]  # fmt: skip


@pytest.mark.parametrize("emotion", Emotion)
def test_certainty_sits_where_the_class_sits(emotion: Emotion) -> None:
    certain = estimate_of(emotion, share=1.0)

    assert certain.label is emotion
    assert certain.affect.distance_to(AFFECT_OF[emotion]) < 1e-9


@given(probabilities)
def test_a_mixture_stays_within_its_parts(mixed: tuple[float, ...]) -> None:
    affect = expected_affect(mixed)

    valences = [place.valence for place in AFFECT_OF.values()]
    assert min(valences) - 0.01 <= affect.valence <= max(valences) + 0.01


@pytest.mark.parametrize(
    ("shares", "confidence", "complaint"),
    [
        ((1.0,), 0.5, "need 8 probabilities"),
        ((0.0,) * 8, 0.5, "must sum to 1"),
        ((2.0, -1.0) + (0.0,) * 6, 0.5, "from 0 to 1"),
        ((1.0,) + (0.0,) * 7, 1.5, "confidence must be from 0 to 1"),
    ],
)
def test_an_impossible_estimate_says_which_rule_it_breaks(
    shares: tuple[float, ...], confidence: float, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        EmotionEstimate(shares, confidence)
