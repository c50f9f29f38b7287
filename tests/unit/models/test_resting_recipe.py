from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.recipes.emotion.resting_people import (
    actor_people,
    made_up_people,
    usual_neutral,
    with_resting_face,
)
from models.recipes.emotion.resting_report import (
    LEANS_FROM,
    carried_report,
    chosen_setting,
    report,
)
from models.recipes.emotion.resting_trials import (
    Floats,
    Looks,
    Setting,
    carried,
    effect_of,
    leaning_of,
    logs_of,
    resting_logs,
)
from soulsync_edge.adapters.actor_stage import Mix, load_faces
from soulsync_edge.domain.emotion import EMOTIONS, Emotion

SHIPPED = Path(__file__).parents[3] / "models"

NEUTRAL, HAPPY, SAD, ANGRY = (
    EMOTIONS.index(one) for one in (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY)
)
FULL = Setting(1.0, 9.0, only_lowers=False)


def shares(**of: float) -> list[float]:
    """Shares with the rest spread over the classes that are not named."""
    rest = (1 - sum(of.values())) / (len(EMOTIONS) - len(of))
    return [of.get(emotion.value, rest) for emotion in EMOTIONS]


USUAL = logs_of(shares(neutral=0.9, sad=0.05, angry=0.01))
LEANING = logs_of(shares(neutral=0.35, sad=0.6, angry=0.01))


def looks_at_two(person: tuple[int, int] = (0, 1)) -> Looks:
    """A face that leans to sad and reads so, and a usual one; each neutral and truly sad."""
    truly_sad = logs_of(shares(neutral=0.05, sad=0.9))
    resting = np.array([LEANING, USUAL])
    return Looks(
        logs=np.array([LEANING, truly_sad, USUAL, truly_sad]),
        truth=np.array([NEUTRAL, SAD, NEUTRAL, SAD]),
        face=np.array([0, 0, 1, 1]),
        picture=np.zeros(4, np.int64),
        offset=resting - USUAL,
        leaning=leaning_of(resting),
        person=np.array(person),
    )


@given(
    offset=hnp.arrays(np.float64, 8, elements=st.floats(-9, 9)),
    strength=st.floats(0, 1),
    most=st.floats(0.1, 3),
)
def test_a_shift_is_against_the_offset_and_within_its_cap(
    offset: Floats, strength: float, most: float
) -> None:
    both = Setting(strength, most, only_lowers=False).shift(offset)
    lowering = Setting(strength, most, only_lowers=True).shift(offset)

    assert (both * offset <= 0).all()
    assert (abs(both) <= most).all()
    assert np.array_equal(lowering, np.minimum(both, 0))


def test_log_shares_are_those_of_shares_that_sum_to_one() -> None:
    logs = logs_of([shares(sad=1.0), shares(happy=0.4, neutral=0.3)])

    assert np.exp(logs).sum(axis=-1) == pytest.approx([1, 1])
    assert np.exp(logs[1, HAPPY]) == pytest.approx(0.4)


def test_the_surer_look_counts_more_in_a_resting_face() -> None:
    sure, torn = logs_of(shares(neutral=0.9)), logs_of(shares(neutral=0.3, sad=0.3))

    resting = np.exp(resting_logs(np.array([sure, torn])))
    even = np.exp((sure + torn) / 2)

    assert resting.sum() == pytest.approx(1)
    assert resting[NEUTRAL] > even[NEUTRAL] / even.sum()


def test_no_strength_changes_nothing() -> None:
    effect = effect_of(Setting(0.0, 1.0, only_lowers=False), looks_at_two())

    assert [effect.complaints.difference, effect.sad.difference] == [0, 0]
    assert (effect.complaints.low, effect.complaints.high) == (0, 0)


def test_the_whole_offset_frees_the_leaning_face_and_leaves_a_clear_look() -> None:
    effect = effect_of(FULL, looks_at_two())

    assert (effect.complaints.before, effect.complaints.after) == (0.5, 0)
    assert (effect.neutral.before, effect.neutral.after) == (0.5, 1)
    assert (effect.sad.before, effect.sad.after) == (1, 0.5)
    assert effect.is_halved
    assert effect.sad.low <= effect.sad.difference <= effect.sad.high
    assert np.isnan(effect.happy.before)


def test_looks_of_one_person_do_not_count_as_two() -> None:
    apart, together = (
        effect_of(FULL, looks_at_two(person)).complaints for person in ((0, 1), (5, 5))
    )

    assert (apart.low, apart.high) == (-1, 0)
    assert (together.low, together.high) == (-0.5, -0.5)


