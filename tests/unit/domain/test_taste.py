"""Taste: what was said holds, what was met counts, what is old fades, and choices follow."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.choosing import choose
from soulsync_edge.domain.costs import LIKING_COST, Costs
from soulsync_edge.domain.features import FEATURES, Moment, features_of
from soulsync_edge.domain.freshness import ChoiceRules, Past
from soulsync_edge.domain.journey import Journey, PathRules
from soulsync_edge.domain.learning import ERASED, learnt, liking_now
from soulsync_edge.domain.liking import Liking
from soulsync_edge.domain.path import plan
from soulsync_edge.domain.preference import HALF_LIFE_DAYS, NOISE, PRIOR_SD, Preference, Tally
from soulsync_edge.domain.session import Context, NowPlaying, Rules, Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.taste import MOST_ARTISTS, MOST_REGARDS, Regard, Taste
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of
from tests.strategies import TRACK_IDS, a_track, affects, catalogues, opinions

TODAY = 740_000
HERE = Affect(0.2, 0.1)
RULES = ChoiceRules(variety=0.25)


def a_sounding_track(name: str, tempo_bpm: float, *, artist: str = "") -> Track:
    sound = Sound(tempo_bpm, 0, is_minor=False, danceability=0.5, loudness_lufs=-14,
                  true_peak_dbtp=-1)  # fmt: skip
    return replace(a_track(name, HERE, artist=artist), sound=sound)


def playing(track: Track, context: Context, **changes: Any) -> Session:
    """Return a session that plays `track`, chosen for `HERE`."""
    session = Session(now_s=100.0, day=TODAY, has_voice=True, is_silent_for="")
    now = NowPlaying(track.track_id, "", HERE, 0.0, is_heard=True, volume_before_pct=60)
    now = replace(now, features=liking_now(session, context.rules).features(track, HERE), **changes)
    return replace(session, playing=now)


def after(
    *events: ev.Event, track: Track, others: tuple[Track, ...] = (), rules: Rules = Rules(),
    **changes: Any,
) -> Session:  # fmt: skip
    context = Context(rules, catalogue_of([track, *others]))
    session = playing(track, context, **changes)
    for event in events:
        session = learnt(session, event, context)
    return session


def liking_of(session: Session, track: Track) -> float:
    return liking_now(session, Rules()).expected(track, HERE)


ONE, TWIN = a_sounding_track("one", 120), a_sounding_track("twin", 120)


@pytest.mark.parametrize(
    "event",
    [
        ev.TrackJudged(1.0, "one", ev.Opinion.LIKE),
        ev.ReplayRequested(1.0),
        ev.TrackEnded(1.0, "one"),
        ev.TrackEnding(1.0, "one", 4.0),
    ],
)
def test_what_goes_down_well_is_liked_more_than_its_twin(event: ev.Event) -> None:
    session = after(event, track=ONE, others=(TWIN,), position_s=170.0)
    session = replace(session, mood=session.mood)

    assert liking_of(session, ONE) > liking_of(session, TWIN) > 0.0


@pytest.mark.parametrize(
    "event",
    [
        ev.TrackJudged(1.0, "one", ev.Opinion.NOT_THIS),
        ev.SkipRequested(1.0),
        ev.VolumeChosen(1.0, 40),
    ],
)
def test_what_goes_down_badly_is_liked_less_than_its_twin(event: ev.Event) -> None:
    session = after(event, track=ONE, others=(TWIN,), position_s=20.0)

    assert liking_of(session, ONE) < liking_of(session, TWIN) < 0.0


@given(st.floats(10, 180), st.floats(10, 180))
def test_the_earlier_a_skip_the_more_it_says(one_s: float, other_s: float) -> None:
    early_s, late_s = sorted((one_s, other_s))

    early, late = (
        liking_of(after(ev.SkipRequested(1.0), track=ONE, position_s=at_s), ONE)
        for at_s in (early_s, late_s)
    )

    assert early <= late <= 0.0


def test_who_rushes_through_says_little_of_what_was_hardly_heard() -> None:
    rushed, heard = (
        liking_of(after(ev.SkipRequested(1.0), track=ONE, position_s=at_s), ONE)
        for at_s in (0.5, 15.0)
    )

    assert heard < rushed < 0.0


def test_turning_down_counts_once_and_only_when_it_is_clear() -> None:
    once = after(ev.VolumeChosen(1.0, 45), track=ONE)
    twice = after(ev.VolumeChosen(1.0, 45), ev.VolumeChosen(2.0, 30), track=ONE)
    hardly = after(ev.VolumeChosen(1.0, 55), track=ONE)

    assert once.taste == twice.taste != Taste()
    assert hardly.taste == Taste()


def test_an_empty_room_tells_nothing_by_hearing_a_track_out() -> None:
    context = Context(catalogue=catalogue_of([ONE]))
    room = replace(
        playing(ONE, context), has_eye=True, mood=replace(Session().mood, heard_at_s=99.0)
    )

    assert room.can_see
    assert learnt(room, ev.TrackEnded(1.0, "one"), context).taste == Taste()


def test_on_the_way_to_a_goal_music_that_brings_the_mood_nearer_counts_more() -> None:
    context = Context(catalogue=catalogue_of([ONE]))
    evidence = replace(
        Session().mood.evidence, weight=0.9, affect_weight=1.0, valence=0.0, arousal=-0.2
    )
    mood = replace(
        Session().mood,
        presence=replace(Session().mood.presence, is_present=True),
        evidence=evidence,
        settled=evidence,
    )

    def heard_from(before: Affect) -> float:
        session = playing(ONE, context, mood_before=before)
        session = replace(session, mood=mood, mode=Mode.SHIFT, goal=Goal.CALM)
        session = learnt(session, ev.TrackEnded(1.0, "one"), context)
        return liking_now(session, Rules()).expected(ONE, HERE)

    assert heard_from(Affect(-0.6, 0.4)) > heard_from(Affect(0.0, -0.2)) > heard_from(
        Affect(0.4, -0.5)
    )  # fmt: skip


def test_an_artist_is_liked_for_another_track_but_less() -> None:
    known, new = (a_sounding_track(name, 120, artist="Ada") for name in ("known", "new"))
    other = a_sounding_track("other", 120, artist="Bo")
    session = after(ev.TrackJudged(1.0, "known", ev.Opinion.LIKE), track=known)

    assert liking_of(session, known) > liking_of(session, new) > liking_of(session, other)


def test_a_like_taken_back_is_as_if_it_had_hardly_been() -> None:
    liked = after(ev.TrackJudged(1.0, "one", ev.Opinion.LIKE), track=ONE)
    back = after(
        ev.TrackJudged(1.0, "one", ev.Opinion.LIKE),
        ev.TrackJudged(2.0, "one", ev.Opinion.UNLIKE),
        track=ONE,
    )

    assert liked.taste.by_id["one"].is_liked
    assert not back.taste.by_id["one"].is_liked
    assert abs(liking_of(back, ONE)) < 0.1 < liking_of(liked, ONE)


def test_a_like_said_twice_counts_once() -> None:
    like = ev.TrackJudged(1.0, "one", ev.Opinion.LIKE)

    assert after(like, track=ONE).taste == after(like, like, track=ONE).taste


rewards = st.lists(
    st.tuples(st.sampled_from(TRACK_IDS), st.floats(-1, 1), st.floats(0.1, 3)), max_size=20
)


def learnt_from(catalogue: Catalogue, met: list[tuple[str, float, float]], day: int) -> Taste:
    taste = Taste()
    for name, reward, weight in met:
        track = catalogue.by_id.get(name)
        if track is None:
            continue
        features = features_of(track, Moment(HERE))
        regard = taste.regard_of(track)
        taste = replace(taste, preference=taste.preference.after(features, reward, weight, day))
        taste = taste.with_artist(track.artist, Tally().after(reward, weight, day))
        taste = taste.with_regard(replace(regard, tally=regard.tally.after(reward, weight, day)))
    return taste


@given(catalogues, rewards, affects)
def test_forgetting_leads_back_to_knowing_nothing(
    catalogue: Catalogue, met: list[tuple[str, float, float]], target: Affect
) -> None:
    taste = learnt_from(catalogue, met, TODAY)

    for track in catalogue.tracks:
        days = [Liking(taste, day=TODAY + 4 * n * HALF_LIFE_DAYS) for n in (0, 1, 10)]
        now, later, much_later = (abs(day.expected(track, target)) for day in days)
        assert later <= now + 0.35  # parts of different sign do not fade alike
        assert much_later < 1e-6


def test_forgetting_brings_the_uncertainty_back() -> None:
    tally = Tally().after(1.0, 5.0, TODAY)

    assert tally.sd(2.0, TODAY) < tally.sd(2.0, TODAY + HALF_LIFE_DAYS) < Tally().sd(2.0, 0)
    assert Tally().sd(2.0, 0) == pytest.approx(NOISE / 2**0.5)


def test_a_clock_that_was_set_back_forgets_nothing_and_an_unknown_day_neither() -> None:
    tally = Tally().after(1.0, 5.0, TODAY)

    assert tally.mean(1.0, TODAY - 5000) == tally.mean(1.0, TODAY) == tally.mean(1.0, 0)
    assert Tally().after(1.0, 5.0, 0).after(0.0, 0.0, TODAY).weight == 5.0


def test_knowing_nothing_the_weights_are_as_unsure_as_the_prior_says() -> None:
    belief = Preference().belief(3, TODAY)

    assert belief.weights == (0.0, 0.0, 0.0)
    assert belief.drawn((1.0, 0.0, -2.0)) == pytest.approx((PRIOR_SD, 0.0, -2.0 * PRIOR_SD))


def test_the_linear_model_is_that_of_the_textbook() -> None:
    # One feature: precision is the prior's and the evidence's, in units of the noise.
    preference = Preference().after((2.0,), 0.5, 1.0, TODAY).after((1.0,), 1.0, 3.0, TODAY)

    prior = (NOISE / PRIOR_SD) ** 2
    [weight] = preference.belief(1, TODAY).weights

    assert weight == pytest.approx((2.0 * 0.5 + 3.0) / (prior + 4.0 + 3.0))


@given(st.lists(st.tuples(st.tuples(*[st.floats(-1, 1)] * 4), st.floats(-1, 1)), max_size=12))
def test_the_weights_solve_their_equations(seen: list[tuple[tuple[float, ...], float]]) -> None:
    preference = Preference()
    for features, reward in seen:
        preference = preference.after(features, reward, 1.0, TODAY)

    weights = preference.belief(4, TODAY).weights

    prior = (NOISE / PRIOR_SD) ** 2
    for row in range(4):
        left = prior * weights[row] + sum(
            x[row] * sum(a * b for a, b in zip(x, weights, strict=True)) for x, _ in seen
        )
        assert left == pytest.approx(sum(reward * x[row] for x, reward in seen), abs=1e-9)


# --- choosing by it


names_of_some = st.frozensets(st.sampled_from(TRACK_IDS))
learning = st.sampled_from((Liking(), Liking(learns=False)))


@given(catalogues, affects, names_of_some, st.text(max_size=5), learning)
def test_what_is_never_to_be_played_is_neither_chosen_nor_planned(
    catalogue: Catalogue, target: Affect, never: frozenset[str], seed: str, liking: Liking
) -> None:
    taste = Taste(tuple(Regard(name, is_never=True) for name in sorted(never)))
    liking = replace(liking, taste=taste)
    others = set(catalogue.by_id) - never

    for wanted in (target, None):
        choice = choose(catalogue, wanted, (), now_s=0, seed=seed, rules=RULES, liking=liking)
        assert (choice is None) == (not others)
        assert choice is None or choice.track.track_id in others
    path = plan(catalogue, Journey(target, HERE), seed=seed, rules=PathRules(), liking=liking)
    assert path is None or others.issuperset(track.track_id for track in path.tracks)


def times_chosen(name: str, taste: Taste, *, tracks: list[Track]) -> int:
    choices = [
        choose(
            catalogue_of(tracks), HERE, (), now_s=0, seed=str(seed), rules=RULES,
            liking=Liking(taste, day=TODAY),
        )
        for seed in range(150)
    ]  # fmt: skip
    return sum(choice is not None and choice.track.track_id == name for choice in choices)


def test_a_like_raises_the_chance_and_a_skip_lowers_it_all_else_equal() -> None:
    tracks = [a_sounding_track(f"t{number}", 120) for number in range(4)]
    context = Context(catalogue=catalogue_of(tracks))

    def taste_after(event: ev.Event) -> Taste:
        return learnt(playing(tracks[0], context, position_s=15.0), event, context).taste

    neutral = times_chosen("t0", Taste(), tracks=tracks)
    liked = times_chosen(
        "t0", taste_after(ev.TrackJudged(1.0, "t0", ev.Opinion.LIKE)), tracks=tracks
    )
    skipped = times_chosen("t0", taste_after(ev.SkipRequested(1.0)), tracks=tracks)

    assert skipped < neutral < liked


@given(catalogues, rewards, affects, st.text(max_size=5), st.floats(0, 1), st.floats(0, 1))
def test_chance_and_trying_out_never_lead_beyond_variety(  # every wish at once
    catalogue: Catalogue,
    met: list[tuple[str, float, float]],
    target: Affect,
    seed: str,
    variety: float,
    exploration: float,
) -> None:
    rules = ChoiceRules(variety=variety)
    liking = Liking(learnt_from(catalogue, met, TODAY), day=TODAY, exploration=exploration)

    choice = choose(catalogue, target, (), now_s=0, seed=seed, rules=rules, liking=liking)

    costs = Costs(rules, Past(), seed, liking)
    if choice is None:
        assert not catalogue.tracks
    else:
        least = min(costs.at(track, target) for track in catalogue.tracks)
        assert costs.at(choice.track, target) <= least + variety + 1e-9
        again = choose(catalogue, target, (), now_s=0, seed=seed, rules=rules, liking=liking)
        assert again == choice


@given(catalogues, rewards, affects, st.text(max_size=5))
def test_without_learning_nothing_that_was_learnt_counts(
    catalogue: Catalogue, met: list[tuple[str, float, float]], target: Affect, seed: str
) -> None:
    off = Liking(learnt_from(catalogue, met, TODAY), day=TODAY, learns=False)

    def chosen(liking: Liking | None) -> object:
        choice = choose(catalogue, target, (), now_s=0, seed=seed, rules=RULES, liking=liking)
        return choice and choice.track

    assert chosen(off) == chosen(None)


@given(
    st.sampled_from(
        [
            ev.SkipRequested(1.0),
            ev.ReplayRequested(1.0),
            ev.TrackEnded(1.0, "one"),
            ev.VolumeChosen(1.0, 10),
        ]
    )
)
def test_without_learning_nothing_is_learnt(event: ev.Event) -> None:
    session = after(event, track=ONE, rules=Rules(learns=False), position_s=20.0)

    assert session.taste == Taste()


def test_without_learning_what_is_said_is_noted_and_holds() -> None:
    session = after(
        ev.TrackJudged(1.0, "one", ev.Opinion.NEVER),
        ev.TrackJudged(1.0, "twin", ev.Opinion.LIKE),
        track=ONE,
        others=(TWIN,),
        rules=Rules(learns=False),
    )

    assert session.taste.never == session.barred == {"one"}
    assert session.taste.by_id["twin"].is_liked
    assert session.taste.preference == Preference()


def test_a_well_liked_track_is_found_among_thousands_at_the_same_place() -> None:
    crowd = [a_track(f"c{number:04}", HERE) for number in range(5000)]
    liked = Regard("c4321", is_liked=True, liked_day=TODAY - 2, tally=Tally(3.0, 3.0, TODAY))
    liking = Liking(Taste((liked,)), day=TODAY, exploration=0.0)

    chosen = [
        choose(catalogue_of(crowd), HERE, (), now_s=0, seed=str(seed), rules=RULES, liking=liking)
        for seed in range(5)
    ]

    assert {choice.track.track_id for choice in chosen if choice} == {"c4321"}


def test_what_is_liked_does_not_drag_the_music_into_another_mood() -> None:
    near, loved = a_track("near", Affect(-0.6, -0.4)), a_track("loved", Affect(0.7, 0.5))
    liking = Liking(Taste((Regard("loved", is_liked=True, tally=Tally(9.0, 9.0, TODAY)),)))

    choice = choose(
        catalogue_of([near, loved]), near.affect, (), now_s=0, seed="s", rules=RULES, liking=liking
    )

    assert choice is not None
    assert choice.track is near
    assert 2 * LIKING_COST < 1.0


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (0, "you liked it today"),
        (1, "you liked it yesterday"),
        (3, "you liked it on Tuesday"),
        (7, "you liked it a week ago"),
        (20, "you liked it 2 weeks ago"),
        (400, "you liked it long ago"),
        (-3, "you liked it"),
    ],
)
def test_the_why_line_says_when_it_was_liked(ago: int, words: str) -> None:
    friday = date(2026, 11, 20).toordinal()
    regard = Regard("one", is_liked=True, liked_day=friday - ago)
    liking = Liking(Taste((regard,)), day=friday)

    choice = choose(catalogue_of([ONE]), HERE, (), now_s=0, seed="s", rules=RULES, liking=liking)

    assert choice is not None
    assert choice.why.endswith(f"; {words}")


def why_of(track: Track, taste: Taste, others: tuple[Track, ...] = (), seed: str = "s") -> str:
    choice = choose(
        catalogue_of([track, *others]), HERE, (), now_s=0, seed=seed, rules=RULES,
        liking=Liking(taste, day=TODAY),
    )  # fmt: skip
    assert choice is not None
    return choice.why.rpartition("; ")[2]


def test_one_song_that_went_down_well_is_no_reason_yet() -> None:
    taste = after(ev.TrackEnded(1.0, "one"), track=ONE, others=(TWIN,)).taste

    assert "before" not in why_of(TWIN, taste)


def test_the_why_line_names_the_track_the_artist_or_the_kind_that_went_down_well() -> None:
    fast = a_sounding_track("fast", 175, artist="Ada")
    slow = a_sounding_track("slow", 70, artist="Bo")
    features = [features_of(one, Moment(HERE)) for one in (fast, slow)]
    of_a_kind = Preference()
    for _ in range(12):
        of_a_kind = of_a_kind.after(features[0], 1.0, 1.0, TODAY)
        of_a_kind = of_a_kind.after(features[1], -1.0, 1.0, TODAY)
    well = Tally().after(1.0, 3.0, TODAY)

    assert why_of(fast, Taste(preference=of_a_kind)) == "music like it has gone down well before"
    assert "before" not in why_of(slow, Taste(preference=of_a_kind))
    by_artist = Taste().with_artist("Ada", well)
    assert why_of(fast, by_artist) == "Ada has gone down well before"
    by_itself = Taste((Regard("fast", tally=well),))
    assert why_of(fast, by_itself) == "it has gone down well before"


def test_the_why_line_says_when_something_is_tried_instead_of_what_is_well_liked() -> None:
    loved = Regard("one", tally=Tally().after(0.3, 4.0, TODAY))
    whys = [
        choice.why
        for seed in range(80)
        if (
            choice := choose(
                catalogue_of([ONE, TWIN]), HERE, (), now_s=0, seed=str(seed), rules=RULES,
                liking=Liking(Taste((loved,)), day=TODAY, exploration=1.0),
            )
        )
        and choice.track.track_id == "twin"
    ]  # fmt: skip

    assert 0 < len(whys) < 40
    assert all(why.endswith("; a try, to find out how it is liked") for why in whys)


def test_without_learning_the_taste_is_no_reason() -> None:
    liking = Liking(Taste((Regard("one", is_liked=True),)), day=TODAY, learns=False)

    choice = choose(catalogue_of([ONE]), HERE, (), now_s=0, seed="s", rules=RULES, liking=liking)

    assert choice is not None
    assert "liked" not in choice.why


# --- what is said of where a track sits


@pytest.mark.parametrize(
    ("opinion", "axis", "sign"),
    [
        (ev.Opinion.HAPPIER, "valence", 1),
        (ev.Opinion.SADDER, "valence", -1),
        (ev.Opinion.LIVELIER, "arousal", 1),
        (ev.Opinion.CALMER, "arousal", -1),
    ],
)
def test_a_correction_moves_the_track_that_way_at_once_and_is_surer(
    opinion: ev.Opinion, axis: str, sign: int
) -> None:
    taste = after(ev.TrackJudged(1.0, "one", opinion), track=ONE).taste

    moved = taste.corrected(ONE)
    other = "arousal" if axis == "valence" else "valence"
    change = getattr(moved.affect, axis) - getattr(ONE.affect, axis)
    assert change * sign == pytest.approx(0.3)
    assert getattr(moved.affect, other) == getattr(ONE.affect, other)
    assert getattr(moved.affect_spread, axis) < getattr(ONE.affect_spread, axis)
    assert moved.affect_source == "what you said of it"
    assert taste.corrected(TWIN) is TWIN


def test_a_correction_stays_when_the_estimate_changes() -> None:
    taste = after(ev.TrackJudged(1.0, "one", ev.Opinion.HAPPIER), track=ONE).taste
    heard_anew = replace(ONE, affect=Affect(-0.8, -0.5))

    assert taste.corrected(heard_anew).affect == Affect(0.5, -0.5)


@given(affects, st.lists(st.sampled_from(list(ev.Opinion)), max_size=12))
def test_any_opinions_leave_a_track_on_the_plane(place: Affect, said: list[ev.Opinion]) -> None:
    track = a_track("one", place)

    session = after(*(ev.TrackJudged(1.0, "one", opinion) for opinion in said), track=track)

    assert -1.0 <= session.taste.corrected(track).affect.valence <= 1.0


def test_choosing_and_planning_go_by_the_corrected_place() -> None:
    start, goal = Affect(-0.6, -0.3), Affect(0.7, 0.4)
    tracks = [a_track("a", start), a_track("b", Affect(0.0, 0.0)), a_track("c", Affect(0.4, 0.4))]
    taste = Taste((Regard("a", valence=0.7, arousal=0.4),))
    liking = Liking(taste, learns=False)
    strict = ChoiceRules(variety=0.0)

    choice = choose(catalogue_of(tracks), goal, (), now_s=0, seed="s", rules=strict, liking=liking)
    path = plan(
        catalogue_of(tracks), Journey(start, goal), seed="s", rules=PathRules(), liking=liking
    )

    assert choice is not None
    assert choice.track.track_id == "a"
    assert path is not None
    assert path.tracks[-1].track_id == "a"
    assert [track.track_id for track in path.tracks].count("a") == 1


# --- size, and being erased


def test_of_too_many_tracks_those_without_a_word_are_forgotten_first() -> None:
    taste = Taste((Regard("said", is_never=True),))
    for number in range(MOST_REGARDS + 5):
        taste = taste.with_regard(Regard(f"t{number}"))

    assert len(taste.regards) == MOST_REGARDS
    assert "said" in taste.by_id
    assert "t0" not in taste.by_id
    assert f"t{MOST_REGARDS + 4}" in taste.by_id


def test_the_number_of_artists_is_bounded() -> None:
    taste = Taste()
    for number in range(MOST_ARTISTS + 5):
        taste = taste.with_artist(f"a{number}", Tally())

    assert len(taste.artists) == MOST_ARTISTS
    assert taste.artists[0].artist == "a5"


def test_tracks_that_are_away_are_kept_and_can_be_allowed_again() -> None:
    away = Regard("gone", is_never=True, title="Gone")
    session = replace(Session(), taste=Taste((away,)))

    allowed = learnt(session, ev.TrackJudged(1.0, "gone", ev.Opinion.ALLOW), Context())

    assert allowed.taste.never == frozenset()
    assert allowed.taste.by_id["gone"].title == "Gone"


def test_what_is_said_of_a_track_nobody_knows_is_passed_over() -> None:
    session = learnt(Session(), ev.TrackJudged(1.0, "x", ev.Opinion.LIKE), Context())

    assert session.taste == Taste()


def test_erasing_forgets_everything() -> None:
    session = after(
        ev.TrackJudged(1.0, "one", ev.Opinion.LIKE),
        ev.TasteErased(2.0),
        track=ONE,
        why="a close match for bright music; you liked it on Tuesday",
    )

    assert session.taste == Taste()
    assert session.playing is not None
    assert session.playing.why == ERASED


@given(st.lists(st.builds(ev.TrackJudged, st.just(1.0), st.sampled_from(TRACK_IDS), opinions)))
def test_any_opinions_in_any_order_are_fine(said: list[ev.TrackJudged]) -> None:
    track = a_track("t0", HERE, artist="Ada")

    session = after(*said, track=track, others=(a_track("t1", HERE),))

    assert all(-1.0 <= liking_of(session, one) <= 1.0 for one in (track, TWIN))


def test_there_are_as_many_features_as_names() -> None:
    assert len(features_of(ONE, Moment(None))) == len(FEATURES)
