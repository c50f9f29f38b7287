import contextlib
import os
import random
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen import flac, id3, mp4

from soulsync_edge.adapters.tags_mutagen import MOST_READ, MutagenTagReader
from soulsync_edge.domain.hints import Tags
from soulsync_edge.errors import MediaError
from tests.music_files import write_tone

_ID3: Any = id3  # mutagen's classes have no types
_MP4: Any = mp4
_FLAC: Any = flac

_WHOLE = Tags(
    title="Rain",
    artist="The Gutters",
    album="Weather",
    genres=("Ambient",),
    moods=("calm",),
    tempo_bpm=72.0,
    key="Am",
    duration_s=1.0,
    year=1999,
    replay_gain_db=-6.5,
)


def _tag_id3(file: Any) -> None:
    if file.tags is None:
        file.add_tags()
    for frame in (
        _ID3.TIT2(text="Rain"),
        _ID3.TPE1(text="The Gutters"),
        _ID3.TALB(text="Weather"),
        _ID3.TCON(text="(26)"),  # the number of Ambient in the oldest tags
        _ID3.TMOO(text="calm"),
        _ID3.TBPM(text="72"),
        _ID3.TKEY(text="Am"),
        _ID3.TDRC(text="1999-05-01"),
        _ID3.TXXX(desc="replaygain_track_gain", text="-6.50 dB"),
    ):
        file.tags.add(frame)


def _tag_vorbis(file: Any) -> None:
    file["TITLE"], file["Artist"], file["album"] = "Rain", "The Gutters", "Weather"
    file["genre"], file["MOOD"], file["bpm"], file["initialkey"] = "Ambient", "calm", "72", "Am"
    file["date"], file["REPLAYGAIN_TRACK_GAIN"] = "1999-05-01", "-6.50 dB"


def _tag_mp4(file: Any) -> None:
    file["\xa9nam"], file["\xa9ART"], file["\xa9alb"] = "Rain", "The Gutters", "Weather"
    file["\xa9gen"], file["tmpo"] = "Ambient", [72]
    file["----:com.apple.iTunes:MOOD"] = _MP4.MP4FreeForm(b"calm")
    file["----:com.apple.iTunes:initialkey"] = _MP4.MP4FreeForm(b"Am")
    file["\xa9day"] = "1999-05-01"
    file["----:com.apple.iTunes:replaygain_track_gain"] = _MP4.MP4FreeForm(b"-6.50 dB")


def _tag_asf(file: Any) -> None:
    file["Title"], file["Author"], file["WM/AlbumTitle"] = "Rain", "The Gutters", "Weather"
    file["WM/Genre"], file["WM/Mood"] = "Ambient", "calm"
    file["WM/BeatsPerMinute"], file["WM/InitialKey"] = "72", "Am"
    file["WM/Year"], file["replaygain_track_gain"] = "1999", "-6.50 dB"


@pytest.mark.parametrize(
    ("ending", "tag"),
    [
        (".mp3", _tag_id3),
        (".wav", _tag_id3),
        (".aiff", _tag_id3),
        (".flac", _tag_vorbis),
        (".ogg", _tag_vorbis),
        (".opus", _tag_vorbis),
        (".m4a", _tag_mp4),
        (".wma", _tag_asf),
    ],
)
def test_all_tags_are_read_from_each_format(
    tmp_path: Path, ending: str, tag: Callable[[Any], None]
) -> None:
    path = write_tone(tmp_path / f"a{ending}")
    file = mutagen.File(path)
    tag(file)
    file.save()

    tags = MutagenTagReader().read(path)

    assert tags.duration_s == pytest.approx(1.0, abs=0.05)
    assert replace(tags, duration_s=1.0) == _WHOLE


