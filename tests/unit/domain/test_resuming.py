"""Going on after a start of core: the same track, at its place, or what the voice still plays."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.commands import Command, PlayTrack, SetVolume, StopMusic
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.freshness import Heard
from soulsync_edge.domain.resuming import LISTENING, LONGEST_WAIT_S, LOOKING, VOICE_WAIT_S
from soulsync_edge.domain.session import Context, NowPlaying, Resume, Session
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import Catalogue, catalogue_of
from tests.rooms import CATALOGUE, CONTEXT, Room
from tests.strategies import TRACK_IDS, events

BEFORE = NowPlaying("t3", "it was a close match", Affect(0.1, 0.1), -60.0, position_s=41.5)
UNKNOWN = replace(CONTEXT, catalogue=Catalogue(notice="reading"))
OTHERS = catalogue_of(track for track in CATALOGUE.tracks if track.track_id != "t3")


def a_start(
    context: Context = CONTEXT,
    *,
    playing: NowPlaying | None = BEFORE,
    is_core_alone: bool = False,
    music_is_on: bool = True,
) -> Room:
    """A room just after core was started."""
    return Room(
        context,
        Session(
            playing=playing,
            history=(Heard("t3", "", -60.0),),
            resume=Resume(LONGEST_WAIT_S, may_be_heard=is_core_alone),
            music_is_on=music_is_on,
        ),
    )


def orders(room: Room) -> list[Command]:
    return [one for one in room.asked if not isinstance(one, SetVolume)]


def test_after_a_power_cut_the_same_track_goes_on_at_its_place_at_once() -> None:
    room = a_start()

    room.happens(ev.VoiceFound(1.0))

    assert orders(room) == [PlayTrack("t3", "/music/t3.flac", 41.5)]
    assert room.session.playing == replace(BEFORE)
    assert room.session.resume is None


def test_it_waits_for_the_library() -> None:
    room = a_start(UNKNOWN)
    room.happens(ev.VoiceFound(1.0))
    room.waits(10)
    assert orders(room) == []
    assert room.session.is_silent_for == LOOKING

    room.context = CONTEXT
    room.happens(ev.CatalogueChanged(12.0))

    assert orders(room) == [PlayTrack("t3", "/music/t3.flac", 41.5)]


def test_it_waits_for_the_stick_with_the_track_while_another_is_there() -> None:
    room = a_start(replace(CONTEXT, catalogue=OTHERS))
    room.happens(ev.VoiceFound(1.0))
    room.happens(ev.CatalogueChanged(2.0))
    room.waits(LONGEST_WAIT_S - 5)
    assert orders(room) == []

    room.context = CONTEXT
    room.happens(ev.CatalogueChanged(room.now_s))

    assert orders(room) == [PlayTrack("t3", "/music/t3.flac", 41.5)]


def test_a_track_that_stays_away_gives_way_to_another() -> None:
    room = a_start(replace(CONTEXT, catalogue=OTHERS))
    room.happens(ev.VoiceFound(1.0))

    room.waits(LONGEST_WAIT_S + 5)

    [play] = orders(room)
    assert isinstance(play, PlayTrack)
    assert play.track_id != "t3"
    assert play.start_s == 0


def test_a_voice_that_still_plays_goes_on_undisturbed() -> None:
    room = a_start(is_core_alone=True)
    room.happens(ev.VoiceFound(1.0))
    assert room.session.is_silent_for == LISTENING

    room.happens(ev.TrackMoved(1.8, "t3", 44.0))
    room.waits(60)

    assert orders(room) == []
    playing = room.session.playing
    assert playing is not None
    assert playing.is_heard
    assert (playing.why, playing.position_s) == (BEFORE.why, 44.0)
    assert not room.session.is_silent_for
    assert len(room.session.history) == 1


def test_a_voice_goes_on_while_the_library_is_being_read() -> None:
    room = a_start(UNKNOWN, is_core_alone=True)
    room.happens(ev.VoiceFound(1.0))
    for second in range(2, 20):
        room.happens(ev.TrackMoved(float(second), "t3", 42.0 + second))
    assert orders(room) == []

    room.context = CONTEXT
    room.happens(ev.CatalogueChanged(20.0))

    assert orders(room) == []
    assert room.session.playing is not None
    assert room.session.playing.position_s == 61.0


def test_another_track_than_was_kept_is_taken_as_it_is() -> None:
    room = a_start(is_core_alone=True)
    room.happens(ev.VoiceFound(1.0))

    room.happens(ev.TrackMoved(1.5, "t5", 7.0))

    assert orders(room) == []
    assert room.session.playing is not None
    assert room.session.playing.track_id == "t5"
    assert [heard.track_id for heard in room.session.history] == ["t3", "t5"]


def test_a_track_that_is_taken_as_it_is_was_started_once_at_most() -> None:
    room = a_start(is_core_alone=True)
    heard = (Heard("t5", "", -300.0), Heard("t3", "", -60.0))
    room.session = replace(room.session, history=heard)
    room.happens(ev.VoiceFound(1.0))

    room.happens(ev.TrackMoved(1.5, "t5", 7.0))

    assert [one.track_id for one in room.session.history] == ["t3", "t5"]


def test_a_voice_that_turns_out_to_be_silent_is_told_to_go_on() -> None:
    room = a_start(is_core_alone=True)
    room.happens(ev.VoiceFound(1.0))

    room.waits(VOICE_WAIT_S + 2)

    assert orders(room) == [PlayTrack("t3", "/music/t3.flac", 41.5)]


@pytest.mark.parametrize(
    "end", [ev.TrackEnded(1.5, "t3"), ev.TrackFailed(1.5, "t3", "damaged")], ids=["end", "fail"]
)
def test_a_track_that_ends_meanwhile_is_not_played_again(
    end: ev.TrackEnded | ev.TrackFailed,
) -> None:
    room = a_start(is_core_alone=True)
    room.happens(ev.VoiceFound(1.0))
    room.happens(end)

    room.waits(10)

    [play] = orders(room)
    assert isinstance(play, PlayTrack)
    assert play.track_id != "t3"


def test_music_that_is_off_stays_off_and_an_old_track_is_stopped() -> None:
    room = a_start(is_core_alone=True, music_is_on=False)

    room.happens(ev.VoiceFound(1.0))
    assert [type(order) for order in orders(room)] == [StopMusic]
    room.happens(ev.MusicSwitched(60.0, is_on=True))

    assert orders(room)[1:] == [PlayTrack("t3", "/music/t3.flac", 41.5)]


def test_power_that_comes_back_to_an_empty_room_wakes_nobody() -> None:
    room = a_start()
    room.happens(ev.EyeFound(0.5))
    room.looks(None, for_s=2)
    room.happens(ev.VoiceFound(room.now_s))
    room.looks(None, for_s=900)
    assert room.plays == []
    assert room.session.is_silent_for == "nobody is here yet"

    room.looks(Emotion.NEUTRAL, for_s=3)

    assert room.asked[-1] == PlayTrack("t3", "/music/t3.flac", 41.5)


def test_who_wants_the_next_track_does_not_wait_for_the_last() -> None:
    room = a_start(replace(CONTEXT, catalogue=OTHERS))
    room.happens(ev.VoiceFound(1.0))

    room.happens(ev.SkipRequested(5.0))
    room.waits(CONTEXT.rules.settle_s)

    [play] = room.plays
    assert play != "t3"
    assert room.session.resume is None


def test_a_voice_lost_meanwhile_is_heard_anew() -> None:
    room = a_start(UNKNOWN, is_core_alone=True)
    room.happens(ev.VoiceFound(1.0))
    room.happens(ev.TrackMoved(1.5, "t3", 44.0))
    room.happens(ev.VoiceLost(2.0))
    room.happens(ev.VoiceFound(3.0))
    room.context = CONTEXT
    room.happens(ev.CatalogueChanged(4.0))

    room.waits(VOICE_WAIT_S + 2)

    assert orders(room) == [PlayTrack("t3", "/music/t3.flac", 44.0)]


def test_the_volume_is_told_before_anything_goes_on() -> None:
    room = a_start()

    room.happens(ev.VoiceFound(1.0))

    assert [type(order) for order in room.asked] == [SetVolume, PlayTrack]


@settings(max_examples=150)
@given(
    story=st.lists(events, max_size=40),
    playing=st.none() | st.sampled_from(TRACK_IDS).map(lambda name: replace(BEFORE, track_id=name)),
    is_core_alone=st.booleans(),
)
def test_whatever_happens_at_a_start_it_is_over_in_time(
    story: list[ev.Event], playing: NowPlaying | None, *, is_core_alone: bool
) -> None:
    session = Session(playing=playing, resume=Resume(LONGEST_WAIT_S, is_core_alone))

    for event in story:
        session, commands = step(session, event, CONTEXT)
        plays = [command for command in commands if isinstance(command, PlayTrack)]
        assert len(plays) <= 1
        if plays or (session.playing and session.playing.is_heard and not session.is_silent_for):
            assert session.resume is None
            assert session.has_begun

    for event in (ev.MusicSwitched(9000.0, is_on=True), ev.VoiceFound(9000.0)):
        session, _ = step(session, event, CONTEXT)
    session, _ = step(session, ev.Tick(9000.0 + VOICE_WAIT_S, 600), CONTEXT)
    assert session.resume is None
