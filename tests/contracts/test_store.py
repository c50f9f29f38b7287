"""What every `Store` does."""

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soulsync_edge.adapters.store_lost import LostStore
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.hearing import Analysis, FilePrint, Hearing
from soulsync_edge.domain.library import Found, Known, Stick
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeStore
from soulsync_edge.ports import Store
from tests.stored import a_stick, keep, kept

_UNIT = st.floats(-1, 1)
_ANY_SOUND = st.builds(
    Sound,
    tempo_bpm=st.floats(20, 300),
    key=st.integers(0, 11),
    is_minor=st.booleans(),
    danceability=st.floats(0, 1),
    loudness_lufs=st.floats(-70, 5),
    true_peak_dbtp=st.floats(-100, 10),
)
_ANY_TRACK = st.builds(
    Track,
    track_id=st.text(min_size=1),
    path=st.binary(min_size=1, max_size=300).map(lambda name: os.fsdecode(b"/music/a" + name)),
    title=st.text(),
    artist=st.text(),
    album=st.text(),
    duration_s=st.floats(0, 1e6),
    affect=st.builds(Affect, _UNIT, _UNIT),
    affect_spread=st.builds(Spread, st.floats(0.01, 2), st.floats(0.01, 2)),
    affect_source=st.text(),
    sound=st.none() | _ANY_SOUND,
    year=st.none() | st.integers(1000, 2099),
    replay_gain_db=st.none() | st.floats(-40, 40),
)
_ANY_SKIPPED = st.builds(SkippedFile, path=st.text(), reason=st.text())
_ANY_HEARING = st.builds(
    Hearing,
    st.builds(FilePrint, st.integers(0, 2**60), st.integers(0, 2**62), st.sampled_from("xyz")),
    st.builds(
        Analysis,
        st.binary(max_size=600).map(lambda raw: base64.b64encode(raw).decode()),
        _ANY_SOUND,
    ),
)


def a_hearing(content: str, mtime_ns: int = 7) -> Hearing:
    sound = Sound(120.0, 4, is_minor=True, danceability=0.5, loudness_lufs=-14.0, true_peak_dbtp=-1)
    return Hearing(FilePrint(1000, mtime_ns, content), Analysis("AAAA", sound))


def a_track(name: str) -> Track:
    return Track(
        name,
        f"/music/{name}",
        name,
        "Ann",
        "",
        30.0,
        Affect(0.5, -0.5),
        Spread(0.2, 0.2),
        "its tag",
    )


@pytest.fixture(params=["fake", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = FakeStore()
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "state" / "soulsync.db")
    yield made
    made.close()
    made.close()


def test_nothing_is_known_at_first(store: Store) -> None:
    assert store.recall("volume") is None
    assert kept(store, "stick") == ((), ())


def test_a_value_is_recalled_and_replaced(store: Store) -> None:
    store.keep("volume", "40")
    store.keep("mode", "match")
    store.keep("volume", "50")

    assert (store.recall("volume"), store.recall("mode")) == ("50", "match")


def test_a_value_that_is_forgotten_is_not_recalled(store: Store) -> None:
    store.keep("volume", "40")
    store.keep("mode", "match")

    store.forget("volume")
    store.forget("never kept")

    assert (store.recall("volume"), store.recall("mode")) == (None, "match")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    tracks=st.lists(_ANY_TRACK, unique_by=lambda track: track.track_id, max_size=5),
    skipped=st.lists(_ANY_SKIPPED, max_size=3),
)
def test_tracks_come_back_whole_and_in_order(
    store: Store, tracks: list[Track], skipped: list[SkippedFile]
) -> None:
    keep(store, "stick", tracks, skipped)

    back, back_skipped = kept(store, "stick")

    assert list(back) == sorted(tracks, key=lambda track: track.track_id)
    assert list(back_skipped) == skipped


def test_keeping_tracks_replaces_what_was_known_of_that_library_alone(store: Store) -> None:
    keep(store, "stick", [a_track("a"), a_track("b")], [SkippedFile("x", "why")])
    keep(store, "other", [a_track("a")], [])

    keep(store, "stick", [a_track("c")], [])

    assert kept(store, "stick") == ((a_track("c"),), ())
    assert kept(store, "other") == ((a_track("a"),), ())


def test_a_library_whose_name_is_no_text_iskept(store: Store) -> None:
    name = os.fsdecode(b"folder /\xff")

    keep(store, name, [a_track("a")], [])

    assert kept(store, name) == ((a_track("a"),), ())


def test_tracks_may_come_from_a_stream(store: Store) -> None:
    keep(store, "stick", (a_track(name) for name in "ba"), iter(()))

    assert [track.track_id for track in kept(store, "stick")[0]] == ["a", "b"]


