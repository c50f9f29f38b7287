"""`scripts.bench.mood`: the comparison counts what it says it counts."""

import pytest

from scripts.bench.mood import Sample, compared, judged, majority, raw, stream
from soulsync_edge.domain.emotion import EMOTIONS, Emotion, EmotionEstimate

HAPPY, SAD = Emotion.HAPPY, Emotion.SAD


def samples(truths: list[Emotion], shown: list[Emotion]) -> list[Sample]:
    """Return samples half a second apart in which the classifier is quite sure of what it says."""
    return [
        Sample(number / 2, truth, EmotionEstimate(_one_sided(label), 0.8))
        for number, (truth, label) in enumerate(zip(truths, shown, strict=True))
    ]


def _one_sided(label: Emotion) -> tuple[float, ...]:
    rest = 0.2 / (len(EMOTIONS) - 1)
    return tuple(0.8 if emotion is label else rest for emotion in EMOTIONS)


def test_a_slip_is_one_false_switch_and_the_way_back_is_none() -> None:
    said = samples([HAPPY] * 4 + [SAD] * 4, [HAPPY, HAPPY, SAD, HAPPY] + [SAD] * 4)

    assert judged(said, raw(), hours=0.5) == {
        "false_switches_per_h": 2.0,
        "delay_s": 0.0,
        "right_pct": 87.5,
    }


def test_the_delay_runs_from_the_true_change_to_the_first_right_label() -> None:
    said = samples([HAPPY] * 4 + [SAD] * 4, [HAPPY] * 6 + [SAD] * 2)

    assert judged(said, raw(), hours=1.0)["delay_s"] == 1.0


def test_a_change_never_followed_counts_with_its_whole_length() -> None:
    said = samples([HAPPY] * 2 + [SAD] * 4 + [HAPPY] * 2, [HAPPY] * 8)

    assert judged(said, raw(), hours=1.0)["delay_s"] == 1.0  # median of 2 s and none at all


def test_the_majority_passes_over_a_slip_and_is_late() -> None:
    said = samples([HAPPY] * 12 + [SAD] * 12, [HAPPY] * 5 + [SAD] + [HAPPY] * 6 + [SAD] * 12)

    judgement = judged(said, majority(), hours=1.0)

    assert judgement["false_switches_per_h"] == 0.0
    assert judgement["delay_s"] == 2.0


def test_six_frames_in_seven_are_right() -> None:
    made = list(stream(hours=0.5, seed=3))

    is_right = [sample.estimate.label is sample.truth for sample in made]

    assert sum(is_right) / len(made) == pytest.approx(6 / 7, abs=0.02)


def test_ours_switches_falsely_least_and_the_same_seed_tells_the_same() -> None:
    figures = compared(hours=0.5, seed=3)

    false_per_h = {name: each["false_switches_per_h"] for name, each in figures.items()}
    assert false_per_h["ours"] < false_per_h["majority10"] < false_per_h["raw"]
    assert compared(hours=0.5, seed=3) == figures
