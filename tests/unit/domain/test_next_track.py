"""Which track comes next, mode by mode: where it sits, and what is said of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.emotion import AFFECT_OF, Emotion
from soulsync_edge.domain.features import FEATURES
from soulsync_edge.domain.freshness import ChoiceRules
from soulsync_edge.domain.mood import Evidence, Mood, Presence
from soulsync_edge.domain.next_track import Next, next_track
from soulsync_edge.domain.rail import rail
from soulsync_edge.domain.session import Context, NowPlaying, Rules, Scheduled, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Approach, Goal, Mode, Shift
from soulsync_edge.domain.steering import target_now
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import Catalogue, catalogue_of
from tests.strategies import a_track, affects, catalogues

PLACES = [Affect(valence / 4, arousal / 4) for valence in range(-4, 5) for arousal in range(-4, 5)]
LIBRARY = catalogue_of(
    a_track(f"t{number}", place, artist=f"a{number}") for number, place in enumerate(PLACES)
)
RULES = Rules(choice=ChoiceRules(variety=0.0), schedule=(Scheduled(0, Goal.SLEEP),), seed="n")
ANGRY = AFFECT_OF[Emotion.ANGRY]


def looking(affect: Affect | None) -> Mood:
    if affect is None:
        return Mood()
    seen = Evidence(
        weight=0.9, valence=0.9 * affect.valence, arousal=0.9 * affect.arousal, affect_weight=0.9
    )
    return Mood(
        Presence(is_present=True), Emotion.NEUTRAL, evidence=seen, settled=seen, heard_at_s=0.0
    )


def chosen(
    mode: Mode, mood: Affect | None, library: Catalogue = LIBRARY, rules: Rules = RULES
) -> Next:
    session = Session(now_s=0.0, mode=mode, mood=looking(mood))
    found = next_track(session, Context(rules, library))
    assert found is not None
    return found


def test_match_goes_by_the_mood() -> None:
    found = chosen(Mode.MATCH, ANGRY)

    assert found.point == ANGRY
    assert found.track.affect.distance_to(ANGRY) < 0.3
    assert found.why.startswith("the room looks neutral: ")


def test_match_without_a_mood_and_schedule_with_one_go_by_the_time_of_day() -> None:
    for found in (chosen(Mode.MATCH, None), chosen(Mode.SCHEDULE, ANGRY)):
        assert found.point == AFFECT_OF_GOAL[Goal.SLEEP]
        assert found.track.affect.distance_to(found.point) < 0.3
        assert found.why.startswith("by schedule (sleep): ")


def test_after_harm_nobody_in_sight_for_a_moment_is_no_reason_to_lead_on() -> None:
    shift = Shift(
        Goal.CALM, ANGRY, "s", 6, last=ANGRY, approach=Approach.MATCH, recovers_within=0.5
    )
    session = Session(now_s=0.0, mode=Mode.SHIFT, goal=Goal.CALM, shift=shift)

    found = next_track(session, Context(RULES, LIBRARY))

    assert found is not None
    assert found.track.affect.distance_to(ANGRY) < 0.3
    assert found.why.startswith("the mood moved away from calm twice")


def test_off_plays_anything_whatever_the_mood() -> None:
    places = {
        chosen(Mode.OFF, ANGRY, rules=replace(RULES, seed=str(seed))).track.affect.quadrant
        for seed in range(30)
    }

    assert len(places) == 4
    assert chosen(Mode.OFF, ANGRY).why.startswith("whatever the mood: ")


@pytest.mark.parametrize(("mode", "is_wanted_somewhere"), [(Mode.MATCH, True), (Mode.OFF, False)])
def test_what_is_learnt_from_is_what_was_wanted(mode: Mode, *, is_wanted_somewhere: bool) -> None:
    session = Session(now_s=0.0, has_voice=True, mode=mode, mood=looking(Affect(0.8, 0.4)))

    session, _ = step(session, ev.RulesChanged(0.0), Context(RULES, LIBRARY))

    assert session.playing is not None
    near = session.playing.features[FEATURES.index("near what was wanted")]
    assert (near != 0.0) == is_wanted_somewhere


@given(affects, st.text(max_size=3))
def test_match_is_never_deeper_in_the_dark_than_the_mood(mood: Affect, seed: str) -> None:
    rules = Rules(choice=ChoiceRules(variety=1.0), seed=seed)

    assert rail(mood, mood).allows(chosen(Mode.MATCH, mood, rules=rules).track.affect)


@given(catalogues, st.sampled_from(Mode), st.none() | affects)
def test_where_there_is_music_there_is_always_a_next_track(
    catalogue: Catalogue, mode: Mode, mood: Affect | None
) -> None:
    session = Session(now_s=0.0, mode=mode, mood=looking(mood))
    found = next_track(session, Context(RULES, catalogue))

    assert (found is None) == (not catalogue.tracks)
    assert found is None or found.why


def test_music_beyond_the_rail_is_better_than_none() -> None:
    dark = catalogue_of([a_track("t0", Affect(-0.9, 0.9))])

    assert chosen(Mode.MATCH, Affect(0.5, 0.0), dark).track.track_id == "t0"


@pytest.mark.parametrize(
    ("mode", "cuts"),
    [(Mode.MATCH, True), (Mode.SHIFT, True), (Mode.SCHEDULE, False), (Mode.OFF, False)],
)
def test_a_song_is_cut_for_another_mood_only_where_the_music_goes_by_it(
    mode: Mode, *, cuts: bool
) -> None:
    for is_wanted in (True, False):
        rules = replace(RULES, cut_on_drift=is_wanted, drift_hold_s=1.0)
        context = Context(rules, LIBRARY)
        session = Session(
            now_s=0.0, has_voice=True, mode=mode, goal=Goal.SLEEP, mood=looking(Affect(0.8, 0.4))
        )
        session, _ = step(session, ev.RulesChanged(0.0), context)
        for at_s in (100.0, 105.0):
            session = replace(session, mood=looking(Affect(-0.65, -0.6)))
            session, _ = step(session, ev.RulesChanged(at_s), context)

        assert session.choices == (2 if cuts and is_wanted else 1)


def test_the_page_draws_what_each_mode_goes_by() -> None:
    playing = NowPlaying("t0", "", Affect(0.1, 0.2), 0.0)
    context = Context(RULES, LIBRARY)

    def drawn(mode: Mode, mood: Affect | None) -> Affect:
        return target_now(Session(mode=mode, mood=looking(mood), playing=playing), context)

    assert drawn(Mode.MATCH, ANGRY).distance_to(ANGRY) < 1e-9
    assert drawn(Mode.MATCH, None) == AFFECT_OF_GOAL[Goal.SLEEP]
    assert drawn(Mode.SCHEDULE, ANGRY) == AFFECT_OF_GOAL[Goal.SLEEP]
    assert drawn(Mode.OFF, ANGRY) == playing.chosen_for
    assert drawn(Mode.SHIFT, None) == AFFECT_OF_GOAL[Goal.CALM]
