"""The simulator: its listener, its face, its libraries, its ways to steer, and its arithmetic."""

import json
import math
import xml.etree.ElementTree as ET
from collections import Counter
from functools import cache
from itertools import pairwise
from statistics import correlation, fmean, pstdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.simulate.__main__ import main
from scripts.simulate.chance import drawn_from
from scripts.simulate.document import page
from scripts.simulate.evening import MINUTES, evening
from scripts.simulate.experiment import (
    OURS,
    SCENARIOS,
    WAYS,
    Cell,
    all_cells,
    outcomes,
    shipped_ear,
    shipped_reader,
    simulated,
)
from scripts.simulate.face import Face, FaceReader, likely_expressions
from scripts.simulate.figures import Figures, compared, figures
from scripts.simulate.library import Ear, Library, some_library, spread_of_truth
from scripts.simulate.listener import (
    BASELINE_RATE,
    MUSIC_RATE,
    NOISE,
    SINKING,
    Kind,
    Listener,
    some_listener,
)
from scripts.simulate.outcome import HELD_MIN, Outcome, outcome, reached_min, slope, spearman
from scripts.simulate.plot import simulation_svg
from scripts.simulate.steersmen import EXPECTED, LONGEST_STEP, Belief, Greedy, Jump, Match, mood_of
from soulsync_edge.domain.affect import CENTRE, Affect
from soulsync_edge.domain.emotion import AFFECT_OF, EMOTIONS, Emotion, EmotionEstimate
from soulsync_edge.domain.events import EstimateArrived
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal
from tests.strategies import affects

STILL = (0.0, 0.0)
SAD = AFFECT_OF[Emotion.SAD]
HAPPY = AFFECT_OF[Emotion.HAPPY]
SVG = "{http://www.w3.org/2000/svg}"
CELL = Cell(SCENARIOS[0], window=None)


def felt_after(listener: Listener, music: Affect | None, minutes: int, pieces: int = 60) -> Affect:
    felt = listener.start
    for _ in range(minutes * pieces):
        felt = listener.after(felt, music, 60 / pieces, STILL)
    return felt


def a_library(size: int = 60, ear: Ear | None = None) -> Library:
    return some_library(size, ear or shipped_ear(), drawn_from("a library"))


@pytest.mark.parametrize("pieces", [1, 60])
def test_without_music_a_feeling_returns_to_the_baseline_as_the_closed_form_says(
    pieces: int,
) -> None:
    listener = Listener(start=SAD)

    felt = felt_after(listener, None, 30, pieces)

    way = listener.baseline.distance_to(felt) / listener.baseline.distance_to(SAD)
    assert way == pytest.approx(math.exp(-BASELINE_RATE * 30))


@pytest.mark.parametrize("pieces", [1, 60])
def test_music_draws_a_feeling_to_the_weighted_mean_as_the_closed_form_says(pieces: int) -> None:
    listener = Listener(start=SAD)
    rate = BASELINE_RATE + MUSIC_RATE
    end = listener.baseline.towards(HAPPY, MUSIC_RATE / rate)

    felt = felt_after(listener, HAPPY, 10, pieces)

    assert felt.distance_to(end) == pytest.approx(SAD.distance_to(end) * math.exp(-rate * 10))


def test_a_feeling_wanders_as_much_as_the_closed_form_says() -> None:
    listener, chance = Listener(start=CENTRE, baseline=CENTRE), drawn_from("3")
    felt, seen = CENTRE, []
    for _ in range(20_000):
        noise = chance.gauss(0, 1), chance.gauss(0, 1)
        felt = listener.after(felt, CENTRE, 60.0, noise)
        seen.append(felt.valence)

    assert pstdev(seen) == pytest.approx(
        NOISE / math.sqrt(2 * (BASELINE_RATE + MUSIC_RATE)), rel=0.05
    )


def test_behind_a_window_music_far_off_moves_a_listener_less() -> None:
    far, near = Affect(0.8, 0.45), Affect(-0.5, -0.3)
    open_, closed = Listener(start=SAD), Listener(start=SAD, window=0.5)

    assert felt_after(closed, far, 5).distance_to(SAD) < 0.3 * felt_after(
        open_, far, 5
    ).distance_to(SAD)
    assert felt_after(closed, near, 5).distance_to(SAD) > 0.9 * felt_after(
        open_, near, 5
    ).distance_to(SAD)
    assert closed.openness(0.0) == 1.0


