import errno
import json
import os
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from scripts.demo_music import encoding, work
from scripts.demo_music.__main__ import main
from scripts.demo_music.piece import Piece
from scripts.demo_music.pieces import PROGRAMME
from scripts.demo_music.shelf import Shelf, content_version, entries
from scripts.demo_music.synth.signals import Samples


@pytest.fixture
def quick_render(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand a second of tone in for each piece: these tests are about files."""

    def render(piece: Piece) -> Samples:
        tone: Samples = np.sin(np.arange(88_200) * piece.tempo_bpm / 5000).reshape(-1, 2)
        return tone * 0.1

    monkeypatch.setattr(work, "render", render)


def _filled(folder: Path) -> Shelf:
    shelf = Shelf(folder, content_version())
    for entry in entries():
        shelf.note(shelf.put(entry.number, entry.path, b"music", 30.0))
    shelf.finish()
    return shelf


def test_a_real_piece_comes_out_as_its_truth_says(tmp_path: Path) -> None:
    number = next(
        number for number, piece in enumerate(PROGRAMME, 1) if piece.title == "Sorting Buttons"
    )

    assert main(["--out", str(tmp_path), "--only", str(number)]) == 0

    (truth,) = json.loads((tmp_path / "pieces.json").read_text())
    file = tmp_path / truth["path"]
    sound, rate_hz = soundfile.read(file)
    tags = mutagen.File(file)
    assert rate_hz == 44_100
    assert 20 <= len(sound) / rate_hz <= 40
    assert abs(len(sound) / rate_hz - truth["seconds"]) < 0.06
    assert np.max(np.abs(sound)) <= 10 ** (-1 / 20)
    assert np.std(sound) > 0.01
    assert tags["title"] == [truth["title"]]
    assert tags["bpm"] == [str(truth["tempo_bpm"])]
    assert tags["initialkey"] == [truth["initial_key"]]
    assert tags["mood"] == [truth["quadrant"]]
    assert not list(tmp_path.rglob("*.part"))


def test_the_truth_agrees_with_the_programme(tmp_path: Path) -> None:
    _filled(tmp_path)

    rows = json.loads((tmp_path / "pieces.json").read_text())

    assert len(rows) == len(PROGRAMME)
    for row, piece in zip(rows, PROGRAMME, strict=True):
        for name in ("title", "quadrant", "valence", "arousal", "tempo_bpm", "key", "mode", "seed"):
            assert row[name] == getattr(piece, name)
        assert (tmp_path / row["path"]).is_file()


def test_formats_are_mixed_in_every_album() -> None:
    kinds: dict[str, set[str]] = {}
    for entry in entries():
        kinds.setdefault(entry.album, set()).add(entry.kind)

    assert all(found == {"flac", "ogg", "mp3"} for found in kinds.values())


def test_a_second_run_renders_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _filled(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    assert main(["--out", str(tmp_path)]) == 0

    assert "already rendered" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_only_what_is_missing_or_damaged_is_rendered_again(tmp_path: Path) -> None:
    _filled(tmp_path)
    listed = entries()
    (tmp_path / listed[4].path).unlink()
    (tmp_path / listed[8].path).write_bytes(b"mus")

    shelf = Shelf(tmp_path, content_version())

    assert shelf.missing(range(1, len(listed) + 1)) == [5, 9]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    interrupted = Shelf(tmp_path, "v1")
    interrupted.note(interrupted.put(1, entries()[0].path, b"music", 30.0))

    resumed = Shelf(tmp_path, "v1")

    assert resumed.missing([1, 2, 3]) == [2, 3]


def test_a_new_version_replaces_old_files_and_leaves_strangers_alone(tmp_path: Path) -> None:
    old = Shelf(tmp_path, "v1")
    old.note(old.put(1, "Old Album/01 Old Title.flac", b"music", 30.0))
    old.finish()
    own = tmp_path / "Old Album" / "mine.flac"
    own.write_bytes(b"mine")

    new = Shelf(tmp_path, "v2")
    assert new.missing([1]) == [1]
    new.note(new.put(1, entries()[0].path, b"music", 30.0))
    new.finish()

    assert not (tmp_path / "Old Album/01 Old Title.flac").exists()
    assert own.exists()


def test_a_damaged_ledger_means_starting_over(tmp_path: Path) -> None:
    _filled(tmp_path)
    (tmp_path / ".rendered.json").write_text("{half")

    assert Shelf(tmp_path, content_version()).missing([1, 2]) == [1, 2]


@pytest.mark.usefixtures("quick_render")
def test_chosen_pieces_are_rendered_even_when_they_are_there(tmp_path: Path) -> None:
    _filled(tmp_path)

    assert main(["--out", str(tmp_path), "--only", "3"]) == 0

    assert (tmp_path / entries()[2].path).stat().st_size > len(b"music")
    assert len(json.loads((tmp_path / "pieces.json").read_text())) == len(PROGRAMME)


@pytest.mark.usefixtures("quick_render")
def test_without_an_mp3_encoder_flac_takes_its_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(encoding, "can_write_mp3", lambda: False)
    number = next(entry.number for entry in entries() if entry.kind == "mp3")

    assert main(["--out", str(tmp_path), "--only", str(number)]) == 0

    (row,) = json.loads((tmp_path / "pieces.json").read_text())
    assert row["path"].endswith(".flac")
    assert (tmp_path / row["path"]).read_bytes().startswith(b"fLaC")
    assert "cannot write MP3" in capsys.readouterr().out


def test_a_folder_that_cannot_be_made_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    assert main(["--out", str(tmp_path / "file" / "music"), "--only", "1"]) == os.EX_CANTCREAT

    said = capsys.readouterr().err
    assert str(tmp_path / "file" / "music") in said
    assert "--out" in said


@pytest.mark.usefixtures("quick_render")
def test_a_full_disk_is_explained_and_leaves_no_half_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def half_written(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path), None, len(content))

    monkeypatch.setattr(Path, "write_bytes", half_written)

    assert main(["--out", str(tmp_path), "--only", "2"]) == os.EX_IOERR

    assert "full" in capsys.readouterr().err
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_programme_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(PROGRAMME)
    assert "Sunday Market" in lines[0]


def test_a_number_outside_the_programme_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--only", "99"])

    assert refused.value.code == 2
    assert "99" in capsys.readouterr().err
