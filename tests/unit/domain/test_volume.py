"""How loud the voice is told to be: room for others, sleep, quiet hours."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.commands import PlayTone, PlayTrack, SetVolume, StopMusic
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.loudness import DUCKED, SLEEP_FADE_S, QuietHours
from soulsync_edge.domain.session import Context, Rules, Session
from soulsync_edge.domain.steering import STOP_FADE_S
from soulsync_edge.domain.step import step
from soulsync_edge.domain.volume import LONGEST_DUCKING_S, MOST_DUCKINGS
from tests.rooms import CATALOGUE, CONTEXT, Room, a_playing_room
from tests.strategies import events

NIGHT = 23 * 60
DAY = 12 * 60
QUIET = replace(CONTEXT, rules=replace(CONTEXT.rules, quiet=QuietHours(22 * 60, 7 * 60, 20)))


def makes_room(room: Room, by: str = "doorbell") -> None:
    room.happens(ev.DuckingChanged(room.now_s, by, is_on=True))


def gives_back(room: Room, by: str = "doorbell") -> None:
    room.happens(ev.DuckingChanged(room.now_s, by, is_on=False))


def test_music_makes_room_and_is_full_again_when_everyone_gave_it_back() -> None:
    room = a_playing_room()
    full = room.session.volume_pct

    makes_room(room)
    makes_room(room, "speech")
    gives_back(room)
    gives_back(room, "speech")

    assert room.volumes == [full, round(full * DUCKED), full]


def test_giving_back_twice_takes_nothing_from_others() -> None:
    room = a_playing_room()
    makes_room(room)
    makes_room(room, "speech")

    gives_back(room)
    gives_back(room)

    assert room.session.ducked_by == {"speech"}


def test_room_that_is_never_given_back_is_taken_back() -> None:
    room = a_playing_room()
    makes_room(room)
    room.waits(LONGEST_DUCKING_S - 1)
    assert room.session.ducked_by

    room.waits(1)

    assert room.volumes[-1] == room.session.volume_pct


def test_who_asks_again_has_room_for_longer_and_others_do_not() -> None:
    room = a_playing_room()
    makes_room(room)
    makes_room(room, "speech")
    room.waits(LONGEST_DUCKING_S - 60)
    makes_room(room)

    room.waits(120)
    assert room.session.ducked_by == {"doorbell"}
    room.waits(LONGEST_DUCKING_S)

    assert not room.session.ducked_by


def test_a_flood_of_askers_is_bounded_and_the_newest_count() -> None:
    room = a_playing_room()
    for number in range(MOST_DUCKINGS * 3):
        makes_room(room, str(number))

    assert len(room.session.duckings) == MOST_DUCKINGS
    assert str(MOST_DUCKINGS * 3 - 1) in room.session.ducked_by


def test_a_volume_chosen_while_room_is_made_comes_into_force_after() -> None:
    room = a_playing_room()
    makes_room(room)

    room.happens(ev.VolumeChosen(room.now_s, 80))
    assert room.volumes[-1] == round(80 * DUCKED)
    gives_back(room)

    assert room.volumes[-1] == 80


def test_sleep_fades_to_silence_and_ends_the_music() -> None:
    room = a_playing_room()
    begun_s = room.now_s
    room.happens(ev.SleepChosen(begun_s, 30))
    loud = len(room.volumes)

    room.waits(30 * 60 - SLEEP_FADE_S)
    assert len(room.volumes) == loud
    room.waits(SLEEP_FADE_S - 1)
    fading = room.volumes[loud - 1 :]
    assert fading == sorted(fading, reverse=True)
    assert max(before - after for before, after in pairwise(fading)) <= 1
    assert fading[-1] == 0
    assert StopMusic(STOP_FADE_S) not in room.asked
    room.waits(1)

    assert not room.session.music_is_on
    assert room.asked[-1] == StopMusic(STOP_FADE_S)
    assert room.volumes[-1] == 0  # nothing is turned up while the music goes


def test_a_short_time_to_sleep_begins_at_the_present_volume() -> None:
    room = a_playing_room()
    told = room.volumes[-1]

    room.happens(ev.SleepChosen(room.now_s, 1))
    room.waits(1)

    assert told - 2 <= room.volumes[-1] <= told


def test_the_morning_after_starts_at_the_volume_that_was_chosen() -> None:
    room = a_playing_room()
    room.happens(ev.VolumeChosen(room.now_s, 35))
    room.happens(ev.SleepChosen(room.now_s, 10))
    room.waits(12 * 60)
    asked = len(room.asked)

    room.happens(ev.MusicSwitched(room.now_s + 8 * 3600, is_on=True))

    volume, play = room.asked[asked:]
    assert volume == SetVolume(35)
    assert isinstance(play, PlayTrack)
    room.waits(60)
    assert room.volumes[-1] == 35
    assert room.session.music_is_on


@pytest.mark.parametrize("switch", ["off", "button"])
def test_switching_off_by_hand_ends_the_timer(switch: str) -> None:
    room = a_playing_room()
    room.happens(ev.SleepChosen(room.now_s, 10))
    if switch == "off":
        room.happens(ev.MusicSwitched(room.now_s, is_on=False))
    else:
        room.happens(ev.ButtonHeld(room.now_s))
    room.happens(ev.MusicSwitched(room.now_s, is_on=True))

    room.waits(11 * 60)

    assert room.session.music_is_on
    assert room.volumes[-1] == room.session.volume_pct


def test_an_on_that_changes_nothing_leaves_the_timer_alone() -> None:
    room = a_playing_room()
    room.happens(ev.SleepChosen(room.now_s, 10))

    room.happens(ev.MusicSwitched(room.now_s, is_on=True))

    assert room.session.sleep_at_s == room.now_s + 600


def test_there_is_nothing_to_end_while_music_is_off() -> None:
    room = a_playing_room()
    room.happens(ev.MusicSwitched(room.now_s, is_on=False))

    room.happens(ev.SleepChosen(room.now_s, 10))

    assert room.session.sleep_at_s is None


def test_no_minutes_take_the_timer_back() -> None:
    room = a_playing_room()
    room.happens(ev.SleepChosen(room.now_s, 2))
    room.waits(60)
    assert room.volumes[-1] < room.session.volume_pct

    room.happens(ev.SleepChosen(room.now_s, 0))

    assert room.session.sleep_at_s is None
    assert room.volumes[-1] == room.session.volume_pct


@pytest.mark.parametrize(("minutes", "left_s"), [(-5, None), (1, 60), (240, 14400), (999, 14400)])
def test_a_time_out_of_range_becomes_the_nearest(minutes: int, left_s: float | None) -> None:
    room = a_playing_room()

    room.happens(ev.SleepChosen(room.now_s, minutes))

    at_s = room.session.sleep_at_s
    assert (at_s and at_s - room.now_s) == left_s


@given(
    minutes=st.integers(1, 240),
    gaps=st.lists(st.floats(0.01, 900), min_size=1, max_size=60),
)
def test_the_music_ends_exactly_in_time_whatever_the_clock_of_ticks(
    minutes: int, gaps: list[float]
) -> None:
    room = Room(session=Session(has_voice=True))
    room.happens(ev.SleepChosen(0.0, minutes))
    told = room.volumes[-1]

    for gap_s in gaps:
        room.happens(ev.Tick(room.now_s + gap_s, DAY))
        assert room.session.music_is_on is (room.now_s < minutes * 60)
        assert room.volumes[-1] <= told
        told = room.volumes[-1]


def test_quiet_hours_win_over_a_volume_that_is_chosen() -> None:
    room = a_playing_room(QUIET)
    room.waits(1, NIGHT)
    assert room.volumes[-1] == 20

    room.happens(ev.VolumeChosen(room.now_s, 90))
    assert room.volumes[-1] == 20
    room.waits(90, DAY)

    assert room.volumes[-1] == 90


def test_after_quiet_hours_it_comes_up_little_by_little() -> None:
    room = a_playing_room(QUIET)
    room.waits(1, NIGHT)
    quiet = len(room.volumes)

    for _ in range(60):
        room.looks(Emotion.HAPPY, for_s=0.75)
        room.waits(1, DAY)

    assert room.volumes[quiet:] == list(range(21, room.session.volume_pct + 1))


def test_who_chooses_a_volume_after_quiet_hours_has_it_at_once() -> None:
    room = a_playing_room(QUIET)
    room.waits(1, NIGHT)
    room.waits(3, DAY)

    room.happens(ev.VolumeChosen(room.now_s, 70))

    assert room.volumes[-1] == 70


def test_music_that_begins_after_quiet_hours_begins_as_loud_as_was_chosen() -> None:
    room = a_playing_room(QUIET)
    room.waits(1, NIGHT)
    room.happens(ev.MusicSwitched(room.now_s, is_on=False))
    room.waits(10, DAY)

    room.happens(ev.MusicSwitched(room.now_s, is_on=True))

    assert room.volumes[-1] == room.session.volume_pct


def test_room_made_while_it_comes_up_does_not_make_it_jump() -> None:
    room = a_playing_room(QUIET)
    room.waits(1, NIGHT)
    room.waits(5, DAY)
    makes_room(room)
    room.waits(5, DAY)
    before = room.volumes[-1]

    gives_back(room)
    room.waits(1, DAY)

    assert room.volumes[-1] <= before + 1


def test_less_than_the_quiet_volume_is_less() -> None:
    room = a_playing_room(QUIET)
    room.waits(1, NIGHT)

    room.happens(ev.VolumeChosen(room.now_s, 7))

    assert room.volumes[-1] == 7


def test_quiet_hours_that_are_set_count_at_once() -> None:
    room = a_playing_room()
    room.waits(1, NIGHT)
    assert room.volumes[-1] == room.session.volume_pct

    room.context = QUIET
    room.happens(ev.RulesChanged(room.now_s))

    assert room.volumes[-1] == 20


def test_music_that_begins_at_night_begins_quietly() -> None:
    room = Room(QUIET)
    room.waits(1, NIGHT)
    room.happens(ev.VoiceFound(room.now_s))
    room.waits(10, NIGHT)

    first = next(number for number, one in enumerate(room.asked) if isinstance(one, PlayTrack))
    assert room.asked[:first].count(SetVolume(20)) == 1
    assert max(room.volumes) == 20


def test_a_sound_test_is_heard_while_there_is_no_music() -> None:
    room = a_playing_room()
    room.happens(ev.SleepChosen(room.now_s, 1))
    room.waits(70)
    assert room.volumes[-1] == 0

    commands = room.happens(ev.SoundTestRequested(room.now_s))

    assert commands == (SetVolume(room.session.volume_pct), PlayTone())


def test_a_sound_test_at_night_is_as_quiet_as_music() -> None:
    room = a_playing_room(QUIET)
    room.happens(ev.MusicSwitched(room.now_s, is_on=False))
    room.waits(5, NIGHT)

    room.happens(ev.SoundTestRequested(room.now_s))

    assert room.volumes[-1] == 20


def test_a_sound_test_without_a_voice_asks_nothing() -> None:
    assert Room().happens(ev.SoundTestRequested(0.0)) == ()


def test_a_voice_that_comes_back_is_told_again_how_loud_to_be() -> None:
    room = a_playing_room()
    makes_room(room)
    told = room.volumes[-1]
    room.happens(ev.VoiceLost(room.now_s))

    assert SetVolume(told) in room.happens(ev.VoiceFound(room.now_s))


@settings(max_examples=150)
@given(story=st.lists(events, max_size=50), quiet_pct=st.integers(0, 100))
def test_never_louder_than_allowed_and_always_told_in_the_end(
    story: list[ev.Event], quiet_pct: int
) -> None:
    quiet = QuietHours(0, 720, quiet_pct)
    context = Context(rules=Rules(quiet=quiet, settle_s=0), catalogue=CATALOGUE)
    session = Session()
    told: int | None = None

    for event in story:
        session, commands = step(session, event, context)

        for command in commands:
            if isinstance(command, SetVolume):
                told = command.volume_pct
                assert told <= session.volume_pct
                if quiet.covers(session.minute_of_day):
                    assert told <= quiet_pct
                if session.ducked_by:
                    assert told <= round(session.volume_pct * DUCKED)
        if not session.has_voice:
            told = None
        assert session.told_volume_pct == told
        is_plain = not session.ducked_by and session.sleep_at_s is None
        is_plain = is_plain and not session.is_rising
        if session.has_voice and not session.is_silent_for and is_plain:
            most = quiet_pct if quiet.covers(session.minute_of_day) else 100
            assert told == min(session.volume_pct, most)
        assert session.music_is_on or session.sleep_at_s is None