def test_other_listeners_respond_otherwise() -> None:
    def after(kind: Kind, music: Affect) -> Affect:
        return felt_after(Listener(start=SAD, kind=kind), music, 5)

    usual = after(Kind.USUAL, HAPPY)
    assert after(Kind.SLOW, HAPPY).valence < usual.valence < after(Kind.QUICK, HAPPY).valence
    assert after(Kind.CONTRARY, HAPPY).valence < SAD.valence
    assert after(Kind.UNMOVED, HAPPY) == felt_after(Listener(start=SAD), None, 5)
    assert after(Kind.BROODING, SAD).valence < SAD.valence - SINKING / 4
    assert after(Kind.BROODING, HAPPY) == usual


@given(felt=affects)
def test_what_a_feeling_looks_like_is_likeliest_what_lies_next_to_it(felt: Affect) -> None:
    likely = likely_expressions(felt)

    assert math.fsum(likely) == pytest.approx(1.0)
    plain = [Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY]
    nearest = min(plain, key=lambda emotion: felt.distance_to(AFFECT_OF[emotion]))
    assert likely[EMOTIONS.index(nearest)] == max(likely[EMOTIONS.index(one)] for one in plain)


@pytest.mark.parametrize("shown", [Emotion.NEUTRAL, Emotion.SAD, Emotion.FEAR])
def test_a_face_is_misread_as_often_as_was_measured(shown: Emotion) -> None:
    reader, chance, n = shipped_reader(), drawn_from("5"), 20_000
    row = reader.confusion[EMOTIONS.index(shown)]

    seen = Counter(reader.read(shown, chance).label for _ in range(n))

    for emotion, count in zip(EMOTIONS, row, strict=True):
        share = count / sum(row)
        error = 4 * math.sqrt(max(share * (1 - share), 1e-9) / n)
        assert abs(seen[emotion] / n - share) <= error, emotion


def test_readings_are_as_calibrated_as_was_measured() -> None:
    reader, chance = shipped_reader(), drawn_from("5")
    faces = [sum(row) for row in reader.confusion]
    truth = chance.choices(EMOTIONS, faces, k=30_000)

    read = [(shown, reader.read(shown, chance)) for shown in truth]

    for one in reader.bins:
        inside = [
            shown is estimate.label
            for shown, estimate in read
            if math.isclose(estimate.confidence, one.confidence)
        ]
        if one.n >= 90:
            assert fmean(inside) == pytest.approx(one.accuracy, abs=0.08)


def test_every_reading_is_a_distribution_led_by_what_was_read() -> None:
    reader = FaceReader(shipped_reader().confusion, shipped_reader().bins)

    for shown in EMOTIONS:
        chance = drawn_from("1")
        for _ in range(500):
            estimate = reader.read(shown, chance)
            assert max(estimate.probabilities) == estimate.confidence


def looks_at(kind: Kind, felt: Affect, count: int = 4000) -> list[EmotionEstimate]:
    face = Face(shipped_reader(), kind, drawn_from("9"))
    return [face.look(felt, 1.0) for _ in range(count)]


def test_an_expression_holds_for_some_seconds() -> None:
    seen = looks_at(Kind.USUAL, SAD)

    held = fmean(one is other for one, other in pairwise(seen))
    assert held == pytest.approx(math.exp(-1 / 5), abs=0.08)


def test_a_feeling_is_seen_weaker_than_it_is_and_weakest_on_a_poker_face() -> None:
    def seen(kind: Kind, felt: Affect) -> float:
        return fmean(one.affect.valence for one in looks_at(kind, felt))

    assert SAD.valence < seen(Kind.USUAL, SAD) < seen(Kind.POKER_FACE, SAD) < 0
    assert seen(Kind.RESTING_SAD, HAPPY) < seen(Kind.USUAL, HAPPY) - 0.05


def test_the_ear_is_as_far_off_as_was_measured() -> None:
    ear = shipped_ear()
    library = a_library(5000)
    tracks = library.catalogue.tracks
    for truth, own, r2, whole, left in (
        (
            [library.truth[track.track_id].valence for track in tracks],
            [track.affect.valence for track in tracks],
            ear.valence_r2,
            spread_of_truth().valence,
            ear.spread.valence,
        ),
        (
            [library.truth[track.track_id].arousal for track in tracks],
            [track.affect.arousal for track in tracks],
            ear.arousal_r2,
            spread_of_truth().arousal,
            ear.spread.arousal,
        ),
    ):
        assert pstdev(truth) == pytest.approx(whole, rel=0.05)
        assert correlation(truth, own) ** 2 == pytest.approx(r2, abs=0.05)
        errors = [true - heard for true, heard in zip(truth, own, strict=True)]
        assert pstdev(errors) == pytest.approx(left, rel=0.06)
        assert fmean(errors) == pytest.approx(0.0, abs=0.03)