def test_nothing_is_kept_of_a_stream_that_breaks(store: Store) -> None:
    keep(store, "stick", [a_track("a")], [])

    def breaking() -> Iterator[Found]:
        yield Found(a_track("b"), "stamp")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.keep_found(a_stick("stick"), breaking())

    assert kept(store, "stick") == ((a_track("a"),), ())


def test_finds_of_a_scan_that_was_cut_short_are_known_with_their_stamps(store: Store) -> None:
    store.keep_found(a_stick("stick"), [Found(a_track("a"), "1")])
    store.keep_found(a_stick("stick"), [Found(a_track("b"), "2")])

    assert store.known(a_stick("stick")) == Known((a_track("a"), a_track("b")))
    assert store.stamps("stick") == {"a": "1", "b": "2"}
    assert store.stamps("other") == {}


def test_a_track_that_is_read_again_replaces_what_was_known_of_it(store: Store) -> None:
    keep(store, "stick", [a_track("a"), a_track("b")])

    better = replace(a_track("a"), title="Rain")
    store.keep_found(a_stick("stick"), [Found(better, "new")])

    assert store.known(a_stick("stick")) == Known((better, a_track("b")), is_complete=True)
    assert store.stamps("stick") == {"a": "new", "b": "stamp of b"}


def test_a_stick_that_lies_elsewhere_now_has_its_tracks_there(store: Store) -> None:
    odd = replace(a_track("odd"), path=os.fsdecode(b"/music/\xff/x.mp3"))
    keep(store, "stick", [a_track("a"), odd])

    elsewhere = Stick("stick", "/media/disk one", 7)
    tracks = store.known(elsewhere).tracks

    assert [track.path for track in tracks] == [
        "/media/disk one/a",
        os.fsdecode(b"/media/disk one/\xff/x.mp3"),
    ]
    store.keep_complete(elsewhere, {"a"}, [])
    assert [track.path for track in store.known(a_stick("stick")).tracks] == ["/music/a"]


def test_all_sticks_are_told_with_where_they_lay_last(store: Store) -> None:
    keep(store, "red", [a_track("a")])
    store.keep_found(a_stick("blue", "/media/blue"), [Found(a_track("b"), "1")])
    store.keep_found(a_stick("red", "/media/red"), [])

    assert store.sticks() == (Stick("blue", "/media/blue", 0), Stick("red", "/media/red", 0))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(hearing=_ANY_HEARING)
def test_what_was_heard_comes_back_whole(store: Store, hearing: Hearing) -> None:
    store.keep_hearings({"a": hearing}, "v1")

    assert store.hearings(["a", "b"], "v1") == {"a": hearing}
    assert store.analysis(hearing.file.content, "v1") == hearing.analysis


def test_what_was_heard_with_other_descriptors_does_not_count(store: Store) -> None:
    store.keep_hearings({"a": a_hearing("x")}, "v1")

    assert store.hearings(["a"], "v2") == {}
    assert store.analysis("x", "v2") is None


def test_a_file_heard_again_replaces_what_was_known_of_it(store: Store) -> None:
    store.keep_hearings({"a": a_hearing("x"), "b": a_hearing("y")}, "v1")
    store.keep_hearings({"a": a_hearing("z", mtime_ns=8)}, "v1")

    assert store.hearings(["a", "b"], "v1") == {
        "a": a_hearing("z", mtime_ns=8),
        "b": a_hearing("y"),
    }


def test_a_piece_is_known_again_wherever_its_file_goes(store: Store) -> None:
    keep(store, "stick", [a_track("a")], [])
    store.keep_hearings({"a": a_hearing("x")}, "v1")

    keep(store, "stick", [a_track("b")], [])

    assert store.analysis("x", "v1") == a_hearing("x").analysis


def test_a_new_scan_leaves_what_was_heard_of_tracks_that_are_still_there(store: Store) -> None:
    keep(store, "stick", [a_track("a")], [])
    store.keep_hearings({"a": a_hearing("x")}, "v1")

    keep(store, "stick", [a_track("a"), a_track("b")], [])

    assert store.hearings(["a"], "v1") == {"a": a_hearing("x")}


def test_a_lost_store_refuses_everything_with_its_reason() -> None:
    store: Store = LostStore("the card fails")
    refused: list[Callable[[], object]] = [
        lambda: store.recall("volume"),
        lambda: store.keep("volume", "40"),
        store.sticks,
        lambda: store.known(a_stick("stick")),
        lambda: store.stamps("stick"),
        lambda: store.keep_found(a_stick("stick"), []),
        lambda: store.keep_complete(a_stick("stick"), set(), []),
        lambda: store.hearings([], "v1"),
        lambda: store.analysis("x", "v1"),
        lambda: store.keep_hearings({}, "v1"),
    ]

    for ask in refused:
        with pytest.raises(Unavailable, match="the card fails"):
            ask()
    store.close()
