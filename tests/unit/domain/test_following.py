"""How a track follows the one before: fading, without a gap, and as loud as it should be."""

from dataclasses import replace

import pytest

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.session import Context, Rules
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Catalogue, catalogue_of
from tests.rooms import Room, a_playing_room
from tests.strategies import a_track

LEVELS_LUFS = (-20.0, -9.0, -14.0)


def music(*, album: str = "", true_peak_dbtp: float = -12.0) -> Catalogue:
    """Three tracks of different loudness."""
    return catalogue_of(
        replace(
            a_track(f"t{number}", Affect(0.3, 0.3), artist="Ada" if album else f"A{number}"),
            album=album,
            sound=Sound(120.0, 0, False, 0.5, level_lufs, true_peak_dbtp),  # noqa: FBT003  # in major
        )
        for number, level_lufs in enumerate(LEVELS_LUFS)
    )


def a_room(catalogue: Catalogue, crossfade_s: float = 4.0) -> Room:
    return a_playing_room(Context(Rules(seed="following", crossfade_s=crossfade_s), catalogue))


def ending(room: Room) -> PlayTrack:
    """What is asked for when the present track is about to end."""
    [play] = room.happens(ev.TrackEnding(room.now_s, room.plays[-1], 5.0))
    assert isinstance(play, PlayTrack)
    return play


def test_a_track_fades_into_another() -> None:
    play = ending(a_room(music()))

    assert (play.fade_s, play.is_seamless) == (4.0, False)


def test_within_an_album_there_is_no_fade_and_no_gap() -> None:
    play = ending(a_room(music(album="Dawn")))

    assert (play.fade_s, play.is_seamless) == (0.0, True)


def test_without_a_cross_fade_the_end_of_a_track_is_heard_out() -> None:
    play = ending(a_room(music(), crossfade_s=0.0))

    assert (play.fade_s, play.is_seamless) == (0.0, True)


def test_a_track_that_left_the_library_is_heard_out() -> None:
    room = a_room(music())
    rest = [one for one in room.context.catalogue.tracks if one.track_id != room.plays[-1]]
    room.context = replace(room.context, catalogue=catalogue_of(rest))

    assert ending(room).is_seamless


def test_what_is_skipped_gives_way_at_once_also_within_an_album() -> None:
    room = a_room(music(album="Dawn"))

    [play] = room.happens(ev.SkipRequested(room.now_s))

    assert isinstance(play, PlayTrack)
    assert not play.is_seamless
    assert 0 < play.fade_s < 1


def test_tracks_are_levelled_one_by_one() -> None:
    room = a_room(music())
    plays = [ending(room) for _ in range(2)]

    for play in plays:
        level_lufs = LEVELS_LUFS[int(play.track_id[1:])]
        assert level_lufs + play.gain_db == pytest.approx(-17.0)


def test_an_album_is_levelled_as_one() -> None:
    room = a_room(music(album="Dawn"))
    first = next(one for one in room.asked if isinstance(one, PlayTrack))

    plays = [ending(room) for _ in range(2)]

    assert [play.gain_db for play in plays] == [first.gain_db] * 2


def test_an_album_is_levelled_no_higher_than_its_peaks_allow() -> None:
    room = a_room(music(album="Dawn", true_peak_dbtp=4.0))

    assert ending(room).gain_db <= -5.0
