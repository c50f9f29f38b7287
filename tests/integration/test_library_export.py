"""`soulsync library export`: the catalogue as a table."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from mutagen.flac import FLAC

from soulsync_edge.adapters.music_places import MusicPlaces
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.cli import models_folder
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.hearing import Analysis, FilePrint, Hearing
from soulsync_edge.domain.library import Found
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Track
from soulsync_edge.programs.library_export import COLUMNS
from tests.music_files import write_tone
from tests.stored import a_stick, keep

_SOUND = Sound(120.04, 9, is_minor=True, danceability=0.5, loudness_lufs=-14.0, true_peak_dbtp=-1.0)


def _exported(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "soulsync_edge", "library", "export", *map(str, arguments)],
        capture_output=True,
        timeout=120,
        check=False,
    )


def _rows(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode(), newline="")))


def _track(name: str, title: str, path: str = "") -> Track:
    return Track(
        name,
        path or f"/music/{name}.mp3",
        title,
        "Ann",
        "",
        30.0,
        Affect(-0.5, 0.25),
        Spread(0.2, 0.3),
        "its mood tag",
        year=1999,
        replay_gain_db=-6.5,
    )


@pytest.fixture
def state(tmp_path: Path) -> Path:
    store = SqliteStore(tmp_path / "state" / "soulsync.db")
    keep(store, "red", [_track("a", "Rain")])
    store.keep_found(a_stick("blue", "/music"), [Found(_track("b", "Snow"), "1")])
    hearing = Hearing(FilePrint(1, 2, "c0ffee"), Analysis("AAAA", _SOUND))
    store.keep_hearings({"a": hearing}, MusicPlaces(models_folder()).version)
    store.close()
    return tmp_path / "state"


def test_what_is_remembered_is_written_with_its_sound(state: Path) -> None:
    done = _exported("--state-dir", state)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b'"path","title"')
    assert done.stdout.count(b"\r\n") == 3
    rain, snow = _rows(done.stdout)
    assert tuple(rain) == COLUMNS
    assert (rain["path"], rain["title"], rain["year"]) == ("/music/a.mp3", "Rain", "1999")
    assert (rain["tempo_bpm"], rain["key"], rain["mode"]) == ("120.0", "A", "minor")
    assert (rain["loudness_lufs"], rain["replay_gain_db"]) == ("-14.0", "-6.5")
    assert rain["content"] == "c0ffee"
    assert rain["affect_source"] == "its mood tag and its sound"
    assert -1 <= float(rain["valence"]) <= 1
    assert (snow["valence"], snow["arousal"], snow["valence_sd"]) == ("-0.5", "0.25", "0.2")
    assert (snow["tempo_bpm"], snow["key"], snow["content"]) == ("", "", "")


def test_it_can_be_read_while_core_has_it_open(state: Path) -> None:
    store = SqliteStore(state / "soulsync.db")
    store.keep_found(a_stick("red"), [Found(_track("c", "Hail"), "1")])

    done = _exported("--state-dir", state)

    assert len(_rows(done.stdout)) == 3
    store.keep("volume", "40")
    store.close()


def test_a_folder_is_read_into_a_file(tmp_path: Path) -> None:
    music = tmp_path / "music" / "calm"
    music.mkdir(parents=True)
    file = FLAC(write_tone(music / "a.flac"))
    file["title"], file["date"] = "Rain, and “snow”", "2001"
    file.save()

    done = _exported("--library", tmp_path / "music", tmp_path / "table.csv")

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    [row] = _rows((tmp_path / "table.csv").read_bytes())
    assert (row["path"], row["title"]) == (str(music / "a.flac"), "Rain, and “snow”")
    assert (row["year"], row["duration_s"], row["content"]) == ("2001", "1.0", "")


def test_a_name_that_is_no_text_is_written_without_loss(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9 \xff.wav"
    Path(os.fsdecode(odd)).write_bytes(write_tone(tmp_path / "tone.wav").read_bytes())
    (tmp_path / "tone.wav").unlink()

    done = _exported("--library", tmp_path)

    assert done.returncode == 0
    [row] = _rows(done.stdout)
    assert unquote_to_bytes(row["path"].removeprefix("file://")) == odd


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "'tis", "\u2019tis"])
def test_no_title_becomes_a_formula_and_each_can_be_had_back(tmp_path: Path, title: str) -> None:
    store = SqliteStore(tmp_path / "soulsync.db")
    keep(store, "red", [_track("a", title)])
    store.close()

    [row] = _rows(_exported("--state-dir", tmp_path).stdout)

    assert not row["title"].startswith(("=", "+", "-", "@"))
    assert row["title"].removeprefix("'") == title


def test_without_a_store_it_says_what_to_do(tmp_path: Path) -> None:
    done = _exported("--state-dir", tmp_path)

    assert done.returncode == 69
    assert b"has the appliance run here? Else name a folder of music" in done.stderr


def test_a_damaged_store_is_said_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "soulsync.db").write_bytes(b"no database at all, though long enough " * 9)

    done = _exported("--state-dir", tmp_path)

    assert done.returncode == 69
    assert b"is damaged" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["soulsync.db"]


def test_a_file_that_cannot_be_written_is_said(state: Path) -> None:
    done = _exported("--state-dir", state, "/nowhere/table.csv")

    assert done.returncode == 69
    assert b"/nowhere/table.csv cannot be written: no such file or directory" in done.stderr
