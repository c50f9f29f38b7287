"""Mood over time: smoothing, presence, hysteresis, dwell, unsure."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulsync_edge.domain.emotion import EMOTIONS, LEAST_CONFIDENCE, Emotion, EmotionEstimate
from soulsync_edge.domain.mood import (
    Evidence,
    Mood,
    MoodRules,
    mood_after_estimate,
    mood_after_nobody,
    mood_after_obscured,
    mood_after_silence,
)
from soulsync_edge.fakes import estimate_of
from tests.strategies import estimates

RULES = MoodRules()


def watched(
    mood: Mood, emotion: Emotion | None, *, from_s: float, for_s: float, rate_hz: float = 4.0
) -> tuple[Mood, list[tuple[float, str]]]:
    """Return the mood after seeing `emotion` (None: nobody), and every change of its word."""
    changes = []
    for number in range(1, round(for_s * rate_hz) + 1):
        at_s = from_s + number / rate_hz
        before = mood.word
        if emotion is None:
            mood = mood_after_nobody(mood, at_s, RULES)
        else:
            mood = mood_after_estimate(mood, estimate_of(emotion), at_s, RULES)
        if mood.word != before:
            changes.append((at_s - from_s, mood.word))
    return mood, changes


def test_a_held_expression_becomes_the_mood_within_dwell_and_two_seconds() -> None:
    mood, _ = watched(Mood(), Emotion.NEUTRAL, from_s=0, for_s=10)

    mood, changes = watched(mood, Emotion.HAPPY, from_s=10, for_s=10)

    assert [word for _, word in changes] == ["happy"]
    assert RULES.dwell_s <= changes[0][0] <= RULES.dwell_s + 2


def test_a_passing_smile_of_one_second_changes_nothing() -> None:
    mood, _ = watched(Mood(), Emotion.NEUTRAL, from_s=0, for_s=10)

    mood, during = watched(mood, Emotion.HAPPY, from_s=10, for_s=1)
    mood, after = watched(mood, Emotion.NEUTRAL, from_s=11, for_s=10)

    assert (during, after, mood.label) == ([], [], Emotion.NEUTRAL)


def test_someone_new_is_unsure_before_a_label_settles() -> None:
    _, changes = watched(Mood(), Emotion.SAD, from_s=0, for_s=10)

    assert [word for _, word in changes] == ["unsure", "sad"]


def test_a_room_left_alone_is_empty_after_vanish_and_forgets_the_face() -> None:
    mood, _ = watched(Mood(), Emotion.HAPPY, from_s=0, for_s=10)

    mood, changes = watched(mood, None, from_s=10, for_s=5)

    assert changes == [(RULES.vanish_s + 0.25, "nobody")]
    assert mood.evidence == Evidence()


def test_one_missed_frame_does_not_empty_the_room() -> None:
    mood, _ = watched(Mood(), Emotion.HAPPY, from_s=0, for_s=10)

    mood, changes = watched(mood, None, from_s=10, for_s=0.25)

    assert changes == []
    assert mood.is_present


def test_an_even_mixture_of_classes_is_unsure() -> None:
    mood = Mood()
    even = EmotionEstimate((1 / 8,) * 8, 0.9)

    for number in range(60):
        mood = mood_after_estimate(mood, even, number / 4, RULES)

    assert mood.is_unsure


def test_estimates_nobody_trusts_are_unsure() -> None:
    mood = Mood()

    for number in range(60):
        doubtful = estimate_of(Emotion.ANGRY, confidence=0.1)
        mood = mood_after_estimate(mood, doubtful, number / 4, RULES)

    assert mood.is_unsure


@pytest.mark.parametrize(
    ("confidence", "word"),
    [(LEAST_CONFIDENCE - 0.001, "unsure"), (LEAST_CONFIDENCE, "angry"), (1.0, "angry")],
)
def test_unsure_looks_make_no_label_however_many_agree(confidence: float, word: str) -> None:
    mood = Mood()

    for number in range(240):
        look = estimate_of(Emotion.ANGRY, share=confidence, confidence=confidence)
        mood = mood_after_estimate(mood, look, number / 4, RULES)

    assert mood.word == word


def test_a_face_that_becomes_unsure_loses_its_label_but_not_its_affect() -> None:
    mood, _ = watched(Mood(), Emotion.HAPPY, from_s=0, for_s=10)
    unsure = estimate_of(Emotion.SAD, share=0.5, confidence=0.5)

    for number in range(1, 240):
        mood = mood_after_estimate(mood, unsure, 10 + number / 4, RULES)

    assert mood.is_unsure
    assert mood.affect is not None
    assert mood.affect.distance_to(unsure.affect) < 0.05


def test_a_moment_of_unsure_looks_changes_nothing() -> None:
    mood, _ = watched(Mood(), Emotion.HAPPY, from_s=0, for_s=10)

    for number in range(1, 5):
        unsure = estimate_of(Emotion.SAD, share=0.5, confidence=0.5)
        mood = mood_after_estimate(mood, unsure, 10 + number / 4, RULES)

    mood, changes = watched(mood, Emotion.HAPPY, from_s=11, for_s=10)
    assert changes == []
    assert mood.label is Emotion.HAPPY


def test_a_face_that_cannot_be_read_keeps_presence_and_lets_the_label_fade() -> None:
    mood, _ = watched(Mood(), Emotion.HAPPY, from_s=0, for_s=10)

    for number in range(1, 60):
        mood = mood_after_obscured(mood, 10 + number / 4, RULES)

    assert mood.is_unsure


def test_an_eye_that_fell_silent_is_not_believed_for_ever() -> None:
    mood, _ = watched(Mood(), Emotion.HAPPY, from_s=0, for_s=10)

    assert mood_after_silence(mood, 10 + RULES.stale_s - 0.1, RULES) == mood
    assert mood_after_silence(mood, 10 + RULES.stale_s, RULES) == Mood()


def test_an_estimate_overtaken_by_a_newer_one_is_dropped() -> None:
    mood, _ = watched(Mood(), Emotion.HAPPY, from_s=0, for_s=10)

    assert mood_after_estimate(mood, estimate_of(Emotion.SAD), 5.0, RULES) == mood


@given(st.lists(st.tuples(estimates, st.floats(0, 3)), max_size=40))
def test_the_mood_stays_within_bounds(steps: list[tuple[EmotionEstimate, float]]) -> None:
    mood, at_s = Mood(), 0.0

    for estimate, pause_s in steps:
        at_s += pause_s
        mood = mood_after_estimate(mood, estimate, at_s, RULES)

        assert 0.0 <= mood.confidence <= 1.0
        shares = mood.evidence.probabilities
        assert shares is None or sum(shares) == pytest.approx(1.0, abs=0.02)


@given(before=estimates, more=estimates, count=st.integers(1, 20))
def test_more_of_the_same_never_moves_away_from_it(
    before: EmotionEstimate, more: EmotionEstimate, count: int
) -> None:
    evidence = Evidence().after(before, 1.0, RULES)
    distances = []

    for _ in range(count):
        evidence = evidence.after(more, 0.25, RULES)
        if evidence.affect is not None:
            distances.append(evidence.affect.distance_to(more.affect))

    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(distances))


@given(estimates, estimates, st.integers(1, 8))
def test_the_frame_rate_does_not_matter(
    first: EmotionEstimate, then: EmotionEstimate, parts: int
) -> None:
    begun = Evidence().after(first, 0.5, RULES)

    at_once = begun.after(then, 0.8, RULES)
    in_parts = begun
    for _ in range(parts):
        in_parts = in_parts.after(then, 0.8 / parts, RULES)

    assert in_parts.shares == pytest.approx(at_once.shares)
    assert in_parts.weight == pytest.approx(at_once.weight)
    assert in_parts.valence == pytest.approx(at_once.valence)


@settings(max_examples=60)
@given(st.lists(st.tuples(estimates, st.floats(0.05, 0.6)), min_size=2, max_size=120))
def test_no_label_flips_faster_than_dwell(steps: list[tuple[EmotionEstimate, float]]) -> None:
    mood, at_s, label, changed_s = Mood(), 0.0, None, float("-inf")

    for estimate, pause_s in steps:
        at_s += pause_s
        mood = mood_after_estimate(mood, estimate, at_s, RULES)
        if mood.label != label:
            assert at_s - changed_s >= RULES.dwell_s - 1e-9
            label, changed_s = mood.label, at_s


@given(st.sampled_from(EMOTIONS), st.sampled_from(EMOTIONS))
def test_any_held_expression_wins_in_the_end(first: Emotion, then: Emotion) -> None:
    mood, _ = watched(Mood(), first, from_s=0, for_s=8)
    mood, _ = watched(mood, then, from_s=8, for_s=8)

    assert mood.label is then


def test_rules_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="leave_share must be from 0 to enter_share"):
        MoodRules(enter_share=0.3, leave_share=0.5)


def test_the_settled_mood_hardly_moves_by_a_passing_look_and_follows_a_lasting_one() -> None:
    mood, _ = watched(Mood(), Emotion.NEUTRAL, from_s=0, for_s=300)
    before = mood.reading
    passing, _ = watched(mood, Emotion.SAD, from_s=300, for_s=5)
    lasting, _ = watched(mood, Emotion.SAD, from_s=300, for_s=300)

    assert before is not None
    assert passing.reading is not None
    assert lasting.reading is not None
    assert lasting.affect is not None
    assert passing.reading.affect.distance_to(before.affect) < 0.07
    assert lasting.reading.affect.distance_to(lasting.affect) < 0.05


def test_a_settled_mood_is_known_of_those_who_are_here_alone() -> None:
    mood, _ = watched(Mood(), Emotion.NEUTRAL, from_s=0, for_s=10)
    gone, _ = watched(mood, None, from_s=10, for_s=10)

    assert mood.reading is not None
    assert gone.reading is None
