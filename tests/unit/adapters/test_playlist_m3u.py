"""Playlists as M3U files: any name, nothing but a playlist replaced, whole or not at all."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from soulsync_edge.adapters.playlist_m3u import check_target, write_m3u
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.track import Track
from soulsync_edge.errors import Unavailable
from tests.strategies import a_track


def at(
    path: Path | str, *, title: str = "Rain", artist: str = "", duration_s: float = 61.4
) -> Track:
    track = a_track("t", Affect(0, 0), artist=artist, duration_s=duration_s)
    return replace(track, path=str(path), title=title)


def lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


def test_tracks_below_the_playlist_are_named_from_there_and_others_in_full(tmp_path: Path) -> None:
    file = tmp_path / "way.m3u"
    inside, outside = tmp_path / "Slow Rain" / "01 Tram.mp3", tmp_path.parent / "else.flac"

    write_m3u(file, [at(inside, artist="Ann"), at(outside, duration_s=0.0)], "from sad to calm")

    assert file.read_text("utf-8").splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:from sad to calm",
        "#EXTINF:61,Ann - Rain",
        "Slow Rain/01 Tram.mp3",
        "#EXTINF:-1,Rain",
        str(outside),
    ]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (b"\xe6\x97\xa5.mp3", "\u65e5.mp3".encode()),
        (b"#1 hit.mp3", b"./#1 hit.mp3"),
        (b" space.mp3", b"./ space.mp3"),
    ],
)
def test_a_name_that_is_text_stands_as_it_is(tmp_path: Path, name: bytes, line: bytes) -> None:
    write_m3u(tmp_path / "a.m3u", [at(tmp_path / os.fsdecode(name))], "t")

    assert lines(tmp_path / "a.m3u")[-1] == line


@pytest.mark.parametrize(
    ("name", "ending"), [(b"caf\xe9.mp3", b"/caf%E9.mp3"), (b"two\nlines.mp3", b"/two%0Alines.mp3")]
)
def test_a_name_no_line_can_hold_becomes_an_address(
    tmp_path: Path, name: bytes, ending: bytes
) -> None:
    write_m3u(tmp_path / "a.m3u", [at(tmp_path / os.fsdecode(name))], "t")

    last = lines(tmp_path / "a.m3u")[-1]
    assert last.startswith(b"file:///")
    assert last.endswith(ending)
    (tmp_path / "a.m3u").read_text("utf-8")


def test_a_title_stays_on_its_line(tmp_path: Path) -> None:
    write_m3u(tmp_path / "a.m3u", [at("/a.mp3", title="two\nlines \udce9")], "a\nb")

    assert lines(tmp_path / "a.m3u")[1:3] == [b"#PLAYLIST:a b", b"#EXTINF:61,two lines ?"]


def test_an_older_playlist_is_replaced_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.m3u8").write_text("old")
    (tmp_path / "link.m3u").symlink_to("real.m3u8")
    (tmp_path / "list").write_text("#EXTM3U\nold.mp3\n")

    for name in ("link.m3u", "list"):
        write_m3u(tmp_path / name, [at("/a.mp3")], "new")

    assert lines(tmp_path / "real.m3u8")[1] == lines(tmp_path / "list")[1] == b"#PLAYLIST:new"
    assert (tmp_path / "link.m3u").is_symlink()


def test_what_is_no_playlist_is_never_replaced(tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(b"music")

    with pytest.raises(Unavailable, match=r"song\.mp3 .*no playlist; name another file"):
        write_m3u(song, [at("/a.mp3")], "t")

    assert song.read_bytes() == b"music"


def test_places_where_no_file_can_be_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "folder.m3u").mkdir()
    (tmp_path / "round.m3u").symlink_to("round.m3u")
    os.mkfifo(tmp_path / "pipe.m3u")
    for name, why in {
        "folder.m3u": "it is a folder",
        "none/a.m3u": "there is no folder",
        "pipe.m3u": "it is no file",
        "round.m3u": "cannot be written",
        "nul\0.m3u": "cannot be written",
    }.items():
        with pytest.raises(Unavailable, match=why):
            check_target(tmp_path / name)


def test_a_write_that_fails_says_why_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / ("x" * 300 + ".m3u")

    with pytest.raises(Unavailable, match="file name too long"):
        write_m3u(file, [at("/a.mp3")], "t")

    assert list(tmp_path.iterdir()) == []
