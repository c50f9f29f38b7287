"""Scans of what sticks turn out to hold: damage, traps, and disks that hang or fail."""

import contextlib
import os
import random
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mutagen import id3

from scripts.bench.processes import peak_mb
from soulsync_edge.adapters.tags_mutagen import MOST_READ, MutagenTagReader
from soulsync_edge.errors import MediaError
from soulsync_edge.programs.tag_reading import FILE_LIMIT_S, TooSlow, WatchedTagReader
from soulsync_edge.wire.messages import (
    SCAN_LINES,
    FileSkipped,
    FileUnread,
    ScanFinished,
    ScanLine,
    TrackFound,
)
from tests.fuse_disk import FuseDisk
from tests.music_files import write_tone

_ID3: Any = id3  # mutagen's classes have no types
_SEED = 20
_GOOD = 400
_HOSTILE = 120
_ENDINGS = (".mp3", ".flac", ".ogg", ".opus", ".wav", ".m4a", ".wma")


def _scan(folder: Path) -> tuple[list[ScanLine], int]:
    """Return what a scan of `folder` tells, and its exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "soulsync_edge", "scan", "--lines", str(folder)],
        stdout=subprocess.PIPE,
        timeout=120,
        check=False,
    )
    return [SCAN_LINES.decode(line) for line in done.stdout.splitlines() if line], done.returncode


def _found(lines: list[ScanLine]) -> set[str]:
    return {Path(line.track.path).name for line in lines if isinstance(line, TrackFound)}


def _left_out(lines: list[ScanLine]) -> dict[str, str]:
    skipped = (line.skipped for line in lines if isinstance(line, FileSkipped | FileUnread))
    return {Path(one.path).name: one.reason for one in skipped}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FuseDisk]:
    """Five tones on a disk of our own."""
    place = tmp_path / "disk"
    place.mkdir()
    tone = write_tone(tmp_path / "tone.flac").read_bytes()
    disk = FuseDisk(place, {f"{number}.flac": tone for number in range(5)})
    if not disk.mount():
        pytest.skip("a disk of our own needs root and /dev/fuse")
    yield disk
    disk.unmount()


def test_a_read_that_never_comes_back_costs_two_seconds_and_no_other_file(
    disk: FuseDisk, tmp_path: Path
) -> None:
    disk.hanging = {"1.flac", "3.flac"}
    begun_s = time.monotonic()

    lines, status = _scan(tmp_path / "disk")

    assert status == 0
    assert _found(lines) == {"0.flac", "2.flac", "4.flac"}
    assert {type(line) for line in lines if isinstance(line, FileSkipped | FileUnread)} == {
        FileUnread
    }
    assert _left_out(lines) == {
        name: f"{name} took longer than 2 s to read" for name in ("1.flac", "3.flac")
    }
    assert time.monotonic() - begun_s < 2 * FILE_LIMIT_S + 20


def test_a_bad_spot_costs_one_file(disk: FuseDisk, tmp_path: Path) -> None:
    disk.failing = {"2.flac"}

    lines, status = _scan(tmp_path / "disk")

    assert (status, len(_found(lines))) == (0, 4)
    assert _left_out(lines) == {"2.flac": "2.flac cannot be read: input/output error"}
    assert FileUnread in map(type, lines)


def test_a_disk_that_fails_altogether_ends_the_scan(disk: FuseDisk, tmp_path: Path) -> None:
    disk.failing = {f"{number}.flac" for number in range(5)}

    lines, status = _scan(tmp_path / "disk")

    assert status == 1
    assert not any(isinstance(line, ScanFinished) for line in lines)


def test_the_process_that_hangs_is_gone_when_the_scan_is(disk: FuseDisk, tmp_path: Path) -> None:
    disk.hanging = {"0.flac"}
    reader = WatchedTagReader(MutagenTagReader(), limit_s=0.2)

    with pytest.raises(TooSlow):
        reader.read(tmp_path / "disk" / "0.flac")

    assert reader.read(tmp_path / "disk" / "1.flac").duration_s == 1.0
    reader.close()


def _flip(content: bytes, chance: random.Random) -> bytes:
    hurt = bytearray(content)
    for _ in range(chance.randint(1, 200)):
        hurt[chance.randrange(len(hurt))] ^= 1 << chance.randrange(8)
    return bytes(hurt)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _noise(content: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(len(content))


def test_nearly_all_good_files_are_found_among_traps_and_every_trap_is_told(
    tmp_path: Path,
) -> None:
    chance = random.Random(_SEED)  # noqa: S311  # no secret
    whole = {ending: write_tone(tmp_path / f"whole{ending}").read_bytes() for ending in _ENDINGS}
    folder = tmp_path / "stick"
    good = _write_good(folder, whole)
    damage: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _noise)
    hostile = folder / "hostile"
    hostile.mkdir()
    for number in range(_HOSTILE):
        ending = _ENDINGS[number % len(_ENDINGS)]
        hurt = damage[number % len(damage)](whole[ending], chance)
        (hostile / f"hurt {number}{ending}").write_bytes(hurt)
    traps = _write_traps(hostile, whole[".mp3"])

    lines, status = _scan(folder)

    assert status == 0
    found, left_out = _found(lines), _left_out(lines)
    assert len(good & found) >= 0.99 * len(good)
    told = found | left_out.keys()
    assert {f"hurt {n}{_ENDINGS[n % len(_ENDINGS)]}" for n in range(_HOSTILE)} <= told
    assert traps <= told
    assert {"pipe.mp3", "giant.flac", "empty.ogg", "away.mp3"} <= left_out.keys()
    last = lines[-1]
    assert isinstance(last, ScanFinished)
    assert last.tracks + last.skipped == len(told)


def _write_good(folder: Path, whole: dict[str, bytes]) -> set[str]:
    """Write good files with names of every kind; return the names."""
    good = set()
    for number in range(_GOOD):
        ending = _ENDINGS[number % len(_ENDINGS)]
        raw = b"%d " % number
        if number % 10 == 1:
            raw += b"caf\xe9 \xff"  # no UTF-8
        if number % 10 == 2:
            raw = raw.ljust(255 - len(ending), b"x")
        name = os.fsdecode(raw) + ending
        album = folder / f"album {number // 20}"
        album.mkdir(parents=True, exist_ok=True)
        (album / name).write_bytes(whole[ending])
        good.add(name)
    return good


def _write_traps(hostile: Path, mp3: bytes) -> set[str]:
    """Write what is to stop or fill a scan; return the names that are to be told of."""
    (hostile / "round").symlink_to(hostile.parent)
    (hostile / "ring.mp3").symlink_to(hostile / "ring.mp3")
    (hostile / "away.mp3").symlink_to("/etc/hostname")
    os.mkfifo(hostile / "pipe.mp3")
    (hostile / "empty.ogg").touch()
    (hostile / "giant.flac").touch()
    os.truncate(hostile / "giant.flac", 1 << 40)
    _write_picture_bomb(hostile / "picture.mp3", mp3)
    (hostile / "zip.mp3").write_bytes(_zip_bomb() + mp3)
    return {"away.mp3", "pipe.mp3", "empty.ogg", "giant.flac", "picture.mp3", "zip.mp3"}


def _write_picture_bomb(path: Path, mp3: bytes) -> None:
    path.write_bytes(mp3)
    tags = _ID3.ID3()
    for number in range(4):
        picture = bytes(MOST_READ // 2)
        tags.add(_ID3.APIC(mime="image/png", type=3, desc=str(number), data=picture))
    tags.save(path)


def _zip_bomb(size: int = 1 << 30) -> bytes:
    """Return an ID3 tag whose title unpacks to a gigabyte."""
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(1 << 24)) for _ in range(size >> 24)) + packer.flush()
    frame = b"TIT2" + _safe(len(body) + 4) + b"\0\x09" + _safe(size & 0xFFFFFFF) + body
    return b"ID3\x04\0\0" + _safe(len(frame)) + frame


def _safe(number: int) -> bytes:
    """Return `number` in four bytes of seven bits, as ID3 writes sizes."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def test_a_frame_that_unpacks_to_a_gigabyte_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "zip.mp3"
    path.write_bytes(_zip_bomb() + write_tone(tmp_path / "tone.mp3").read_bytes())
    reader = WatchedTagReader(MutagenTagReader())

    own_mb = peak_mb(os.getpid())  # which its process begins with, as it is a fork of this one
    with contextlib.suppress(MediaError):
        reader.read(path)
    process, _ = reader._process or (os.getpid(), None)  # noqa: SLF001  # whose memory is in danger
    most_mb = peak_mb(process)
    reader.close()

    assert process != os.getpid()
    assert most_mb - own_mb < 100  # 64 MiB is what it may take
