"""The closed loop of a shift: safe, in small steps, and another way where one does not help."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect, Spread, clamped
from soulsync_edge.domain.emotion import AFFECT_OF, Emotion
from soulsync_edge.domain.journey import AT_END, Journey, steps_for
from soulsync_edge.domain.leading import (
    MOST_AT_START,
    NOISE,
    after_failure,
    after_track,
    begun,
    begun_blind,
    judged,
    recovered,
    wanted,
)
from soulsync_edge.domain.mood import Evidence, Mood, Presence, Reading
from soulsync_edge.domain.rail import rail
from soulsync_edge.domain.session import Context, NowPlaying, Rules, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Approach, Attempt, Goal, Mode, Shift
from soulsync_edge.domain.steering import target_now
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of
from soulsync_edge.domain.trial import Outcome, Trial
from tests.strategies import a_track, affects, catalogues

SONG_S = 180.0
SAD = AFFECT_OF[Emotion.SAD]
CALM = AFFECT_OF_GOAL[Goal.CALM]
LIFT = AFFECT_OF_GOAL[Goal.LIFT]


@cache
def everywhere() -> Catalogue:
    """Return a library with a track wherever music may sit, by many artists."""
    chance = random.Random(7)  # noqa: S311  # a made-up library
    return catalogue_of(
        replace(
            a_track(
                f"t{number}",
                clamped(*(axis / 10 - 1 + chance.uniform(-0.05, 0.05) for axis in place)),
                artist=f"a{number % 60}",
            ),
            affect_spread=Spread(chance.uniform(0.15, 0.35), chance.uniform(0.15, 0.3)),
        )
        for number in range(21 * 21)
        for place in (divmod(number, 21),)
    )


def a_mood(affect: Affect | None, label: Emotion | None = Emotion.NEUTRAL) -> Mood:
    """Return a mood that was seen for long, or none."""
    if affect is None:
        return Mood()
    weight = 0.9
    seen = Evidence(
        weight=weight,
        valence=weight * affect.valence,
        arousal=weight * affect.arousal,
        affect_weight=weight,
    )
    presence = Presence(is_present=True)
    return Mood(presence, label, evidence=seen, settled=seen, heard_at_s=0.0)


@dataclass
class Played:
    """One choice, and what it was made by."""

    track: Track
    why: str
    point: Affect
    mood: Affect | None
    before: Shift | None
    after: Shift | None


class Evening:
    """A room with music, told song by song."""

    def __init__(
        self,
        catalogue: Catalogue,
        mood: Affect | None,
        goal: Goal = Goal.LIFT,
        rules: Rules | None = None,
    ) -> None:
        self.context = Context(rules or Rules(seed="e"), catalogue)
        self.now_s = 0.0
        self.played: list[Played] = []
        self.session = Session(
            now_s=0.0,
            has_voice=True,
            has_eye=True,
            told_volume_pct=60,
            mode=Mode.SHIFT,
            goal=goal,
            mood=a_mood(mood),
        )
        self.happens(ev.RulesChanged(0.0))
        if mood is None:
            self.now_s = 10.0
            self.happens(ev.RulesChanged(self.now_s))

    def happens(self, event: ev.Event) -> None:
        choices, before = self.session.choices, self.session
        self.session, _ = step(self.session, event, self.context)
        playing = self.session.playing
        if self.session.choices == choices or playing is None:
            return
        self.played.append(
            Played(
                track=self.context.catalogue.by_id[playing.track_id],
                why=playing.why,
                point=playing.chosen_for,
                mood=self.session.mood.affect,
                before=before.shift,
                after=self.session.shift,
            )
        )

    def song(self, mood: Affect | None, *, is_faded: bool = False) -> None:
        """Let the song run out, with the room looking like `mood` in the end."""
        self.sees(mood)
        self.now_s += SONG_S
        playing = self.session.playing
        if playing is None:
            return
        name = playing.track_id
        self.happens(
            ev.TrackEnding(self.now_s, name, 4.0) if is_faded else ev.TrackEnded(self.now_s, name)
        )

    def skip(self) -> None:
        self.now_s += 20.0
        self.happens(ev.SkipRequested(self.now_s))

    def fail(self) -> None:
        self.now_s += 1.0
        if self.session.playing is not None:
            name = self.played.pop().track.track_id  # it was never heard
            self.happens(ev.TrackFailed(self.now_s, name, "damaged"))

    def sees(self, mood: Affect | None) -> None:
        self.session = replace(self.session, mood=a_mood(mood))

    @property
    def shift(self) -> Shift:
        assert self.session.shift is not None
        return self.session.shift

    @property
    def places(self) -> list[Affect]:
        return [one.track.affect for one in self.played]

    @property
    def outcomes(self) -> list[Outcome]:
        return [trial.outcome for trial in self.session.trials]


def steps_of(places: Sequence[Affect]) -> list[float]:
    return [one.distance_to(other) for one, other in pairwise(places)]


def an_evening_that_follows(goal: Goal = Goal.LIFT, start: Affect = SAD) -> Evening:
    """Return an evening whose mood comes after the music, as far as half the way a song."""
    evening, mood = Evening(everywhere(), start, goal), start
    for _ in range(12):
        mood = mood.towards(evening.places[-1], 0.5)
        evening.song(mood)
    return evening


# The way


def test_a_mood_that_follows_is_led_to_the_goal_in_small_steps_and_the_music_stays_there() -> None:
    evening = an_evening_that_follows()

    assert evening.places[0].distance_to(SAD) <= AT_END
    assert max(steps_of(evening.places)) <= 0.6
    first_there = next(n for n, place in enumerate(evening.places) if place.distance_to(LIFT) < 0.3)
    assert first_there <= 8
    assert all(place.distance_to(LIFT) <= 0.4 for place in evening.places[first_there:])
    assert evening.shift.is_held
    assert evening.outcomes[-1] is Outcome.ARRIVED


def test_every_choice_says_where_on_the_way_it_is_and_how_it_differs() -> None:
    whys = [one.why for one in an_evening_that_follows().played]
    total = steps_for(SAD, LIFT)

    assert whys[0].startswith(f"on the way to lift, step 1 of {total}: starts where the mood is: ")
    assert whys[2].startswith(f"on the way to lift, step 3 of {total}")
    assert "than the last" in whys[2]
    assert sum("arrives at the goal: lively and bright" in why for why in whys) == 1
    assert whys[-1].startswith("lift was reached: stays at the goal: lively and bright")
    assert not any("you feel" in why or "you are" in why for why in whys)


def test_a_mood_that_stays_behind_is_still_not_leapt_from() -> None:
    evening = Evening(everywhere(), SAD)
    for _ in range(12):
        evening.song(SAD)

    assert max(steps_of(evening.places)) <= 0.6


def test_a_mood_that_jumps_ahead_is_caught_up_with_in_small_steps() -> None:
    evening = Evening(everywhere(), Affect(-0.2, -0.3))
    for _ in range(5):
        evening.song(LIFT)

    assert max(steps_of(evening.places)) <= 0.6
    assert evening.places[-1].distance_to(LIFT) <= AT_END


def test_the_plan_is_made_anew_from_the_present_mood() -> None:
    near, far = Evening(everywhere(), SAD), Evening(everywhere(), SAD)
    for evening, mood in ((near, SAD.towards(LIFT, 0.4)), (far, SAD)):
        evening.song(mood)
        evening.song(mood)

    assert near.played[-1].point.distance_to(LIFT) < far.played[-1].point.distance_to(LIFT) - 0.1


def test_without_a_known_mood_the_music_goes_to_the_goal_from_where_it_is_in_steps() -> None:
    evening = Evening(everywhere(), SAD)
    evening.song(SAD)
    evening.happens(ev.CameraSwitched(evening.now_s, is_on=False))
    before = evening.places[-1]

    for _ in range(6):
        evening.song(None)

    assert max(steps_of([before, *evening.places[2:]])) <= 0.6
    assert evening.places[-1].distance_to(LIFT) <= AT_END
    assert "without knowing how the room looks" in evening.played[-2].why


def test_without_a_mood_or_music_before_it_begins_at_the_goal() -> None:
    evening = Evening(everywhere(), None, Goal.SLEEP)

    assert evening.places[0].distance_to(AFFECT_OF_GOAL[Goal.SLEEP]) <= AT_END
    assert evening.played[0].why.startswith("heading for sleep, without knowing how the room looks")


def test_a_mood_that_becomes_known_is_met_where_it_is() -> None:
    evening = Evening(everywhere(), None)
    evening.song(SAD)

    assert evening.shift.start == evening.session.mood.affect
    assert evening.places[-1].distance_to(SAD) <= AT_END
    assert not evening.shift.is_blind


def test_a_mood_lost_from_sight_for_a_song_does_not_end_the_shift() -> None:
    evening = Evening(everywhere(), SAD)
    evening.song(SAD)
    begun_at = evening.shift.start
    evening.song(None)
    evening.song(SAD)

    assert evening.shift.start == begun_at
    assert evening.shift.played == 3
    assert evening.outcomes == [Outcome.STAYED, Outcome.UNKNOWN, Outcome.UNKNOWN]


def test_a_skipped_track_does_not_count_and_the_next_is_from_elsewhere() -> None:
    evening = Evening(everywhere(), SAD)
    for _ in range(3):
        evening.song(SAD.towards(LIFT, 0.3))
    unwanted, played = evening.places[-1], evening.shift.played
    evening.skip()

    assert evening.shift.played == played
    assert evening.outcomes[-1] is Outcome.SKIPPED
    assert evening.places[-1].distance_to(unwanted) >= 0.2
    assert max(steps_of(evening.places)) <= 0.6


def test_skipping_does_not_bring_a_third_track_at_the_starting_mood() -> None:
    evening = Evening(everywhere(), SAD)
    for _ in range(4):
        evening.skip()

    first = Journey(SAD, LIFT)
    assert sum(first.lingers_at(place) for place in evening.places) == MOST_AT_START


@pytest.mark.parametrize("mood", [SAD, LIFT, None])
def test_in_a_small_library_no_track_plays_twice_in_a_row(mood: Affect | None) -> None:
    places = (SAD, SAD.towards(LIFT, 0.5), LIFT)
    three = catalogue_of(a_track(f"t{number}", place) for number, place in enumerate(places))
    evening = Evening(three, mood)
    for _ in range(8):
        evening.song(mood)
        evening.skip()

    names = [one.track.track_id for one in evening.played]
    assert len(names) == 17
    assert all(one != other for one, other in pairwise(names))


def test_a_track_that_failed_counts_as_not_chosen() -> None:
    shift = begun(Goal.LIFT, SAD, "s")
    attempt = Attempt("t", SAD, leads=False, is_at_start=True, came_from=None, before=None)
    chosen = replace(shift, attempt=attempt, at_start=1, last=SAD)

    assert after_failure(chosen, was_heard=False) == shift
    assert after_failure(chosen, was_heard=True) == replace(chosen, attempt=None)


# What came of it


def reading(affect: Affect, weight: float = 0.9) -> Reading:
    return Reading(affect, weight)


def led_from(mood: Affect, **changes: object) -> Shift:
    """Return a shift that plays a track that leads on from `mood`."""
    attempt = Attempt("t", mood.towards(LIFT, 0.3), leads=True, is_at_start=False,
                      came_from=None, before=reading(mood))  # fmt: skip
    shift = replace(begun(Goal.LIFT, SAD, "s"), last=attempt.place, attempt=attempt)
    return replace(shift, **changes)  # type: ignore[arg-type]  # whatever a test needs


def heard(shift: Shift, after: Affect) -> tuple[Shift, Trial]:
    shift, trial = after_track(shift, reading(after), SONG_S)
    assert trial is not None
    return shift, trial


def moved(share: float) -> Affect:
    """Return SAD moved on by a distance towards LIFT; below 0: away from it."""
    length = SAD.distance_to(LIFT)
    part = share / length
    return clamped(
        SAD.valence + part * (LIFT.valence - SAD.valence),
        SAD.arousal + part * (LIFT.arousal - SAD.arousal),
    )


def test_a_mood_that_did_not_move_is_led_in_smaller_steps_then_with_other_music() -> None:
    shift, trial = heard(led_from(SAD), SAD)
    assert (trial.outcome, trial.next_approach) == (Outcome.STAYED, Approach.SLOWER)

    shift, trial = heard(led_from(SAD, approach=shift.approach), SAD)
    assert (trial.outcome, shift.approach) == (Outcome.STAYED, Approach.ELSEWHERE)
    assert shift.avoided == (led_from(SAD).last,)


def test_smaller_steps_have_nearer_waypoints() -> None:
    steady = led_from(SAD, played=2, at_start=2)
    slower = replace(steady, approach=Approach.SLOWER)

    assert wanted(slower, SAD).distance_to(SAD) < wanted(steady, SAD).distance_to(SAD) - 0.1


def test_once_it_follows_again_the_steps_are_steady_and_other_music_is_kept() -> None:
    assert heard(led_from(SAD, approach=Approach.SLOWER), moved(0.3))[0].approach is Approach.STEADY
    elsewhere = led_from(SAD, approach=Approach.ELSEWHERE)
    assert heard(elsewhere, moved(0.3))[0].approach is Approach.ELSEWHERE


def test_music_that_was_not_to_move_the_mood_is_no_reason_for_another_approach() -> None:
    attempt = Attempt("t", SAD, leads=False, is_at_start=True, came_from=None, before=reading(SAD))

    assert heard(led_from(SAD, attempt=attempt), SAD)[0].approach is Approach.STEADY


def test_a_mood_that_moves_away_twice_in_a_row_is_matched() -> None:
    shift, first = heard(led_from(SAD), moved(-0.3))
    assert (first.outcome, shift.approach) == (Outcome.WORSENED, Approach.ELSEWHERE)

    shift, _ = heard(replace(led_from(SAD), worsened=1, recovers_within=9.0), moved(-0.3))
    assert shift.approach is Approach.MATCH


def test_a_mood_that_stays_in_between_is_not_twice_in_a_row() -> None:
    shift, _ = heard(led_from(SAD, worsened=1), SAD)

    assert shift.worsened == 0


def test_what_is_seen_too_shortly_or_not_at_all_is_no_verdict() -> None:
    for after, heard_s in ((reading(moved(-0.5)), 30.0), (None, SONG_S)):
        shift, trial = after_track(led_from(SAD), after, heard_s)
        assert trial is not None
        assert (trial.outcome, shift.approach) == (Outcome.UNKNOWN, Approach.STEADY)


@given(affects, affects, affects, st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_movement_within_the_noise_is_none(
    before: Affect, after: Affect, goal: Affect, one: float, other: float
) -> None:
    progress, outcome = judged(Reading(before, one), Reading(after, other), goal)

    assert abs(progress) <= before.distance_to(after) + 1e-6
    if before.distance_to(after) < NOISE and after.distance_to(goal) > AT_END:
        assert outcome is Outcome.STAYED


def test_a_reading_with_little_behind_it_must_move_further_to_count() -> None:
    after = moved(NOISE * 1.5)

    assert judged(reading(SAD), reading(after), LIFT)[1] is Outcome.FOLLOWED
    assert judged(reading(SAD, 0.1), reading(after, 0.1), LIFT)[1] is Outcome.STAYED


def test_a_mood_that_moves_aside_makes_no_progress() -> None:
    along = (LIFT.valence - SAD.valence, LIFT.arousal - SAD.arousal)
    length = math.hypot(*along)
    aside = Affect(SAD.valence - 0.5 * along[1] / length, SAD.arousal + 0.5 * along[0] / length)

    progress, outcome = judged(reading(SAD), reading(aside), LIFT)

    assert abs(progress) < 1e-9
    assert outcome is Outcome.STAYED


def test_music_falls_back_to_the_mood_after_harm_and_leads_on_when_that_is_over() -> None:
    evening = Evening(everywhere(), Affect(0.0, 0.0))
    for mood in (moved(0.5), moved(0.2), moved(-0.1)):
        evening.song(mood)
    assert evening.shift == replace(evening.shift, approach=Approach.MATCH)
    assert "moved away from lift twice, so the music stays with it" in evening.played[-1].why
    assert evening.places[-1].distance_to(moved(-0.1)) <= 0.4

    evening.song(Affect(0.3, 0.1))

    assert evening.shift.approach is Approach.STEADY
    assert evening.played[-1].why.startswith("on the way to lift, step 1 of ")


def test_a_song_cut_for_the_mood_does_not_wipe_out_the_harm() -> None:
    start = Affect(0.3, -0.2)
    rules = Rules(seed="e", cut_on_drift=True, drift_hold_s=60)
    evening = Evening(everywhere(), start, rules=rules)
    for mood in (SAD, AFFECT_OF[Emotion.ANGRY]):
        for _ in range(2):  # it is far off, and stays there
            evening.sees(mood)
            evening.now_s += 70.0
            evening.happens(ev.RulesChanged(evening.now_s))

    assert evening.outcomes[0] is Outcome.WORSENED
    assert evening.shift.start == start
    assert evening.shift.worsened


def test_a_goal_chosen_again_leads_on_at_once() -> None:
    evening = Evening(everywhere(), Affect(0.0, 0.0))
    for mood in (moved(0.5), moved(0.2), moved(-0.1)):
        evening.song(mood)
    evening.happens(ev.GoalChosen(evening.now_s, Goal.LIFT))
    evening.song(moved(-0.1))

    assert evening.shift.approach is Approach.STEADY
    assert evening.shift.worsened == 0


def test_recovering_takes_being_as_near_to_the_goal_as_before() -> None:
    harmed = led_from(SAD, approach=Approach.MATCH, recovers_within=1.0)

    assert recovered(harmed, reading(SAD)) == harmed
    assert recovered(harmed, None) == harmed
    assert recovered(harmed, reading(Affect(0.2, 0.2))).approach is Approach.STEADY


def test_a_mood_that_slides_away_slowly_is_seen_to_after_some_tracks() -> None:
    evening = Evening(everywhere(), moved(0.5))
    for share in (0.4, 0.3, 0.2, 0.1, 0.0):
        evening.song(moved(share))

    assert evening.outcomes[0] is Outcome.STAYED
    assert Outcome.WORSENED in evening.outcomes


def test_a_mood_that_comes_along_slowly_is_seen_to_after_some_tracks() -> None:
    evening = Evening(everywhere(), SAD)
    for share in (0.1, 0.2, 0.3, 0.4):
        evening.song(moved(share))

    assert evening.outcomes[0] is Outcome.STAYED
    assert Outcome.FOLLOWED in evening.outcomes
    assert Outcome.WORSENED not in evening.outcomes


def test_silence_in_a_song_leaves_no_verdict() -> None:
    evening = Evening(everywhere(), SAD)
    evening.happens(ev.MusicSwitched(1.0, is_on=False))
    evening.happens(ev.MusicSwitched(100.0, is_on=True))
    evening.song(LIFT)

    assert evening.outcomes == [Outcome.UNKNOWN]


def test_nothing_safe_on_the_way_matches_the_mood() -> None:
    dark = catalogue_of(a_track(f"t{n}", Affect(-0.5, 0.9)) for n in range(5))
    evening = Evening(dark, Affect(0.5, 0.0))

    assert evening.played[0].why.startswith("nothing fits on the way to lift")


# Drawing it


def test_the_page_draws_the_waypoint_of_the_track_that_plays() -> None:
    evening = Evening(everywhere(), SAD)
    evening.song(SAD)
    evening.song(SAD)
    drawn = target_now(evening.session, evening.context)
    evening.sees(LIFT)

    assert drawn == evening.played[-1].point
    assert target_now(evening.session, evening.context) == drawn


# For any library and any evening

moods = st.none() | affects
acts = st.lists(
    st.tuples(st.sampled_from(("song", "song", "song", "faded", "skip", "fail")), moods),
    max_size=14,
)


def told(
    catalogue: Catalogue, start: Affect | None, goal: Goal, story: list[tuple[str, Affect | None]]
) -> Evening:
    evening = Evening(catalogue, start, goal)
    for act, mood in story:
        goes_on(evening, act, mood)
    return evening


def goes_on(evening: Evening, act: str, mood: Affect | None) -> None:
    match act:
        case "skip":
            evening.sees(mood)
            evening.skip()
        case "fail":
            evening.fail()
        case _:
            evening.song(mood, is_faded=act == "faded")


def leading(evening: Evening) -> list[Played]:
    return [
        one
        for one in evening.played
        if one.after is not None
        and one.after.approach is not Approach.MATCH
        and not one.why.startswith("nothing fits")
    ]


def could_have_been_near(before: Played, one: Played, goal: Goal) -> bool:
    """Return whether the library holds a safe track that moves on by no more than a step."""
    assert one.after is not None
    safe = rail(one.after.start, AFFECT_OF_GOAL[goal])
    if one.mood is not None:
        safe = safe.within(rail(one.mood, AFFECT_OF_GOAL[goal]))
    first = Journey(one.after.start, AFFECT_OF_GOAL[goal])
    last, there = before.track.affect, wanted(one.before or one.after, one.mood)
    nearer = last.distance_to(there) - 0.15
    return any(
        track.affect.distance_to(last) <= 0.6 and track.affect.distance_to(there) <= nearer
        for track in everywhere().tracks
        if safe.allows(track.affect) and not first.lingers_at(track.affect)
    )


@settings(max_examples=60, deadline=None)
@given(catalogue=catalogues, start=moods, goal=st.sampled_from(Goal), story=acts)
def test_any_evening_is_safe_and_told_the_same_way_twice(
    catalogue: Catalogue,
    start: Affect | None,
    goal: Goal,
    story: list[tuple[str, Affect | None]],
) -> None:
    evening = told(catalogue, start, goal, story)

    for one in leading(evening):
        assert one.after is not None
        safe = rail(one.after.start, AFFECT_OF_GOAL[goal])
        if one.mood is not None:
            safe = safe.within(rail(one.mood, AFFECT_OF_GOAL[goal]))
        assert safe.allows(one.track.affect)
    assert told(catalogue, start, goal, story).session == evening.session


@settings(max_examples=40, deadline=None)
@given(start=affects, goal=st.sampled_from(Goal), story=acts)
def test_in_a_large_library_any_evening_keeps_every_promise(
    start: Affect, goal: Goal, story: list[tuple[str, Affect | None]]
) -> None:
    evening = told(everywhere(), start, goal, story)

    names = [one.track.track_id for one in evening.played]
    assert len(set(names)) == len(names)  # an evening is shorter than the cooldown
    lingering: dict[str, int] = {}
    led = leading(evening)
    for before, one in pairwise([None, *evening.played]):
        if one is None or one.after is None or one not in led:
            continue
        seed = one.after.seed
        if not one.after.is_blind:
            lingering[seed] = max(lingering.get(seed, 0), one.after.at_start)
        if before is not None and before.after is not None and before.after.seed == seed:
            length = before.track.affect.distance_to(one.track.affect)
            assert length <= 0.6 or not could_have_been_near(before, one, goal)
    assert all(count <= MOST_AT_START for count in lingering.values())


further_and_further = st.sampled_from([Affect(away, away) for away in (0.4, 0.0, -0.4, -0.8)])


@settings(max_examples=100, deadline=None)
@given(
    start=affects,
    story=st.lists(st.tuples(st.sampled_from(("song", "song", "skip")), further_and_further)),
)
def test_the_approach_changes_at_most_once_per_song(
    start: Affect, story: list[tuple[str, Affect]]
) -> None:
    evening = Evening(everywhere(), start)
    for act, mood in story:
        before, tried = evening.session.shift, len(evening.session.trials)
        goes_on(evening, act, mood)

        after, new = evening.session.shift, evening.session.trials[tried:]
        assert len(new) <= 1
        if before is None or after is None or before.seed != after.seed:
            continue
        approaches = [before.approach, *(trial.next_approach for trial in new), after.approach]
        assert sum(one is not other for one, other in pairwise(approaches)) <= 1


def test_a_track_played_from_a_session_of_before_is_no_trouble() -> None:
    session = Session(
        mode=Mode.SHIFT,
        playing=NowPlaying("t0", "", CALM, 0.0),
        shift=begun_blind(Goal.CALM, None, "s"),
    )
    after, _ = step(session, ev.TrackEnded(1.0, "t0"), Context())

    assert after.trials == ()


@pytest.mark.parametrize("goal", Goal)
def test_a_shift_begins_with_as_many_steps_as_the_way_is_long(goal: Goal) -> None:
    assert begun(goal, SAD, "s").steps == steps_for(SAD, AFFECT_OF_GOAL[goal])
