"""Scans as programs of their own, on a real folder."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import NoneType, UnionType

import pytest

from soulsync_edge.adapters.library_scan import Met, ScannedFolder
from soulsync_edge.domain.library import Found, FoundAgain, Stick, Unread
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.track import SkippedFile
from soulsync_edge.errors import Unavailable
from soulsync_edge.programs.music_walk import walk
from tests.music_files import write_tone

_SCAN = (sys.executable, "-m", "soulsync_edge", "scan", "--lines", "--known")


def _scripted(script: str) -> tuple[str, ...]:
    return (sys.executable, "-uc", script)


def _meetings(
    folder: Path,
    command: Sequence[str] = _SCAN,
    silence_s: float = 30.0,
    *,
    known: Mapping[str, str] | None = None,
    keep: type | UnionType = Found | FoundAgain | SkippedFile | Unread | NoneType,
) -> list[Met | None]:
    async def scan() -> list[Met | None]:
        music = ScannedFolder(command, silence_s)
        async with aclosing(music.scan(folder, known)) as meetings:
            return [met async for met in meetings if isinstance(met, keep)]

    return [met for met in asyncio.run(scan()) if met is not None or command is not _SCAN]


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


@pytest.fixture
def two_sticks(tmp_path: Path) -> Iterator[Path]:
    """A library of two file systems of their own, a track on each and one beside them."""
    write_tone(tmp_path / "here.flac")
    for name in ("blue", "red"):
        (tmp_path / name).mkdir()
        made = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path / name)]
        if subprocess.run(made, check=False, stderr=subprocess.DEVNULL).returncode:
            pytest.skip("mounting needs root")
        write_tone(tmp_path / name / f"{name}.flac")
    yield tmp_path
    for name in ("blue", "red"):
        subprocess.run(["umount", "--lazy", str(tmp_path / name)], check=False)


def test_each_find_is_told_with_the_stick_it_lies_on(two_sticks: Path) -> None:
    told = _meetings(two_sticks, keep=Found | Stick)

    lies_on: dict[str, str] = {}
    folder = ""
    for met in told:
        if isinstance(met, Stick):
            folder = met.folder
        elif isinstance(met, Found):
            lies_on[Path(met.track.path).name] = folder
    assert lies_on == {
        "here.flac": str(two_sticks),
        "blue.flac": str(two_sticks / "blue"),
        "red.flac": str(two_sticks / "red"),
    }
    assert {one for one in told if isinstance(one, Stick)} == set(
        ScannedFolder().whereabouts(two_sticks)
    )


def test_what_is_known_is_met_again_unread_until_it_is_written_anew(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_tone(tmp_path / f"{name}.flac")
    first = [met for met in _meetings(tmp_path) if isinstance(met, Found)]
    known = {met.track.track_id: met.stamp for met in first}
    assert len(known) == 2

    again = _meetings(tmp_path, known=known)
    assert again == [FoundAgain(met.track.track_id) for met in first]

    os.utime(tmp_path / "b.flac", ns=(0, 7))
    later = _meetings(tmp_path, known=known)
    assert [type(met) for met in later] == [FoundAgain, Found]


def test_thousands_of_known_tracks_are_told_without_standing_still(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.flac")
    known = {f"{number:020x}": "stamp" * 9 for number in range(20_000)}

    [met] = _meetings(tmp_path, known=known)

    assert isinstance(met, Found)


def test_a_scan_that_dies_while_it_is_told_what_is_known_is_unavailable(tmp_path: Path) -> None:
    known = {f"{number:020x}": "stamp" * 9 for number in range(20_000)}

    with pytest.raises(Unavailable, match="exit status 3"):
        _meetings(tmp_path, _scripted("raise SystemExit(3)"), known=known)


def test_progress_counts_on_and_estimates_what_is_left(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number % 4}").mkdir(exist_ok=True)
        write_tone(tmp_path / f"{number % 4}" / f"{number}.wav", seconds=0.01)
    now_s = 0.0

    def clock() -> float:
        nonlocal now_s
        now_s += 0.25
        return now_s

    told = [met for met in walk(tmp_path, clock=clock) if isinstance(met, ScanProgress)]

    assert [one.done for one in told] == sorted({one.done for one in told})
    assert told[0].done < 5
    assert told[-1].done > 35
    assert told[-1].total == 40
    assert told[-1].rate_hz == pytest.approx(4, rel=0.1)
    assert told[-1].left_s == pytest.approx((40 - told[-1].done) / 4, rel=0.1)
