"""Choosing: nearness, cooldown, artists, chance that can be repeated."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.choosing import choose
from soulsync_edge.domain.freshness import ChoiceRules, Heard
from soulsync_edge.domain.music_words import feel
from soulsync_edge.domain.track import Catalogue, catalogue_of
from tests.strategies import TRACK_IDS, a_track, affects, catalogues

NEAREST = ChoiceRules(cooldown_s=600, artist_gap=0, variety=0.0)
SPREAD = catalogue_of(a_track(f"t{n}", Affect(n / 5 - 0.5, 0.0)) for n in range(6))


@given(affects)
def test_without_variety_the_nearest_track_plays(target: Affect) -> None:
    choice = choose(SPREAD, target, (), now_s=0, seed="s", rules=NEAREST)

    assert choice is not None
    nearest = min(track.affect.distance_to(target) for track in SPREAD.tracks)
    assert choice.track.affect.distance_to(target) == pytest.approx(nearest)


@given(
    catalogue=catalogues,
    target=affects,
    heard=st.lists(st.tuples(st.sampled_from(TRACK_IDS), st.floats(0, 3000)), max_size=20),
    seed=st.text(max_size=5),
)
def test_a_track_within_its_cooldown_waits_while_another_can_play(
    catalogue: Catalogue, target: Affect, heard: list[tuple[str, float]], seed: str
) -> None:
    rules = replace(NEAREST, variety=0.5, artist_gap=2)
    ordered = sorted(heard, key=lambda entry: entry[1])
    history = tuple(Heard(track_id, "", at_s) for track_id, at_s in ordered)
    resting = {entry.track_id for entry in history if 3000 - entry.at_s < rules.cooldown_s}

    choice = choose(catalogue, target, history, now_s=3000, seed=seed, rules=rules)

    if not catalogue.tracks:
        assert choice is None
    elif history and len(catalogue.tracks) > 1 and not resting:
        assert choice is not None
        assert choice.track.track_id != history[-1].track_id
    elif not resting.issuperset(catalogue.by_id):
        assert choice is not None
        assert choice.track.track_id not in resting


def test_when_everything_rests_the_one_heard_longest_ago_plays_and_says_so() -> None:
    history = tuple(Heard(f"t{n}", "", 100.0 + n) for n in (3, 1, 0, 2, 5, 4))
    history = tuple(sorted(history, key=lambda entry: entry.at_s))

    choice = choose(SPREAD, Affect(0.5, 0), history, now_s=110, seed="s", rules=NEAREST)

    assert choice is not None
    assert choice.track.track_id == "t0"
    assert "longest ago" in choice.why


@given(catalogue=catalogues, target=affects, seed=st.text(max_size=5))
def test_the_same_seed_gives_the_same_choice(
    catalogue: Catalogue, target: Affect, seed: str
) -> None:
    rules = ChoiceRules()

    one = choose(catalogue, target, (), now_s=0, seed=seed, rules=rules)
    two = choose(catalogue, target, (), now_s=0, seed=seed, rules=rules)

    assert one == two


def test_chance_reaches_no_further_than_variety_allows() -> None:
    rules = replace(NEAREST, variety=0.25)

    chosen = {
        choice.track.track_id
        for seed in range(200)
        if (choice := choose(SPREAD, Affect(0.5, 0), (), now_s=0, seed=str(seed), rules=rules))
    }

    assert chosen == {"t5", "t4"}


def test_without_cooldown_the_track_just_heard_still_gives_way_to_another() -> None:
    rules = replace(NEAREST, cooldown_s=0)
    history = (Heard("t5", "", 100.0),)

    choice = choose(SPREAD, Affect(0.5, 0), history, now_s=200, seed="s", rules=rules)

    assert choice is not None
    assert choice.track.track_id == "t4"


def test_an_artist_just_heard_gives_way_to_a_neighbour() -> None:
    catalogue = catalogue_of(
        [a_track("a", Affect(0.0, 0.0), artist="Ada"), a_track("b", Affect(0.2, 0.0), artist="Bo")]
    )
    history = (Heard("x", "Ada", 0.0),)
    rules = replace(NEAREST, artist_gap=1)

    choice = choose(catalogue, Affect(0, 0), history, now_s=9999, seed="s", rules=rules)

    assert choice is not None
    assert choice.track.artist == "Bo"


def test_a_barred_track_is_never_chosen() -> None:
    only = catalogue_of([a_track("a", Affect(0, 0))])

    choice = choose(
        only, Affect(0, 0), (), now_s=0, seed="s", rules=NEAREST, barred=frozenset({"a"})
    )

    assert choice is None


@pytest.mark.parametrize(
    ("affect", "words"),
    [
        (Affect(0.6, 0.6), "lively and bright"),
        (Affect(-0.6, -0.6), "quiet and dark"),
        (Affect(0.0, 0.1), "in the middle"),
    ],
)
def test_a_place_has_words(affect: Affect, words: str) -> None:
    assert feel(affect) == words