@pytest.mark.parametrize("ending", [".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".wma"])
def test_a_file_without_tags_still_has_a_length(tmp_path: Path, ending: str) -> None:
    tags = MutagenTagReader().read(write_tone(tmp_path / f"a{ending}"))

    assert tags.title == ""
    assert tags.duration_s == pytest.approx(1.0, abs=0.05)


def test_the_mood_of_other_taggers_is_found_in_their_own_field(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.mp3")
    tags = _ID3.ID3()
    tags.add(_ID3.TXXX(desc="MOOD", text=["happy", "bright"]))
    tags.save(path)

    assert MutagenTagReader().read(path).moods == ("happy", "bright")


def test_several_artists_are_joined(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.flac")
    file = mutagen.File(path)
    file["artist"] = ["Ann", "Bob"]
    file.save()

    assert MutagenTagReader().read(path).artist == "Ann, Bob"


@pytest.mark.parametrize(
    ("written", "tempo_bpm"),
    [
        ("128", 128.0),
        ("97,5", 97.5),
        ("120.00 BPM", 120.0),
        ("0", None),
        ("999", None),
        ("x", None),
    ],
)
def test_tempo_is_read_as_people_write_it(
    tmp_path: Path, written: str, tempo_bpm: float | None
) -> None:
    path = write_tone(tmp_path / "a.flac")
    file = mutagen.File(path)
    file["bpm"] = written
    file.save()

    assert MutagenTagReader().read(path).tempo_bpm == tempo_bpm


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("1999", 1999),
        ("01/05/1999", 1999),
        ("2019-02-30T10:00", 2019),
        ("0000", None),
        ("19990501", 1999),
        ("199905", None),
        ("soon", None),
    ],
)
def test_a_year_is_found_in_dates_as_people_write_them(
    tmp_path: Path, written: str, year: int | None
) -> None:
    path = write_tone(tmp_path / "a.flac")
    file = mutagen.File(path)
    file["date"] = written
    file.save()

    assert MutagenTagReader().read(path).year == year


@pytest.mark.parametrize(
    ("name", "written", "gain_db"),
    [
        ("REPLAYGAIN_TRACK_GAIN", "+3.2 dB", 3.2),
        ("replaygain_track_gain", "- 7,89 dB", -7.89),
        ("replaygain_track_gain", ".5", 0.5),
        ("replaygain_track_gain", "99 dB", None),
        ("replaygain_track_gain", "loud", None),
        ("R128_TRACK_GAIN", "-1280", 0.0),  # 5 dB below -23 LUFS brings -18 LUFS
        ("R128_TRACK_GAIN", "512", 7.0),
    ],
)
def test_the_gain_towards_18_lufs_is_read_from_either_tag(
    tmp_path: Path, name: str, written: str, gain_db: float | None
) -> None:
    path = write_tone(tmp_path / "a.opus")
    file = mutagen.File(path)
    file[name] = written
    file.save()

    assert MutagenTagReader().read(path).replay_gain_db == gain_db


def test_the_gain_of_id3_itself_is_read(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.mp3")
    tags = _ID3.ID3()
    tags.add(_ID3.RVA2(desc="track", channel=1, gain=-4.5, peak=0.9))
    tags.save(path)

    assert MutagenTagReader().read(path).replay_gain_db == -4.5


def test_texts_come_out_fit_for_a_page(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.flac")
    file = mutagen.File(path)
    file["title"] = "Two\nlines\x07 \u202eturned " + "x" * 5000
    file.save()

    title = MutagenTagReader().read(path).title

    assert title.startswith("Two lines turned xxx")
    assert len(title) == 300


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.mp3", b"", "is empty"),
        ("text.flac", b"just words", "no music"),
        ("picture.ogg", b"\x89PNG\r\n\x1a\n" + bytes(500), "no music"),
        ("program.mp3", b"\x7fELF\x02\x01\x01" + bytes(5000), "no music"),
        ("tags.mp3", b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(10), "no music"),
        ("claim.mp3", b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f" + bytes(10), "no music"),
    ],
)
def test_what_is_no_music_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(MediaError, match=f"{name}.*{why}"):
        MutagenTagReader().read(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"gone\.mp3 cannot be read: no such file"):
        MutagenTagReader().read(tmp_path / "gone.mp3")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")

    with pytest.raises(MediaError, match=r"pipe\.mp3 is not a file"):
        MutagenTagReader().read(tmp_path / "pipe.mp3")


def test_a_sparse_giant_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "giant.mp3"
    path.touch()
    os.truncate(path, 4 * 1024**3)

    with pytest.raises(MediaError, match=r"giant\.mp3"):
        MutagenTagReader().read(path)


def test_a_picture_is_no_obstacle(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.mp3")
    tags = _ID3.ID3()
    tags.add(_ID3.TIT2(text="Rain"))
    tags.add(_ID3.APIC(mime="image/png", type=3, data=bytes(5 * 1024 * 1024)))
    tags.save(path)

    assert MutagenTagReader().read(path).title == "Rain"


def test_a_huge_picture_is_left_unread_and_the_file_kept(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.mp3")
    tags = _ID3.ID3()
    tags.add(_ID3.TIT2(text="Rain"))
    tags.add(_ID3.APIC(mime="image/png", type=3, data=bytes(MOST_READ + 1)))
    tags.save(path)
    del tags

    tracemalloc.start()
    try:
        assert MutagenTagReader().read(path) == Tags()
        assert tracemalloc.get_traced_memory()[1] < MOST_READ / 2
    finally:
        tracemalloc.stop()


def test_many_big_pictures_are_bounded_together(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.flac")
    file = mutagen.File(path)
    for _ in range(2):
        picture = _FLAC.Picture()
        picture.data = bytes(9 * 1024 * 1024)
        file.add_picture(picture)
    file.save()

    assert MutagenTagReader().read(path) == Tags()


@pytest.mark.parametrize("ending", [".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".wma"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_is_a_media_error_or_no_harm(tmp_path: Path, ending: str, seed: int) -> None:
    whole = tmp_path / f"whole{ending}"
    if not whole.exists():
        write_tone(whole)
    chance = random.Random(seed)  # noqa: S311  # no secret
    content = bytearray(whole.read_bytes())
    for _ in range(chance.randint(1, 40)):
        content[chance.randrange(min(len(content), 4000))] = chance.randrange(256)
    hurt = tmp_path / f"hurt{ending}"
    hurt.write_bytes(content[: chance.randint(0, len(content))])

    with contextlib.suppress(MediaError):
        assert MutagenTagReader().read(hurt).duration_s >= 0
