"""Choosing: near, fresh, allowed, going along with the last; by chance that can be repeated."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.choosing import choose
from soulsync_edge.domain.freshness import ChoiceRules, Heard
from soulsync_edge.domain.music_words import feel
from soulsync_edge.domain.rail import rail
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of
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
    assert choice.why == "all that may play now was heard lately; this one longest ago"


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


ANYWHERE = replace(NEAREST, variety=0.25)
SAFE = rail(Affect(-0.3, -0.2), Affect(0.5, 0.2))


@given(
    catalogue=catalogues,
    target=st.none() | affects,
    heard=st.lists(st.tuples(st.sampled_from(TRACK_IDS), st.floats(0, 3000)), max_size=8),
    seed=st.text(max_size=5),
)
def test_nothing_is_chosen_that_is_not_allowed(
    catalogue: Catalogue, target: Affect | None, heard: list[tuple[str, float]], seed: str
) -> None:
    history = tuple(Heard(name, "", at_s) for name, at_s in sorted(heard, key=lambda one: one[1]))

    choice = choose(
        catalogue, target, history, now_s=3000, seed=seed, rules=ANYWHERE,
        safe=SAFE,
    )  # fmt: skip

    allowed = [track for track in catalogue.tracks if SAFE.allows(track.affect)]
    assert (choice is None) == (not allowed)
    assert choice is None or choice.track in allowed


def test_without_a_target_any_rested_track_may_play_wherever_it_lies() -> None:
    history = (Heard("t0", "", 100.0),)

    chosen = [
        choose(SPREAD, None, history, now_s=200, seed=str(seed), rules=ANYWHERE)
        for seed in range(120)
    ]

    counts = {
        name: sum(choice is not None and choice.track.track_id == name for choice in chosen)
        for name in SPREAD.by_id
    }
    assert counts.pop("t0") == 0
    assert min(counts.values()) >= 12  # 24 on average
    assert all(choice is not None and "chance" in choice.why for choice in chosen)


def test_without_a_target_one_track_that_may_play_is_found_among_thousands() -> None:
    crowd = catalogue_of(a_track(f"c{number:04}", Affect(0, 0)) for number in range(3000))
    barred = frozenset(crowd.by_id) - {"c1234"}

    choice = choose(crowd, None, (), now_s=0, seed="s", rules=ANYWHERE, barred=barred)

    assert choice is not None
    assert choice.track.track_id == "c1234"


def sounding(name: str, tempo_bpm: float) -> Track:
    sound = Sound(tempo_bpm, 0, is_minor=False, danceability=0.5, loudness_lufs=-14,
                  true_peak_dbtp=-1)  # fmt: skip
    return replace(a_track(name, Affect(0.1, 0.0)), sound=sound)


def test_of_equals_the_one_whose_tempo_goes_along_plays() -> None:
    catalogue = catalogue_of([sounding("a", 84), sounding("b", 118), sounding("last", 120)])
    history = (Heard("last", "", 0.0),)

    choice = choose(catalogue, Affect(0.1, 0), history, now_s=9999, seed="s", rules=NEAREST)

    assert choice is not None
    assert choice.track.track_id == "b"


def test_an_album_just_heard_gives_way_to_a_neighbour_for_a_while() -> None:
    same, other = a_track("a", Affect(0.0, 0.0)), a_track("b", Affect(0.2, 0.0))
    catalogue = catalogue_of([replace(same, album="Blue Hours"), other])
    history = (Heard("x", "", 0.0, "Blue Hours"), Heard("y", "", 1.0), Heard("z", "", 2.0))

    def chosen(gap: int) -> str:
        choice = choose(
            catalogue, Affect(0, 0), history, now_s=9999, seed="s",
            rules=replace(NEAREST, album_gap=gap),
        )  # fmt: skip
        assert choice is not None
        return choice.track.track_id

    assert (chosen(2), chosen(3)) == ("a", "b")


def test_a_place_that_is_surer_is_worth_some_distance() -> None:
    vague = replace(a_track("vague", Affect(0.0, 0.0)), affect_spread=Spread(0.6, 0.6))
    sure = replace(a_track("sure", Affect(0.3, 0.0)), affect_spread=Spread(0.1, 0.1))

    choice = choose(catalogue_of([vague, sure]), Affect(0, 0), (), now_s=0, seed="s", rules=NEAREST)

    assert choice is not None
    assert choice.track.track_id == "sure"


def test_where_the_mood_is_unsure_the_way_music_goes_on_counts_for_more() -> None:
    far = replace(sounding("far", 120), affect=Affect(0.8, 0.0))
    catalogue = catalogue_of([sounding("near", 84), far, sounding("last", 120)])
    history = (Heard("last", "", 0.0),)

    def chosen(unsure: Spread | None) -> str:
        choice = choose(
            catalogue, Affect(0.1, 0), history, now_s=9999, seed="s", rules=NEAREST, unsure=unsure
        )
        assert choice is not None
        return choice.track.track_id

    assert (chosen(None), chosen(Spread(0.7, 0.7))) == ("near", "far")


def test_the_why_line_tells_how_the_track_is_against_the_last() -> None:
    history = (Heard("t0", "", 0.0),)

    choice = choose(SPREAD, Affect(0.5, 0), history, now_s=9999, seed="s", rules=NEAREST)

    assert choice is not None
    assert choice.why == (
        "a close match for bright music, going by its mood tag; much brighter than the last"
    )


def test_far_more_tracks_about_the_target_than_are_weighed_still_leave_it_near() -> None:
    crowd = catalogue_of(
        a_track(f"c{number:05}", Affect(number % 200 / 100 - 1, number // 200 / 50 - 1))
        for number in range(20_000)
    )

    choice = choose(crowd, Affect(0.3, 0.2), (), now_s=0, seed="s", rules=NEAREST)

    assert choice is not None
    assert choice.track.affect.distance_to(Affect(0.3, 0.2)) < 0.1
