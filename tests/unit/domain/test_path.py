"""The planned path: small steps from the mood to the goal, safe, fresh, and told in words."""

import math
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect, Spread, clamped
from soulsync_edge.domain.costs import cost_at
from soulsync_edge.domain.freshness import ChoiceRules, Heard
from soulsync_edge.domain.journey import AT_END, Journey, PathRules, steps_for, waypoints
from soulsync_edge.domain.mood_words import AFFECT_OF_WORD
from soulsync_edge.domain.music_words import compared
from soulsync_edge.domain.path import MusicPath, plan, plan_for
from soulsync_edge.domain.path_search import REACH, playing_time_s, step_cost
from soulsync_edge.domain.rail import SLACK, rail
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of
from tests.strategies import TRACK_IDS, a_track, affects, catalogues

RULES = PathRules()
STRICT = PathRules(choice=ChoiceRules(variety=0.0))
SAD_TO_HAPPY = Journey(AFFECT_OF_WORD["sad"], AFFECT_OF_WORD["happy"], "sad", "happy")


def on_a_grid() -> Catalogue:
    """A library with a track wherever music may sit, by many artists, of every sound."""
    chance = random.Random(4)  # noqa: S311  # a made-up library
    tracks = []
    for number in range(21 * 21):
        place = (number // 21 / 10 - 1, number % 21 / 10 - 1)
        affect = clamped(*(axis + chance.uniform(-0.04, 0.04) for axis in place))
        track = a_track(f"t{number}", affect, artist=f"a{number % 40}")
        sound = Sound(chance.uniform(60, 180), chance.randrange(12), chance.random() < 0.4, 0.5,
                      chance.uniform(-24, -8), -1.0)  # fmt: skip
        spread = Spread(chance.uniform(0.1, 0.4), chance.uniform(0.1, 0.3))
        tracks.append(replace(track, sound=sound, affect_spread=spread))
    return catalogue_of(tracks)


DENSE = on_a_grid()


def lengths(path: MusicPath) -> list[float]:
    return [one.affect.distance_to(other.affect) for one, other in pairwise(path.tracks)]


def planned(
    catalogue: Catalogue, journey: Journey = SAD_TO_HAPPY, *, steps: int | None = None
) -> MusicPath:
    path = plan(catalogue, journey, seed="s", rules=STRICT, steps=steps)
    assert path is not None
    return path


def scattered(*places: tuple[float, float]) -> Catalogue:
    return catalogue_of(a_track(f"t{n}", Affect(*place)) for n, place in enumerate(places))


@given(affects, affects, st.text(max_size=5))
def test_where_the_library_has_everything_the_path_keeps_every_promise(
    start: Affect, goal: Affect, seed: str
) -> None:
    journey = Journey(start, goal)

    path = plan(DENSE, journey, seed=seed, rules=RULES)

    assert path is not None
    assert path.remarks == ()
    assert len(path.tracks) == steps_for(start, goal)
    assert len({track.track_id for track in path.tracks}) == len(path.tracks)
    assert path.tracks[0].affect.distance_to(start) <= AT_END
    assert path.tracks[-1].affect.distance_to(goal) <= AT_END
    assert max(lengths(path)) <= RULES.longest_step
    assert sum(journey.lingers_at(track.affect) for track in path.tracks) <= RULES.most_at_start


any_history = st.lists(st.tuples(st.sampled_from(TRACK_IDS), st.floats(0, 3000)), max_size=8)


@given(
    catalogue=catalogues,
    ends=st.tuples(affects, affects),
    steps=st.none() | st.integers(1, 20),
    heard=any_history,
    barred=st.frozensets(st.sampled_from(TRACK_IDS), max_size=3),
    seed=st.text(max_size=5),
)
def test_any_library_gives_a_safe_path_without_repeats_or_none(  # as many wishes
    catalogue: Catalogue,
    ends: tuple[Affect, Affect],
    steps: int | None,
    heard: list[tuple[str, float]],
    barred: frozenset[str],
    seed: str,
) -> None:
    history = tuple(
        Heard(track_id, "Ada", at_s) for track_id, at_s in sorted(heard, key=lambda entry: entry[1])
    )
    start, goal = ends
    safe = rail(start, goal)
    playable = {
        track.track_id
        for track in catalogue.tracks
        if track.track_id not in barred and safe.allows(track.affect)
    }
    wishes = {"steps": steps, "history": history, "now_s": 3000.0, "barred": barred}

    path = plan(catalogue, Journey(start, goal), seed=seed, rules=RULES, **wishes)  # type: ignore[arg-type]  # a wish each

    assert (path is None) == (not playable)
    if path is not None:
        ids = [track.track_id for track in path.tracks]
        assert len(set(ids)) == len(ids) <= (steps or steps_for(start, goal))
        assert playable.issuperset(ids)
        assert all(stop.why for stop in path.stops)
        assert path == plan(catalogue, Journey(start, goal), seed=seed, rules=RULES, **wishes)  # type: ignore[arg-type]  # as above


@given(affects, affects, st.text(max_size=5))
def test_no_track_is_deeper_in_the_dark_than_the_ends(
    start: Affect, goal: Affect, seed: str
) -> None:
    path = plan(DENSE, Journey(start, goal), seed=seed, rules=RULES)

    assert path is not None
    least = min(start.valence, goal.valence, 0.0) - SLACK
    assert all(track.affect.valence >= least for track in path.tracks)


def test_a_library_that_is_all_deeper_in_the_dark_gives_none() -> None:
    assert plan(scattered((-0.9, 0.9)), SAD_TO_HAPPY, seed="s", rules=RULES) is None


def greedy(catalogue: Catalogue, points: list[Affect]) -> list[Track]:
    """The baseline: at every waypoint the track that is cheapest there and then."""
    chosen: list[Track] = []
    for point in points:
        chosen.append(
            min(
                (track for track in catalogue.tracks if track not in chosen),
                key=lambda track: costs([*chosen, track], [*points[: len(chosen)], point]),
            )
        )
    return chosen


def costs(tracks: list[Track], points: list[Affect]) -> float:
    pairs = list(zip(pairwise(tracks), pairwise(points), strict=True))
    steps = (
        step_cost(one, other, STRICT.longest_step, moves=here.distance_to(there) >= 0.15)
        for (one, other), (here, there) in pairs
    )
    return math.fsum(map(cost_at, tracks, points)) + math.fsum(steps)


@pytest.mark.parametrize("seed", range(20))
def test_planning_ahead_is_never_dearer_than_going_step_by_step(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a made-up library
    # By artists nobody knows, near the way: nothing counts but places and steps.
    catalogue = catalogue_of(
        a_track(
            f"t{number}",
            clamped(share * 1.45 - 0.65 + chance.gauss(0, 0.08), share * 0.8 - 0.35),
        )
        for number in range(48)
        for share in (chance.random(),)
    )
    points = waypoints(SAD_TO_HAPPY.start, SAD_TO_HAPPY.goal, 7)
    safe = rail(SAD_TO_HAPPY.start, SAD_TO_HAPPY.goal)
    moving = [track for track in catalogue.tracks if safe.allows(track.affect)]

    path = planned(catalogue, steps=7)

    step_by_step = greedy(catalogue_of(moving), points)
    if all(
        SAD_TO_HAPPY.lingers_at(track.affect) == (n < 2) for n, track in enumerate(step_by_step)
    ):
        assert costs(list(path.tracks), points) <= costs(step_by_step, points) + 1e-9


def test_the_way_does_not_lead_back_where_it_need_not() -> None:
    start, goal = SAD_TO_HAPPY.start, SAD_TO_HAPPY.goal
    shares = (0.0, 0.05, 0.3, 0.35, 0.6, 0.65, 0.95, 1.0)

    path = planned(
        scattered(*((p.valence, p.arousal) for p in (start.towards(goal, s) for s in shares)))
    )

    left = [track.affect.distance_to(goal) for track in path.tracks]
    assert len(left) == 7
    assert left == sorted(left, reverse=True)


def test_a_piece_too_long_for_the_time_gives_way_to_a_shorter_one() -> None:
    mix = a_track("mix", SAD_TO_HAPPY.goal, duration_s=7200.0)
    song = a_track("song", Affect(0.85, 0.6))
    catalogue = catalogue_of([*scattered((-0.65, -0.35), (0.1, 0.0)).tracks, mix, song])

    path = plan_for(catalogue, SAD_TO_HAPPY, length_s=600, seed="s", rules=STRICT)

    assert path is not None
    assert [track.track_id for track in path.tracks] == ["t0", "t1", "song"]


def test_another_seed_may_take_another_path() -> None:
    paths = {
        path.tracks
        for seed in range(10)
        if (path := plan(DENSE, SAD_TO_HAPPY, seed=str(seed), rules=RULES))
    }

    assert len(paths) > 5


def test_a_track_that_is_less_sure_gives_way_to_one_that_lies_a_little_off() -> None:
    catalogue = catalogue_of(
        [
            replace(a_track("vague", SAD_TO_HAPPY.goal), affect_spread=Spread(0.6, 0.6)),
            a_track("sure", Affect(0.7, 0.35)),
        ]
    )

    assert planned(catalogue, steps=1).tracks[0].track_id == "sure"


def test_the_tempo_goes_along_where_places_are_equal() -> None:
    slow = Sound(70, 0, is_minor=False, danceability=0.5, loudness_lufs=-14, true_peak_dbtp=-1)
    middle = SAD_TO_HAPPY.start.towards(SAD_TO_HAPPY.goal, 0.5)
    tracks = [
        replace(a_track("start", SAD_TO_HAPPY.start), sound=slow),
        replace(a_track("fast", middle), sound=replace(slow, tempo_bpm=105.0)),
        replace(a_track("same", middle), sound=replace(slow, tempo_bpm=72.0)),
        a_track("goal", SAD_TO_HAPPY.goal),
    ]
    once = replace(STRICT, most_at_start=1)

    path = plan(catalogue_of(tracks), SAD_TO_HAPPY, seed="s", rules=once, steps=3)

    assert path is not None
    assert [track.track_id for track in path.tracks] == ["start", "same", "goal"]


def test_an_artist_is_not_heard_twice_in_a_row_where_another_is_as_near() -> None:
    start, goal = SAD_TO_HAPPY.start, SAD_TO_HAPPY.goal
    tracks = [
        a_track(f"{artist}{number}", start.towards(goal, share), artist=artist)
        for number, share in enumerate((0, 0, 1 / 3, 2 / 3, 1))
        for artist in ("Ada", "Bo", "Cy")
    ]

    artists = [track.artist for track in planned(catalogue_of(tracks), steps=5).tracks]

    assert all(one != other for one, other in pairwise(artists))
    assert all(one != other for one, other in zip(artists, artists[2:], strict=False))


def test_a_track_in_its_cooldown_comes_only_when_there_are_too_few_others() -> None:
    def tracks_with(heard: str) -> list[str]:
        path = plan(
            scattered((0.8, 0.45), (0.7, 0.45), (0.6, 0.45)),
            SAD_TO_HAPPY,
            seed="s",
            rules=replace(STRICT, most_at_start=0),
            steps=2,
            history=(Heard(heard, "", 100.0),),
            now_s=200.0,
        )
        assert path is not None
        return [track.track_id for track in path.tracks]

    assert "t0" not in tracks_with("t0")
    assert "t0" in tracks_with("t1")
    few = plan(
        scattered((0.8, 0.45), (0.7, 0.45)),
        SAD_TO_HAPPY,
        seed="s",
        rules=replace(STRICT, most_at_start=0),
        steps=2,
        history=(Heard("t0", "", 100.0),),
        now_s=200.0,
    )
    assert few is not None
    assert {track.track_id for track in few.tracks} == {"t0", "t1"}


def test_a_new_plan_goes_on_from_the_track_that_was_heard() -> None:
    heard = a_track("heard", Affect(-0.3, -0.15), artist="Ada")
    catalogue = catalogue_of(
        [
            heard,
            a_track("Ada", Affect(0.07, 0.05), artist="Ada"),
            a_track("Bo", Affect(0.05, 0.05), artist="Bo"),
            a_track("goal", SAD_TO_HAPPY.goal),
        ]
    )

    path = plan(
        catalogue,
        replace(SAD_TO_HAPPY, start=heard.affect),
        seed="s",
        rules=replace(STRICT, most_at_start=0),
        steps=2,
        history=(Heard("heard", "Ada", 0.0),),
        now_s=200.0,
    )

    assert path is not None
    assert [track.track_id for track in path.tracks] == ["Bo", "goal"]
    assert path.stops[0].why.startswith("brighter and a little livelier than the last")


def test_a_place_between_is_taken_though_hundreds_lie_nearer_to_the_waypoint() -> None:
    start, goal = SAD_TO_HAPPY.start, SAD_TO_HAPPY.goal
    # From the crowd, a third of the way on, the next track would be a leap.
    crowd, bridge = start.towards(goal, 0.27), start.towards(goal, 0.32)
    places = [start, start.towards(goal, 0.655), goal, *[crowd] * 300]
    places += [Affect(bridge.valence - 0.1, bridge.arousal + 0.17)]

    path = planned(scattered(*((place.valence, place.arousal) for place in places)), steps=4)

    assert len(path.tracks) == 4
    assert max(lengths(path)) <= 0.6


def test_staying_where_the_music_should_move_on_costs_and_so_does_a_leap() -> None:
    here, near, step, leap = (a_track("t", Affect(valence, 0)) for valence in (0, 0.05, 0.5, 0.7))

    assert step_cost(here, near, 0.6, moves=True) > step_cost(here, near, 0.6, moves=False) > 0
    assert step_cost(here, step, 0.6, moves=True) == step_cost(here, step, 0.6, moves=False)
    assert step_cost(here, leap, 0.6, moves=True) > 3 > step_cost(here, leap, 0.8, moves=True)


def test_a_library_with_a_hole_leaps_over_it_rather_than_not_arrive_and_says_so() -> None:
    path = planned(scattered((-0.65, -0.35), (-0.6, -0.3), (0.75, 0.4), (0.8, 0.45)))

    assert path.tracks[0].affect.distance_to(SAD_TO_HAPPY.start) <= AT_END
    assert path.tracks[-1].affect.distance_to(SAD_TO_HAPPY.goal) <= AT_END
    assert any("big step" in remark for remark in path.remarks)
    assert any("instead of 7 tracks" in remark for remark in path.remarks)


def test_a_library_all_in_one_corner_gives_two_tracks_and_says_that_it_does_not_arrive() -> None:
    path = planned(scattered(*[(-0.6, -0.3)] * 20))

    assert len(path.tracks) == 2
    assert "it has 2 instead of 7 tracks: there are no more that fit" in path.remarks
    assert "it does not arrive: there is no music near happy to end with" in path.remarks


def test_a_library_without_the_start_begins_as_near_as_it_can_and_says_so() -> None:
    path = planned(scattered((0.1, 0.0), (0.4, 0.2), (0.8, 0.45)), steps=3)

    assert [track.track_id for track in path.tracks] == ["t0", "t1", "t2"]
    assert path.remarks == ("it does not begin quite at the start: there is no music near sad",)
    assert path.stops[0].why.startswith("the nearest there is to begin with")


def test_every_stop_says_why_it_is_there() -> None:
    start, goal = SAD_TO_HAPPY.start, SAD_TO_HAPPY.goal
    places = (start, start, start.towards(goal, 0.35), start.towards(goal, 0.65), goal, goal)
    catalogue = catalogue_of(a_track(f"t{n}", place) for n, place in enumerate(places))

    whys = [stop.why for stop in planned(catalogue).stops]

    assert whys == [
        "starts where the mood is: quiet and dark, going by its mood tag",
        "stays with the mood once more: quiet and dark, going by its mood tag",
        "brighter and a little livelier than the last, going by its mood tag",
        "brighter and a little livelier than the last, going by its mood tag",
        "arrives at the goal: happy, going by its mood tag",
        "stays at the goal: happy, going by its mood tag",
    ]


@pytest.mark.parametrize(
    ("affect", "words"),
    [
        (Affect(0.05, -0.05), "much like"),
        (Affect(0.2, 0.2), "a little brighter and livelier than"),
        (Affect(-0.7, 0.0), "much darker than"),
        (Affect(0.4, -0.2), "brighter and a little quieter than"),
    ],
)
def test_music_is_compared_in_words(affect: Affect, words: str) -> None:
    assert compared(affect, Affect(0, 0)) == words


def test_a_long_time_is_spent_at_the_goal() -> None:
    journey = Journey(AFFECT_OF_WORD["sad"], AFFECT_OF_WORD["calm"], "sad", "calm")

    path = plan_for(DENSE, journey, length_s=3600, seed="s", rules=RULES)

    assert path is not None
    assert playing_time_s(path.tracks) == 3600
    assert len(set(path.tracks)) == len(path.tracks) == 20
    assert max(lengths(path)) <= RULES.longest_step
    way = steps_for(journey.start, journey.goal)
    assert all(track.affect.distance_to(journey.goal) <= REACH for track in path.tracks[way:])
    assert path.stops[-1].why == "stays at the goal: calm, going by its mood tag"
    assert path.remarks == ()


@pytest.mark.parametrize(("minutes", "tracks"), [(0.1, 1), (3, 1), (6.5, 2), (15, 5)])
def test_a_short_time_has_fewer_steps(minutes: float, tracks: int) -> None:
    path = plan_for(DENSE, SAD_TO_HAPPY, length_s=minutes * 60, seed="s", rules=RULES)

    assert path is not None
    assert len(path.tracks) == tracks


def test_a_time_shorter_than_any_piece_is_one_piece() -> None:
    path = plan_for(scattered((0.8, 0.45)), SAD_TO_HAPPY, length_s=10, seed="s", rules=RULES)

    assert path is not None
    assert len(path.tracks) == 1


def test_two_tracks_say_that_they_leave_no_room_for_small_steps() -> None:
    path = plan_for(DENSE, SAD_TO_HAPPY, length_s=360, seed="s", rules=RULES)

    assert path is not None
    assert path.remarks == ("it takes big steps: so few tracks leave no room for smaller ones",)


def test_music_that_ends_before_the_time_is_up_says_so() -> None:
    path = plan_for(
        scattered((-0.65, -0.35), (0.1, 0.0), (0.8, 0.45), (0.5, -0.6)),
        SAD_TO_HAPPY,
        length_s=3600,
        seed="s",
        rules=RULES,
    )

    assert path is not None
    assert path.remarks[-1] == "it is 9 of 60 minutes: there is no more music near happy"


def test_a_track_that_does_not_tell_its_length_counts_as_a_usual_one() -> None:
    unknown = a_track("a", Affect(0, 0), duration_s=0.0)

    assert playing_time_s((unknown, a_track("b", Affect(0, 0), duration_s=90.0))) == 300.0


@given(catalogues, affects, affects, st.floats(1, 20_000), st.text(max_size=5))
def test_any_library_gives_a_path_for_any_time_or_none(
    catalogue: Catalogue, start: Affect, goal: Affect, length_s: float, seed: str
) -> None:
    path = plan_for(catalogue, Journey(start, goal), length_s=length_s, seed=seed, rules=RULES)

    if path is None:
        safe = rail(start, goal)
        assert not any(safe.allows(track.affect) for track in catalogue.tracks)
    else:
        assert len({track.track_id for track in path.tracks}) == len(path.tracks)


def test_no_track_lies_where_it_is_not_allowed() -> None:
    out = Affect(0.07, 0.05)

    path = plan(
        DENSE,
        SAD_TO_HAPPY,
        seed="s",
        rules=RULES,
        allows=lambda place: place.distance_to(out) > 0.3,
    )

    assert path is not None
    assert min(track.affect.distance_to(out) for track in path.tracks) > 0.3


def test_shorter_legs_have_nearer_waypoints() -> None:
    def first_leg(leg: float) -> float:
        path = plan(
            DENSE,
            replace(SAD_TO_HAPPY, leg=leg),
            seed="s",
            rules=replace(STRICT, most_at_start=0),
            steps=8,
        )
        assert path is not None
        return path.stops[0].point.distance_to(SAD_TO_HAPPY.start)

    assert first_leg(0.25) <= 0.25 < first_leg(0.4) <= 0.4


def test_the_first_track_at_the_goal_says_that_it_arrives_though_meant_for_the_way() -> None:
    start, goal = SAD_TO_HAPPY.start, SAD_TO_HAPPY.goal
    places = (start, start.towards(goal, 0.4), start.towards(goal, 0.85), goal, goal)

    whys = [
        stop.why.partition(":")[0]
        for stop in planned(
            scattered(*((place.valence, place.arousal) for place in places)), steps=5
        ).stops
    ]

    assert whys[2:] == ["arrives at the goal", "stays at the goal", "stays at the goal"]
