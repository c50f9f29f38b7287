"""The one function that changes state: every rule a person would notice."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.commands import Command, PlayTrack, SetCamera, SetVolume, StopMusic
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.session import Context, Rules, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal, Mode
from soulsync_edge.domain.steering import target_now
from soulsync_edge.domain.step import FAILURES_BEFORE_REST, REST_S, step
from soulsync_edge.domain.track import Catalogue, catalogue_of
from soulsync_edge.fakes import estimate_of
from tests.strategies import TRACK_IDS, a_track, catalogues, events

CATALOGUE = catalogue_of(
    a_track(f"t{number}", Affect(number / 5 - 0.5, number / 5 - 0.5)) for number in range(6)
)
CONTEXT = Context(rules=Rules(seed="test"), catalogue=CATALOGUE)


class Room:
    """A session that is told of events and remembers what was asked of the actuators."""

    def __init__(self, context: Context = CONTEXT, session: Session | None = None) -> None:
        self.session = session or Session()
        self.context = context
        self.asked: list[Command] = []
        self.now_s = 0.0

    def happens(self, event: ev.Event) -> tuple[Command, ...]:
        self.now_s = max(self.now_s, event.at_s)
        self.session, commands = step(self.session, event, self.context)
        self.asked.extend(commands)
        return commands

    def looks(self, emotion: Emotion | None, for_s: float) -> None:
        for _ in range(round(for_s * 4)):
            at_s = self.now_s + 0.25
            if emotion is None:
                self.happens(ev.NobodySeen(at_s))
            else:
                estimate = estimate_of(emotion)
                self.happens(ev.EstimateArrived(at_s, estimate.probabilities, 0.9, 1))

    def waits(self, for_s: float) -> None:
        for _ in range(round(for_s)):
            self.happens(ev.Tick(self.now_s + 1.0, 600))

    @property
    def plays(self) -> list[str]:
        return [command.track_id for command in self.asked if isinstance(command, PlayTrack)]


def a_playing_room(context: Context = CONTEXT) -> Room:
    room = Room(context)
    room.happens(ev.EyeFound(0.0))
    room.happens(ev.VoiceFound(0.0))
    room.looks(Emotion.HAPPY, for_s=8)
    assert len(room.plays) == 1
    return room


def test_music_begins_once_the_mood_is_clear() -> None:
    room = a_playing_room()

    assert room.session.playing is not None
    assert "the room looks cheerful" in room.session.playing.why
    assert not room.session.is_silent_for


def test_without_an_eye_music_begins_by_schedule_after_a_moment() -> None:
    room = Room()
    room.happens(ev.VoiceFound(0.0))
    room.waits(2)
    assert room.plays == []

    room.waits(3)

    assert len(room.plays) == 1
    assert room.session.playing is not None
    assert "by schedule (calm)" in room.session.playing.why


def test_the_voice_is_told_the_volume_when_it_is_found() -> None:
    room = Room(session=Session(volume_pct=33))

    assert SetVolume(33) in room.happens(ev.VoiceFound(0.0))


def test_the_eye_is_told_whether_it_may_look_when_it_is_found() -> None:
    assert Room().happens(ev.EyeFound(0.0)) == (SetCamera(is_on=True),)
    assert Room(session=Session(camera_is_on=False)).happens(ev.EyeFound(0.0)) == (
        SetCamera(is_on=False),
    )


def test_a_song_is_not_cut_for_another_mood() -> None:
    room = a_playing_room()

    room.looks(Emotion.SAD, for_s=200)

    assert len(room.plays) == 1


def test_a_song_may_be_cut_for_a_lasting_drift_when_the_person_wants_it() -> None:
    rules = replace(CONTEXT.rules, cut_on_drift=True, drift_hold_s=60)
    room = a_playing_room(replace(CONTEXT, rules=rules))

    room.looks(Emotion.SAD, for_s=40)
    assert len(room.plays) == 1
    room.looks(Emotion.SAD, for_s=60)

    assert len(room.plays) == 2


def test_the_next_track_follows_the_end_of_the_last_at_once() -> None:
    room = a_playing_room()

    commands = room.happens(ev.TrackEnded(room.now_s + 1, room.plays[0]))

    assert [type(command) for command in commands] == [PlayTrack]
    assert room.plays[1] != room.plays[0]


def test_an_echo_of_a_track_already_replaced_changes_nothing() -> None:
    room = a_playing_room()
    room.happens(ev.SkipRequested(room.now_s + 1))

    assert room.happens(ev.TrackEnded(room.now_s + 1, room.plays[0])) == ()


def test_a_failed_track_is_not_tried_again() -> None:
    room = a_playing_room()

    for _ in range(4):
        room.happens(ev.TrackFailed(room.now_s + 1, room.plays[-1], "damaged"))

    assert len(set(room.plays)) == 5
    assert room.session.failed == frozenset(room.plays[:4])


def test_after_several_failures_in_a_row_the_player_rests_before_the_next_try() -> None:
    many = catalogue_of(a_track(f"x{number:02}", Affect(0, 0)) for number in range(40))
    room = a_playing_room(replace(CONTEXT, catalogue=many))

    for _ in range(FAILURES_BEFORE_REST):
        room.happens(ev.TrackFailed(room.now_s, room.plays[-1], "damaged"))
    assert "several tracks failed" in room.session.is_silent_for
    assert len(room.plays) == FAILURES_BEFORE_REST
    room.waits(REST_S + 5)

    assert len(room.plays) == FAILURES_BEFORE_REST + 1


def test_when_no_track_can_be_played_it_says_so() -> None:
    one = catalogue_of([a_track("t0", Affect(0, 0))])
    room = a_playing_room(replace(CONTEXT, catalogue=one))

    room.happens(ev.TrackFailed(room.now_s + 1, "t0", "damaged"))

    assert room.session.is_silent_for == "none of the tracks can be played"


def test_music_goes_on_at_the_same_place_when_the_voice_comes_back() -> None:
    room = a_playing_room()
    room.happens(ev.TrackMoved(room.now_s + 1, room.plays[0], 12.5))
    room.happens(ev.VoiceLost(room.now_s + 1))

    commands = room.happens(ev.VoiceFound(room.now_s + 1))

    assert commands[-1] == PlayTrack(room.plays[0], f"/music/{room.plays[0]}.flac", 12.5)


def test_a_track_that_brings_the_voice_down_twice_is_left_out() -> None:
    room = a_playing_room()
    first = room.plays[0]
    for _ in range(2):
        room.happens(ev.VoiceLost(room.now_s + 1))
        room.happens(ev.VoiceFound(room.now_s + 1))

    assert room.session.failed == {first}
    assert room.plays[-1] != first


def test_an_empty_room_falls_silent_after_its_time_and_goes_on_when_someone_returns() -> None:
    room = a_playing_room()
    room.happens(ev.TrackMoved(room.now_s, room.plays[0], 8.0))
    room.looks(None, for_s=CONTEXT.rules.empty_pause_s - 5)
    assert StopMusic() not in room.asked
    room.looks(None, for_s=15)
    assert room.session.is_silent_for == "nobody is here"
    assert room.asked.count(StopMusic()) == 1

    room.looks(Emotion.NEUTRAL, for_s=2)

    assert room.asked[-1] == PlayTrack(room.plays[0], f"/music/{room.plays[0]}.flac", 8.0)


def test_switching_music_off_stops_it_once_and_on_goes_on_where_it_was() -> None:
    room = a_playing_room()
    room.happens(ev.TrackMoved(room.now_s + 1, room.plays[0], 5.0))

    assert room.happens(ev.MusicSwitched(room.now_s + 1, is_on=False)) == (StopMusic(),)
    assert room.happens(ev.SkipRequested(room.now_s + 1)) == ()
    on = room.happens(ev.ButtonHeld(room.now_s + 1))

    assert on[-1] == PlayTrack(room.plays[0], f"/music/{room.plays[0]}.flac", 5.0)


def test_the_button_closes_the_camera_and_forgets_the_mood_but_not_the_music() -> None:
    room = a_playing_room()

    assert room.happens(ev.ButtonPressed(room.now_s + 1)) == (SetCamera(is_on=False),)

    assert room.session.mood.word == "nobody"
    assert not room.session.is_silent_for
    room.looks(Emotion.HAPPY, for_s=5)
    assert room.session.mood.word == "nobody"  # a closed eye's late words are not heard


def test_a_camera_fault_lets_music_go_on_by_schedule() -> None:
    room = a_playing_room()
    room.happens(ev.PartReported(room.now_s, ev.Part.CAMERA, is_ok=False, message="no camera"))

    room.waits(400)
    room.happens(ev.TrackEnded(room.now_s, room.plays[0]))

    assert len(room.plays) == 2
    assert room.session.playing is not None
    assert "by schedule" in room.session.playing.why


def test_an_empty_library_says_what_to_do() -> None:
    empty = Catalogue(notice="the library folder /media/soulsync holds no music")
    room = Room(replace(CONTEXT, catalogue=empty))
    room.happens(ev.VoiceFound(0.0))

    room.waits(10)

    assert room.session.is_silent_for == "the library folder /media/soulsync holds no music"


def test_a_track_that_left_the_library_stops_and_another_plays() -> None:
    room = a_playing_room()
    gone = room.plays[0]
    rest = catalogue_of(track for track in CATALOGUE.tracks if track.track_id != gone)
    room.context = replace(CONTEXT, catalogue=rest)

    commands = room.happens(ev.CatalogueChanged(room.now_s))

    assert [type(command) for command in commands] == [StopMusic, PlayTrack]
    assert room.plays[-1] != gone


def test_a_shift_starts_at_the_mood_and_ends_at_the_goal() -> None:
    room = a_playing_room()
    room.looks(Emotion.SAD, for_s=60)
    room.happens(ev.GoalChosen(room.now_s, Goal.LIFT))
    room.happens(ev.TrackEnded(room.now_s, room.plays[-1]))
    begun = target_now(room.session, room.context)

    mood = room.session.mood.affect
    assert mood is not None
    assert begun.distance_to(mood) < 0.05
    room.looks(Emotion.SAD, for_s=CONTEXT.rules.ramp_s)
    assert target_now(room.session, room.context).distance_to(AFFECT_OF_GOAL[Goal.LIFT]) < 1e-9


def test_a_shift_without_a_known_mood_heads_straight_for_the_goal() -> None:
    room = Room(session=Session(mode=Mode.SHIFT, goal=Goal.SLEEP))

    assert target_now(room.session, room.context) == AFFECT_OF_GOAL[Goal.SLEEP]


def test_going_back_to_match_ends_the_shift() -> None:
    room = a_playing_room()
    room.happens(ev.GoalChosen(room.now_s, Goal.LIFT))
    room.happens(ev.TrackEnded(room.now_s, room.plays[-1]))
    shifting = room.session

    room.happens(ev.ModeChosen(room.now_s, Mode.MATCH))

    assert shifting.shift is not None
    assert room.session.shift is None
    assert target_now(room.session, room.context) == room.session.mood.affect


@pytest.mark.parametrize(("asked", "given_pct"), [(-5, 0), (40, 40), (150, 100)])
def test_a_volume_out_of_range_becomes_the_nearest(asked: int, given_pct: int) -> None:
    assert SetVolume(given_pct) in Room().happens(ev.VolumeChosen(0.0, asked))


def test_the_same_report_twice_keeps_its_first_time() -> None:
    room = Room()
    report = ev.PartReported(1.0, ev.Part.BROKER, is_ok=False, message="refused")
    room.happens(report)
    room.happens(replace(report, at_s=9.0))

    health = room.session.health_of(ev.Part.BROKER)
    assert health is not None
    assert health.since_s == 1.0


@settings(max_examples=150)
@given(story=st.lists(events, max_size=40), catalogue=catalogues)
def test_any_event_is_fine_in_any_state(  # noqa: C901  # one check per kind of command
    story: list[ev.Event], catalogue: Catalogue
) -> None:
    context = Context(rules=Rules(cut_on_drift=True), catalogue=catalogue)
    session = Session()
    is_sounding = False

    for event in story:
        session, commands = step(session, event, context)

        for command in commands:
            match command:
                case PlayTrack():
                    assert command.track_id in context.catalogue.by_id
                    assert session.music_is_on
                    assert session.has_voice
                    is_sounding = True
                case StopMusic():
                    is_sounding = False
                case SetVolume():
                    assert 0 <= command.volume_pct <= 100
                case SetCamera():
                    assert command.is_on is session.camera_is_on
        if not session.has_voice:
            is_sounding = False
        assert not (is_sounding and not session.music_is_on)
        if not session.is_silent_for and session.playing is not None:
            assert session.playing.track_id in TRACK_IDS


@settings(max_examples=50)
@given(story=st.lists(events, max_size=40), catalogue=catalogues)
def test_the_same_story_is_told_the_same_way_twice(
    story: list[ev.Event], catalogue: Catalogue
) -> None:
    context = Context(rules=Rules(seed="again"), catalogue=catalogue)

    def told() -> list[tuple[Session, tuple[Command, ...]]]:
        session, turns = Session(), []
        for event in story:
            session, commands = step(session, event, context)
            turns.append((session, commands))
        return turns

    assert told() == told()