def test_an_artist_mostly_keeps_to_one_quadrant() -> None:
    library = a_library(2000)
    by_artist: dict[str, list[str]] = {}
    for track in library.catalogue.tracks:
        by_artist.setdefault(track.artist, []).append(library.truth[track.track_id].quadrant)

    same = [one == other for each in by_artist.values() for one, other in pairwise(each)]

    assert fmean(same) > 0.6  # by chance it would be a quarter


@pytest.mark.parametrize("way", WAYS)
def test_every_way_is_the_same_from_the_same_seed_and_repeats_no_track(way: str) -> None:
    library = a_library(100)

    def played(seed: str) -> list[str]:
        listener = some_listener(SAD, None, Kind.USUAL, drawn_from(seed))
        steersman = WAYS[way](library.catalogue, Goal.LIFT, seed)
        happened = evening(listener, library, steersman, shipped_reader(), seed)
        return [track.track_id for track in happened.tracks]

    tracks = played("1")

    assert tracks == played("1")
    assert len(set(tracks)) == len(tracks)
    assert len(tracks) == pytest.approx(MINUTES / 3.5, abs=3)


def test_the_yardsticks_do_what_they_are_called_after() -> None:
    library = a_library(300)
    goal = AFFECT_OF_GOAL[Goal.LIFT]
    look = EstimateArrived(0.0, (0, 0, 0, 1, 0, 0, 0, 0), 1.0, 1)

    def first(steersman: Match | Jump | Greedy) -> Affect:
        for second in range(30):
            steersman.after(EstimateArrived(float(second), look.probabilities, 1.0, 1))
        track = steersman.begin(30.0)
        assert track is not None
        return track.affect

    assert first(Match(library.catalogue, Goal.LIFT, "")).distance_to(SAD) < 0.3
    assert first(Jump(library.catalogue, Goal.LIFT, "")).distance_to(goal) < 0.3
    greedy = Greedy(library.catalogue, Goal.LIFT, "")
    places = [SAD, first(greedy)]
    for _ in range(4):
        places.append(greedy.pick(SAD).affect)
        greedy.played.append(next(t for t in greedy.rested if t.affect == places[-1]))
    assert all(one.distance_to(other) <= LONGEST_STEP for one, other in pairwise(places))
    assert places[-1].distance_to(goal) < 0.3


def test_a_bandit_comes_to_believe_what_pays() -> None:
    belief, chance = Belief(), drawn_from("2")
    pays = [0.0, -0.2, 0.0, 0.3, 0.0, 0.0]
    first = [belief.drawn(chance) for _ in range(400)]
    for _ in range(400):
        features = [chance.uniform(-1, 1) for _ in pays]
        belief.learn(np.array(features), sum(w * f for w, f in zip(pays, features, strict=True)))

    assert list(np.mean(first, axis=0)) == pytest.approx(list(EXPECTED), abs=0.03)
    assert list(belief.drawn(chance)) == pytest.approx(pays, abs=0.06)


def test_a_mood_is_the_appliances_own_smoothing_of_the_last_looks() -> None:
    happy = (0, 1, 0, 0, 0, 0, 0, 0)

    seen = mood_of([EstimateArrived(float(at), happy, 0.9, 1) for at in range(20)])

    assert seen.distance_to(HAPPY) < 1e-9
    assert mood_of([]) == CENTRE


def test_a_goal_is_reached_when_it_is_held() -> None:
    away, there = Affect(-0.5, 0.0), Affect(0.5, 0.0)
    held = (there,) * (HELD_MIN * 60 + 1)

    assert reached_min((away,) * 120 + held, there, 0.3) == 2.0
    assert reached_min((away,) * 120 + held[1:], there, 0.3) is None
    assert reached_min((*held[1:], away, *held[1:]), there, 0.3) is None


def test_slope_and_rank_correlation_are_those_of_the_textbook() -> None:
    assert slope([1.0, 2.0, 3.0]) == pytest.approx(1.0)
    assert spearman([0.0, 0.1, 5.0, 60.0]) == pytest.approx(1.0)
    assert spearman([3.0, 2.0, 1.0]) == pytest.approx(-1.0)
    assert spearman([1.0, 3.0, 2.0, 4.0]) == pytest.approx(0.8)
    assert spearman([1.0, 1.0]) == slope([1.0]) == 0.0


@given(values=st.lists(st.integers(-9, 9), min_size=2, max_size=9))
def test_equal_values_share_their_rank(values: list[int]) -> None:
    ranks = [fmean(place for place, one in enumerate(sorted(values)) if one == v) for v in values]

    assert spearman([float(v) for v in values]) == pytest.approx(slope(ranks))


