"""Whatever happens, in whatever order, under whatever rules: what holds after every event."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.commands import (
    Command,
    PlayTone,
    PlayTrack,
    SetCamera,
    SetVolume,
    StopMusic,
)
from soulsync_edge.domain.loudness import MOST_GAIN_DB, QuietHours
from soulsync_edge.domain.session import Context, Resume, Rules, Session
from soulsync_edge.domain.steering import SKIP_FADE_S
from soulsync_edge.domain.step import step
from soulsync_edge.domain.volume import MOST_DUCKINGS
from soulsync_edge.wire.messages import TRACE
from tests.rooms import Room, a_playing_room
from tests.strategies import catalogues, events

quiets = st.none() | st.builds(
    QuietHours, st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 100)
)
rules = st.builds(
    Rules,
    crossfade_s=st.floats(0, 12),
    target_lufs=st.floats(-30, -10),
    cut_on_drift=st.booleans(),
    drift_hold_s=st.floats(0, 60),
    settle_s=st.floats(0, 5),
    quiet=quiets,
    learns=st.booleans(),
    exploration=st.floats(0, 1),
)
contexts = st.builds(Context, rules=rules, catalogue=catalogues)
starts = st.builds(
    Session,
    music_is_on=st.booleans(),
    camera_is_on=st.booleans(),
    volume_pct=st.integers(0, 100),
    resume=st.none() | st.builds(Resume, st.floats(0, 60), st.booleans()),
)


@st.composite
def stories(draw: st.DrawFn) -> tuple[Session, list[tuple[ev.Event, Context]]]:
    """A start, and what happens under which rules and with what music."""
    known = draw(st.lists(contexts, min_size=1, max_size=3))
    story = [
        (event, known[draw(st.integers(0, len(known) - 1))])
        for event in draw(st.lists(events, max_size=40))
    ]
    return draw(starts), story


Story = tuple[Session, list[tuple[ev.Event, Context]]]


def kinds(commands: tuple[Command, ...]) -> list[type[Command]]:
    return [type(command) for command in commands]


@settings(max_examples=200)
@given(story=stories())
def test_a_step_asks_for_each_thing_once_and_in_order(story: Story) -> None:
    session, happenings = story
    order: list[type[Command]] = [SetVolume, SetCamera, PlayTone, StopMusic, PlayTrack]

    for event, context in happenings:
        session, commands = step(session, event, context)

        asked = kinds(commands)
        assert len(set(asked)) == len(asked)
        assert asked == sorted(asked, key=order.index)


@settings(max_examples=200)
@given(story=stories())
def test_the_voice_is_asked_for_what_it_can_do(story: Story) -> None:
    session, happenings = story

    for event, context in happenings:
        session, commands = step(session, event, context)

        assert session.has_voice or set(kinds(commands)) <= {SetCamera}
        for command in commands:
            if isinstance(command, PlayTrack):
                track = context.catalogue.by_id[command.track_id]
                assert command.path == track.path
                assert command.start_s >= 0
                assert 0 <= command.fade_s <= 12
                assert not (command.is_seamless and command.fade_s)
                assert command.gain_db <= MOST_GAIN_DB
                assert session.playing is not None
                assert session.playing.track_id == command.track_id
                assert session.music_is_on
                assert not session.is_silent_for
                assert session.has_begun
            if isinstance(command, StopMusic):
                assert session.is_silent_for or PlayTrack in kinds(commands)


@settings(max_examples=100)
@given(story=stories())
def test_a_session_stays_small_and_can_begin_a_trace(story: Story) -> None:
    session, happenings = story

    for event, context in happenings:
        before = session
        session, _ = step(session, event, context)

        assert session.now_s is not None
        assert session.now_s >= (before.now_s or 0.0)
        assert 0 <= session.volume_pct <= 100
        assert len(session.duckings) <= MOST_DUCKINGS
        assert len({one.track_id for one in session.failed}) == len(session.failed)
        assert len({one.part for one in session.health}) == len(session.health)

    assert TRACE.decode(TRACE.encode(session)) == session


@settings(max_examples=100)
@given(story=stories())
def test_the_same_tick_twice_asks_nothing_more(story: Story) -> None:
    session, happenings = story
    for event, context in happenings:
        session, _ = step(session, event, context)
        tick = ev.Tick(session.now_s or 0.0, session.minute_of_day)
        session, _ = step(session, tick, context)

        session, commands = step(session, tick, context)

        assert commands == ()


def test_hearing_it_again_begins_at_its_beginning_without_a_click() -> None:
    room = a_playing_room()
    room.happens(ev.TrackMoved(room.now_s + 100, room.plays[0], 92.0))
    history = room.session.history

    [play] = room.happens(ev.ReplayRequested(room.now_s))

    assert play == PlayTrack(room.plays[0], f"/music/{room.plays[0]}.flac", 0.0, fade_s=SKIP_FADE_S)
    assert room.session.playing is not None
    assert room.session.playing.position_s == 0
    assert room.session.history == history


def test_what_is_heard_again_is_not_said_to_play_before_it_does() -> None:
    room = a_playing_room()
    room.happens(ev.TrackMoved(room.now_s, room.plays[0], 92.0))

    room.happens(ev.ReplayRequested(room.now_s))

    assert room.session.playing is not None
    assert not room.session.playing.is_heard


def test_there_is_nothing_to_hear_again_while_there_is_no_music() -> None:
    room = a_playing_room()
    room.happens(ev.MusicSwitched(room.now_s, is_on=False))

    assert room.happens(ev.ReplayRequested(room.now_s)) == ()
    assert Room().happens(ev.ReplayRequested(0.0)) == ()


def test_a_track_that_left_meanwhile_is_not_heard_again() -> None:
    room = a_playing_room()
    room.context = replace(room.context, catalogue=replace(room.context.catalogue, tracks=()))

    commands = room.happens(ev.ReplayRequested(room.now_s))

    assert PlayTrack not in kinds(commands)
