"""The one function that changes state: every rule a person would notice."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.commands import (
    Command,
    PlayTone,
    PlayTrack,
    SetCamera,
    SetVolume,
    StopMusic,
)
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.portrait import portrait, sentence, skipped_files
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.session import Context, Rules, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal, Mode
from soulsync_edge.domain.steering import (
    BLIND_S,
    DARK_S,
    LONGEST_REST_S,
    REST_S,
    STOP_FADE_S,
    WAITING,
    target_now,
)
from soulsync_edge.domain.step import FAILURES_BEFORE_REST, step
from soulsync_edge.domain.track import Catalogue, catalogue_of
from tests.rooms import CATALOGUE, CONTEXT, Room, a_playing_room
from tests.strategies import TRACK_IDS, a_track, catalogues, events

STOP = StopMusic(STOP_FADE_S)


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


def test_a_song_is_not_cut_to_begin_anew_where_nothing_fits_the_mood_better() -> None:
    rules = replace(CONTEXT.rules, cut_on_drift=True, drift_hold_s=60)
    one = catalogue_of([a_track("t0", Affect(0.5, 0.5))])
    room = a_playing_room(Context(rules, one))

    room.looks(Emotion.SAD, for_s=300)

    assert len(room.plays) == 1


def test_who_wants_to_hear_a_song_again_hears_it_though_the_mood_is_another() -> None:
    rules = replace(CONTEXT.rules, cut_on_drift=True, drift_hold_s=60)
    room = a_playing_room(replace(CONTEXT, rules=rules))
    room.happens(ev.TrackStarted(room.now_s, room.plays[0]))
    room.looks(Emotion.SAD, for_s=40)

    again = room.happens(ev.ReplayRequested(room.now_s + 60))

    assert [one.track_id for one in again if isinstance(one, PlayTrack)] == room.plays[:1]


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
    assert room.session.barred == frozenset(room.plays[:4])
    assert [one.reason for one in room.session.failed] == ["damaged"] * 4


def test_after_several_failures_in_a_row_the_player_rests_before_the_next_try() -> None:
    many = catalogue_of(a_track(f"x{number:02}", Affect(0, 0)) for number in range(40))
    room = a_playing_room(replace(CONTEXT, catalogue=many))

    for _ in range(FAILURES_BEFORE_REST):
        room.happens(ev.TrackFailed(room.now_s, room.plays[-1], "damaged"))
    assert room.session.is_silent_for == "no track could be played; trying again in a while"
    assert len(room.plays) == FAILURES_BEFORE_REST
    room.waits(REST_S + 5)

    assert len(room.plays) == FAILURES_BEFORE_REST + 1


def test_when_no_track_can_be_played_it_says_so() -> None:
    one = catalogue_of([a_track("t0", Affect(0, 0))])
    room = a_playing_room(replace(CONTEXT, catalogue=one))

    room.happens(ev.TrackFailed(room.now_s + 1, "t0", "damaged"))

    assert room.session.is_silent_for == "no track could be played; trying again in a while"


def test_a_passing_trouble_with_every_track_does_not_silence_the_appliance_for_ever() -> None:
    room = a_playing_room()
    for _ in range(len(CATALOGUE.tracks)):
        if room.session.playing is not None:
            room.happens(ev.TrackFailed(room.now_s, room.plays[-1], "the sound device hung"))
    failed = len(room.plays)

    room.waits(REST_S * 3)
    assert len(room.plays) > failed
    room.happens(ev.TrackMoved(room.now_s, room.plays[-1], 1.0))

    assert room.session.rests == 0
    assert room.plays[-1] not in room.session.barred


def test_rests_grow_while_nothing_can_be_played_but_stay_bounded() -> None:
    one = catalogue_of([a_track("t0", Affect(0, 0))])
    room = a_playing_room(replace(CONTEXT, catalogue=one))
    rests = []

    for _ in range(8):
        room.happens(ev.TrackFailed(room.now_s, "t0", "damaged"))
        rests.append(room.session.rest_until_s - room.now_s)
        room.now_s = room.session.rest_until_s
        room.waits(6)

    assert rests[:3] == [REST_S, 2 * REST_S, 4 * REST_S]
    assert max(rests) == LONGEST_REST_S


def test_weeks_without_a_sound_device_are_rested_through() -> None:
    one = catalogue_of([a_track("t0", Affect(0, 0))])
    room = a_playing_room(replace(CONTEXT, catalogue=one))
    room.session = replace(room.session, rests=5000)

    room.happens(ev.TrackFailed(room.now_s, "t0", "there is no sound device"))

    assert room.session.rest_until_s - room.now_s == LONGEST_REST_S


def test_what_failed_is_tried_again_when_nothing_else_is_wanted() -> None:
    two = catalogue_of(a_track(name, Affect(0, 0)) for name in ("t0", "t1"))
    room = a_playing_room(replace(CONTEXT, catalogue=two))
    failed = room.plays[0]
    room.happens(ev.TrackFailed(room.now_s, failed, "the card was slow"))
    room.happens(ev.TrackJudged(room.now_s, room.plays[1], ev.Opinion.NEVER))

    assert room.session.is_silent_for == "no track could be played; trying again in a while"
    room.waits(REST_S + 5)

    assert room.plays[2:] == [failed]
    assert not room.session.is_silent_for


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

    assert room.session.barred == {first}
    assert room.plays[-1] != first


def test_an_empty_room_falls_silent_after_its_time_and_goes_on_when_someone_returns() -> None:
    room = a_playing_room()
    room.happens(ev.TrackMoved(room.now_s, room.plays[0], 8.0))
    room.looks(None, for_s=CONTEXT.rules.empty_pause_s - 5)
    assert STOP not in room.asked
    room.looks(None, for_s=15)
    assert room.session.is_silent_for == "nobody is here"
    assert room.asked.count(STOP) == 1

    room.looks(Emotion.NEUTRAL, for_s=2)

    assert room.asked[-1] == PlayTrack(room.plays[0], f"/music/{room.plays[0]}.flac", 8.0)


def an_empty_silent_room() -> Room:
    room = a_playing_room()
    room.looks(None, for_s=CONTEXT.rules.empty_pause_s + 5)
    assert room.session.is_silent_for == "nobody is here"
    return room


def test_a_camera_that_stalls_for_a_moment_does_not_start_music_in_an_empty_room() -> None:
    room = an_empty_silent_room()
    played = len(room.plays)

    room.happens(ev.EyeLost(room.now_s))
    room.waits(BLIND_S / 2)
    room.happens(ev.EyeFound(room.now_s))
    room.looks(None, for_s=5)

    assert len(room.plays) == played


def test_an_eye_that_stays_away_lets_music_play_by_schedule() -> None:
    room = an_empty_silent_room()
    played = len(room.plays)

    room.happens(ev.EyeLost(room.now_s))
    room.waits(BLIND_S + 5)

    assert len(room.plays) == played + 1


def test_closing_the_camera_in_an_empty_room_plays_by_schedule_at_once() -> None:
    room = an_empty_silent_room()
    played = len(room.plays)

    room.happens(ev.CameraSwitched(room.now_s, is_on=False))

    assert len(room.plays) == played + 1


def test_a_lens_covered_from_the_start_plays_by_schedule_and_says_it_is_too_dark() -> None:
    room = Room()
    room.happens(ev.EyeFound(0.0))
    room.happens(ev.VoiceFound(0.0))
    for second in range(1, 8):
        room.happens(ev.RoomDark(float(second)))

    assert len(room.plays) == 1
    assert sentence(room.session) == "Too dark to see anyone"


def test_a_room_that_was_empty_stays_silent_when_it_gets_dark() -> None:
    room = an_empty_silent_room()
    played = len(room.plays)

    for _ in range(300):
        room.happens(ev.RoomDark(room.now_s + 1))

    assert len(room.plays) == played


def test_music_goes_on_in_the_dark_for_as_long_as_it_takes_to_fall_asleep() -> None:
    room = a_playing_room()

    def in_the_dark(for_s: float) -> None:
        for _ in range(round(for_s / 10)):
            room.happens(ev.RoomDark(room.now_s + 10))

    in_the_dark(DARK_S - 60)
    assert STOP not in room.asked
    in_the_dark(CONTEXT.rules.empty_pause_s + 120)

    assert room.session.is_silent_for == "nobody is here"


def test_an_eye_that_reports_a_fault_does_not_count_as_seeing_nobody() -> None:
    room = Room()
    room.happens(ev.EyeFound(0.0))
    room.happens(ev.VoiceFound(0.0))
    room.happens(ev.PartReported(0.0, ev.Part.EYE, is_ok=False, message="wrong settings"))
    room.waits(5)

    assert len(room.plays) == 1


def test_before_its_first_word_the_eye_is_not_taken_to_see_nobody() -> None:
    room = Room()
    room.happens(ev.EyeFound(0.0))

    assert sentence(room.session) == "Not sure yet"


def test_after_a_restart_the_old_track_is_stopped_when_there_should_be_no_music() -> None:
    room = Room(session=Session(music_is_on=False))

    assert STOP in room.happens(ev.VoiceFound(0.0))


def test_after_a_restart_the_old_track_may_play_until_the_library_is_known() -> None:
    room = Room(Context(catalogue=Catalogue(notice="reading")))
    room.happens(ev.VoiceFound(0.0))
    room.waits(1)
    assert STOP not in room.asked

    room.waits(CONTEXT.rules.settle_s)

    assert room.asked.count(STOP) == 1


def test_a_voice_that_restarts_while_music_is_off_does_not_bar_the_waiting_track() -> None:
    room = a_playing_room()
    room.happens(ev.MusicSwitched(room.now_s, is_on=False))
    for _ in range(3):
        room.happens(ev.VoiceLost(room.now_s))
        room.happens(ev.VoiceFound(room.now_s))

    assert room.session.failed == ()


def test_a_track_is_not_said_to_play_before_the_voice_says_so_again() -> None:
    room = a_playing_room()
    room.happens(ev.TrackStarted(room.now_s, room.plays[0]))
    assert portrait(room.session, room.context).is_playing
    room.happens(ev.MusicSwitched(room.now_s, is_on=False))
    room.happens(ev.MusicSwitched(room.now_s, is_on=True))

    assert not portrait(room.session, room.context).is_playing


def test_while_the_first_track_waits_for_the_mood_it_says_so() -> None:
    room = Room()
    room.happens(ev.VoiceFound(0.0))

    assert room.session.is_silent_for == WAITING


def test_a_file_that_failed_is_listed_with_its_reason() -> None:
    room = a_playing_room()
    room.happens(ev.TrackFailed(room.now_s, room.plays[0], "the file is damaged"))

    [listed] = skipped_files(room.session, room.context)
    assert listed.path == f"/music/{room.plays[-2]}.flac"
    assert listed.reason == "the file is damaged"


def test_a_moment_without_a_label_ends_the_drift() -> None:
    rules = replace(CONTEXT.rules, cut_on_drift=True, drift_hold_s=60)
    room = a_playing_room(replace(CONTEXT, rules=rules))
    room.looks(Emotion.SAD, for_s=40)
    room.looks(None, for_s=30)

    room.looks(Emotion.SAD, for_s=20)

    assert len(room.plays) == 1


def test_switching_music_off_stops_it_once_and_on_goes_on_where_it_was() -> None:
    room = a_playing_room()
    room.happens(ev.TrackMoved(room.now_s + 1, room.plays[0], 5.0))

    assert room.happens(ev.MusicSwitched(room.now_s + 1, is_on=False)) == (STOP,)
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


def test_a_stick_that_was_pulled_stops_the_music_and_its_return_goes_on_with_it() -> None:
    room = a_playing_room()
    room.happens(ev.TrackMoved(room.now_s, room.plays[0], 33.0))
    room.context = replace(CONTEXT, catalogue=Catalogue(is_away=True, notice="plug it in again"))
    assert room.happens(ev.CatalogueChanged(room.now_s)) == (STOP,)
    assert room.session.is_silent_for == "plug it in again"
    room.waits(60)

    room.context = CONTEXT
    commands = room.happens(ev.CatalogueChanged(room.now_s))

    assert commands == (PlayTrack(room.plays[0], f"/music/{room.plays[0]}.flac", 33.0),)


def test_another_stick_in_its_place_brings_other_music() -> None:
    room = a_playing_room()
    gone = room.plays[0]
    room.context = replace(CONTEXT, catalogue=Catalogue(is_away=True, notice="plug it in again"))
    room.happens(ev.CatalogueChanged(room.now_s))

    rest = catalogue_of(track for track in CATALOGUE.tracks if track.track_id != gone)
    room.context = replace(CONTEXT, catalogue=rest)
    room.happens(ev.CatalogueChanged(room.now_s))

    assert len(room.plays) == 2
    assert room.plays[1] != gone


def test_a_scan_that_finds_more_gives_no_damaged_file_another_chance_before_its_end() -> None:
    room = a_playing_room()
    room.happens(ev.ScanMoved(room.now_s, ScanProgress(3, 9, 1.0, 6.0)))
    room.happens(ev.TrackFailed(room.now_s, room.plays[0], "damaged"))

    room.happens(ev.CatalogueChanged(room.now_s))
    assert room.session.barred == {room.plays[0]}
    room.happens(ev.ScanMoved(room.now_s, None))
    room.happens(ev.CatalogueChanged(room.now_s))

    assert room.session.barred == frozenset()


def test_a_shift_starts_at_the_mood() -> None:
    room = a_playing_room()
    room.looks(Emotion.SAD, for_s=60)
    room.happens(ev.GoalChosen(room.now_s, Goal.LIFT))
    room.happens(ev.TrackEnded(room.now_s, room.plays[-1]))

    mood = room.session.mood.affect
    assert mood is not None
    assert target_now(room.session, room.context).distance_to(mood) < 0.05
    assert room.session.playing is not None
    assert room.session.playing.why.startswith("on the way to lift, step 1 of ")


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
    room = a_playing_room()

    assert room.happens(ev.VolumeChosen(room.now_s, asked)) == (SetVolume(given_pct),)


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
                case PlayTone():
                    assert session.has_voice
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


def test_how_far_listening_has_got_is_told_and_changes_nothing_else() -> None:
    room = Room()
    room.happens(ev.VoiceFound(0.0))
    room.waits(5)
    before, plays = room.session, list(room.plays)
    progress = ListeningProgress(3, 6, 2.0)

    room.happens(ev.ListeningMoved(5.0, progress))

    assert room.session == replace(before, listening=progress)
    assert room.plays == plays
    assert portrait(room.session, CONTEXT).listening == progress