def test_a_jump_is_a_long_first_step_from_the_mood_that_was_seen() -> None:
    library = a_library(300)
    listener = Listener(start=SAD)
    jump = Jump(library.catalogue, Goal.LIFT, "1")

    happened = evening(listener, library, jump, shipped_reader(), "1")
    came = outcome(happened, library, AFFECT_OF_GOAL[Goal.LIFT])

    first = happened.seen.distance_to(happened.tracks[0].affect)
    assert came.longest_step == first > LONGEST_STEP
    assert not came.is_gentle


def test_the_same_seed_gives_the_same_figures_in_one_process_and_in_two() -> None:
    cells = [CELL, Cell(SCENARIOS[1], 0.8, tracks=50)]

    [*alone], [*together] = (list(simulated(cells, 1, 4, processes)) for processes in (1, 2))

    assert alone == together
    assert outcomes(CELL, 0, 4) != outcomes(CELL, 0, 5)


def some(*, is_reached: bool, step: float = 0.4) -> Outcome:
    minutes = 20.0 if is_reached else None
    return Outcome(minutes, 0.1, step, step, own_beta=0.5, own_spearman=0.5, true_spearman=0.3)


def test_ahead_and_behind_is_what_pairs_of_runs_say() -> None:
    runs = [
        {
            OURS: some(is_reached=run % 4 > 0),
            "random": some(is_reached=run % 8 == 7),
            "match": some(is_reached=run % 4 != 1),
            "jump": some(is_reached=True, step=1.2),
        }
        for run in range(40)
    ]

    found = compared(CELL, runs)

    assert found.way(OURS).reached.value == 0.75
    assert found.way(OURS).ahead.value == 0
    [random_, match, jump] = (found.way(way) for way in ("random", "match", "jump"))
    assert random_.ahead.low > 0.4
    assert match.ahead.low < 0 < match.ahead.high
    assert jump.ahead.high < 0
    assert jump.ahead_gently.value == 0.75
    assert jump.gentle.value == 0


@cache
def made_up() -> Figures:
    """Figures in which ours reaches the goal every second time, jump every time, others never."""
    runs = [
        {
            way: some(is_reached=way == "jump" or (way == OURS and run % 2 == 0), step=1.0)
            for way in WAYS
        }
        for run in range(20)
    ]
    return figures(20, 1, [compared(cell, runs) for cell in all_cells()])


def test_the_page_says_where_ours_does_not_win_and_that_nobody_was_measured() -> None:
    told = page(made_up())

    assert told.startswith("# Simulated: ")
    assert "**Nobody was measured.**" in told
    n = len(all_cells())
    assert f"- Ours against *jump*, reaching the goal: behind in {n} of {n}." in told
    assert f"- Ours against *random*, reaching the goal: ahead in {n} of {n}." in told
    assert "- Ours loses to *jump* on reaching the goal: sad to lift, no window; " in told
    assert "- Ours is not shown to beat *jump* on reaching it without a step over 0.6: " in told
    assert "0.36" in told


def test_the_plot_is_an_svg_for_light_and_dark_pages_that_tells_itself_simulated() -> None:
    drawn = simulation_svg(made_up())

    root = ET.fromstring(drawn)  # noqa: S314  # our own drawing
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert root.findtext(f"{SVG}title", "").startswith("Simulated")
    assert "sad to lift, no window: random 0%, gently 0%" in root.findtext(f"{SVG}desc", "")
    assert "prefers-color-scheme: dark" in drawn
    assert all(words.count(way) == len(SCENARIOS) for way in WAYS)


def test_a_quick_run_prints_its_tables_and_that_they_are_simulated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--quick", "--only", "tired to energise, window 0.8", "--processes", "1"]) == 0

    said = capsys.readouterr().out
    assert said.startswith("Simulated: 2 evenings")
    assert "| **ours** |" in said
    assert "Ours against *jump*, reaching the goal" in said


def test_json_holds_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--quick", "--json", "--only", "neutral to focus, no window", "--processes", "1"]

    assert main(arguments) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "simulated"
    [one] = told["compared"]
    assert [way["name"] for way in one["ways"]] == list(WAYS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--write", "--quick"], "not with --quick or --only"),
        (["--only", "nonsense"], "there is: sad to lift, no window;"),
        (["--runs", "0"], "must be 1 or more"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)

    assert words in capsys.readouterr().err


def test_no_two_circumstances_have_the_same_name() -> None:
    names = [cell.name for cell in all_cells()]

    assert len(set(names)) == len(names)
