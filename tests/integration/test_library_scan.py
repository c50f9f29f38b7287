"""Scans as programs of their own, on a real folder."""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from soulsync_edge.adapters.library_scan import Met, ScannedFolder
from soulsync_edge.domain.library import Found, Stick
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.track import SkippedFile
from soulsync_edge.errors import Unavailable
from tests.music_files import write_tone

_SCAN = (sys.executable, "-m", "soulsync_edge", "scan", "--lines", "--known")


def _scripted(script: str) -> tuple[str, ...]:
    return (sys.executable, "-uc", script)


def _meetings(
    folder: Path, command: Sequence[str] = _SCAN, silence_s: float = 30.0
) -> list[Met | None]:
    async def scan() -> list[Met | None]:
        music = ScannedFolder(command, silence_s)
        async with aclosing(music.scan(folder)) as finds:
            return [found async for found in finds if not isinstance(found, Stick | ScanProgress)]

    return asyncio.run(scan())


def test_a_real_scan_brings_tracks_and_skipped_files(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.flac")
    (tmp_path / "b.mp3").write_bytes(b"no")

    track, skipped = _meetings(tmp_path)

    assert isinstance(track, Found)
    assert Path(track.track.path) == tmp_path / "a.flac"
    assert skipped == SkippedFile(f"{tmp_path}/b.mp3", "b.mp3 is damaged, or no music")


def test_names_that_are_no_text_survive_the_way(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    Path(os.fsdecode(odd)).write_bytes(write_tone(tmp_path / "plain.wav").read_bytes())

    found = _meetings(tmp_path)

    assert odd in {os.fsencode(one.track.path) for one in found if isinstance(one, Found)}


def test_an_empty_line_is_a_sign_of_life(tmp_path: Path) -> None:
    finished = '{"kind": "ScanFinished", "tracks": 0, "skipped": 0}'

    assert _meetings(tmp_path, _scripted(f"print(); print('{finished}')")) == [None]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("import os; os.kill(os.getpid(), 9)", "ended by signal 9"),
        ("raise SystemExit(3)", "exit status 3"),
        ("pass", "exit status 0"),
        ("print('nonsense')", "wrote a line it should not"),
        ("print('x' * 1_000_000)", "wrote a line it should not"),
        ("import signal; signal.pause()", "said nothing for 0.2 s"),
    ],
)
def test_a_scan_that_does_not_finish_is_unavailable(tmp_path: Path, script: str, why: str) -> None:
    with pytest.raises(Unavailable, match=why):
        _meetings(tmp_path, _scripted(script), silence_s=0.2 if "pause" in script else 30.0)


def test_a_scan_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    script = "import os, signal; open('pid', 'w').write(str(os.getpid())); print(); signal.pause()"

    async def leave_early() -> None:
        music = ScannedFolder(_scripted(f"import os; os.chdir({str(tmp_path)!r}); {script}"))
        async with aclosing(music.scan(tmp_path)) as finds:
            assert await anext(finds) is None

    asyncio.run(leave_early())

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_fingerprint_changes_when_files_come_go_or_grow(tmp_path: Path) -> None:
    music = ScannedFolder()
    (tmp_path / "album").mkdir()
    empty = music.fingerprint(tmp_path)
    assert music.fingerprint(tmp_path) == empty

    (tmp_path / "album" / "a.flac").touch()
    full = music.fingerprint(tmp_path)
    (tmp_path / "album" / "a.flac").rename(tmp_path / "album" / "b.flac")
    renamed = music.fingerprint(tmp_path)

    (tmp_path / "album" / "b.flac").write_bytes(b"the rest of it")
    grown = music.fingerprint(tmp_path)

    assert len({empty, full, renamed, grown}) == 4


def test_a_fingerprint_changes_when_a_file_may_be_read_again(tmp_path: Path) -> None:
    music, file = ScannedFolder(), tmp_path / "a.flac"
    file.touch(mode=0o000)
    locked = music.fingerprint(tmp_path)

    file.chmod(0o644)

    assert music.fingerprint(tmp_path) != locked


def test_a_fingerprint_does_not_follow_links_round_in_circles(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path)

    assert ScannedFolder().fingerprint(tmp_path)


def test_a_missing_folder_is_unavailable_with_advice(tmp_path: Path) -> None:
    music = ScannedFolder()

    with pytest.raises(Unavailable, match="gone cannot be opened: no such file or directory; plug"):
        music.whereabouts(tmp_path / "gone")
    with pytest.raises(Unavailable, match="gone cannot be read: no such file or directory"):
        music.fingerprint(tmp_path / "gone")


@pytest.mark.parametrize("name", ["ring", "nul\0"])
def test_a_folder_that_cannot_be_one_is_unavailable(tmp_path: Path, name: str) -> None:
    (tmp_path / "ring").symlink_to(tmp_path / "ring")

    with pytest.raises(Unavailable, match="cannot be opened"):
        ScannedFolder().whereabouts(tmp_path / name)


def test_whereabouts_name_the_library_and_its_mount(tmp_path: Path) -> None:
    [stick] = ScannedFolder().whereabouts(tmp_path)

    assert stick.library.startswith(("disk ", f"folder {tmp_path}"))
    assert (stick.folder, stick.mount) == (str(tmp_path), tmp_path.stat().st_dev)