def test_only_the_chosen_faces_are_kept() -> None:
    both = looks_at_two()

    usual = both.of(both.leaning < LEANS_FROM)

    assert usual.face.tolist() == [0, 0]
    assert usual.person.tolist() == [1]
    assert effect_of(FULL, usual).complaints.before == 0


def test_what_carries_over_is_the_slope_of_the_offset() -> None:
    random = np.random.default_rng(1)
    offset = np.zeros((60, 8))
    offset[:, SAD] = random.normal(0, 2, 60)
    logs = np.zeros((60, 8))
    logs[:, SAD] = 0.4 * offset[:, SAD] + 1 + random.normal(0, 0.1, 60)
    faces = np.arange(60)
    looks = Looks(
        logs, np.full(60, SAD), faces, np.zeros(60, np.int64), offset, np.zeros(60), faces
    )

    found = carried(looks, Emotion.SAD, Emotion.SAD)

    assert found.share == pytest.approx(0.4, abs=0.02)
    assert found.low < 0.4 < found.high
    assert found.looks == 60


@pytest.mark.parametrize("kept", [0.0, 1.0])
def test_made_up_people_keep_what_they_are_taken_to_keep(kept: float) -> None:
    neutral = np.array([[LEANING] * 48, [USUAL] * 48])
    expression = logs_of([shares(happy=0.8)])

    looks = made_up_people(neutral, expression, np.array([HAPPY]), USUAL, kept)

    happy = looks.logs[looks.truth == HAPPY]
    assert happy[0] == pytest.approx(expression[0] + kept * (LEANING - USUAL))
    assert happy[1] == pytest.approx(expression[0])
    assert (looks.truth == NEUTRAL).sum() == 48
    assert looks.leaning[0] > LEANS_FROM > looks.leaning[1]


def test_the_usual_neutral_face_is_between_the_faces() -> None:
    usual = np.exp(usual_neutral(np.array([[LEANING] * 3, [USUAL] * 3])))

    assert np.exp(USUAL[SAD]) < usual[SAD] < np.exp(LEANING[SAD])


def test_the_setting_that_halves_at_the_least_loss_is_chosen() -> None:
    looks = looks_at_two()

    chosen = chosen_setting(looks)

    effect = effect_of(chosen, looks.of(np.array([True, False])))
    assert effect.is_halved
    assert effect.loss == 0
    assert not effect_of(Setting(0.05, 9.0, only_lowers=False), looks).is_halved
    assert chosen.strength > 0.05


def test_the_report_says_which_parts_meet_the_bar() -> None:
    lines = list(
        report({"two": looks_at_two(), "none": looks_at_two().of(np.array([False, True]))}, "two")
    )

    row = next(line for line in lines if line.startswith("| two, leaning"))
    assert "100.0 → 0.0, -100.0" in row
    assert row.endswith("| met |")
    assert any(line.startswith("| none, leaning | 0 | -") for line in lines)


def test_the_report_of_what_carries_over_has_a_row_per_kind() -> None:
    faces = np.arange(6)
    offset = np.random.default_rng(1).normal(0, 1, (6, 8))
    kinds = (NEUTRAL, SAD, ANGRY, HAPPY)
    looks = Looks(
        np.concatenate([offset] * 4),
        np.repeat(kinds, 6),
        np.tile(faces, 4),
        np.zeros(24, np.int64),
        offset,
        np.zeros(6),
        faces,
    )

    rows = list(carried_report(looks))[2:]

    assert len(rows) == 6
    assert all("| 6 | 100 (100 to 100) |" in row for row in rows)


def test_a_resting_face_is_part_of_the_way_and_the_rest_stays() -> None:
    actor = load_faces(SHIPPED)

    rested = with_resting_face(actor, Emotion.SAD, 0.5)

    half, _ = actor.mixed(Mix(Emotion.NEUTRAL, Emotion.SAD, 0.5))
    assert np.array_equal(rested.textures[Emotion.NEUTRAL], half)
    assert np.array_equal(rested.textures[Emotion.HAPPY], actor.textures[Emotion.HAPPY])


def test_the_actor_far_on_the_way_to_sad_leans() -> None:
    looks = actor_people(SHIPPED, USUAL, ways=[(Emotion.SAD, 0.9)], seeds=[1], rate_hz=0.5)

    assert looks.leaning[0] > LEANS_FROM
    assert {EMOTIONS[number] for number in looks.truth} >= {Emotion.NEUTRAL, Emotion.ANGRY}
