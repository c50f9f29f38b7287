"""The scan as a program, on folders that hold what folders hold."""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import mutagen
import pytest

from soulsync_edge.adapters.folder_place import disk_names, place_of
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.programs.music_walk import name_parts
from soulsync_edge.programs.tag_reading import FILE_LIMIT_S
from soulsync_edge.wire.messages import (
    SCAN_LINES,
    FileSkipped,
    FileUnread,
    ScanFinished,
    ScanGoesOn,
    ScanLine,
    StickEntered,
    TrackFound,
)
from tests.music_files import write_tone

_PROGRAM = (
    "import sys; from pathlib import Path; from soulsync_edge.programs.scan import run; "
    "sys.exit(run(Path(sys.argv[1]), as_lines=len(sys.argv) > 2))"
)


def _command(folder: Path, *, as_lines: bool = True) -> list[str]:
    return [sys.executable, "-c", _PROGRAM, str(folder), *(["--lines"] if as_lines else [])]


def _scan(folder: Path) -> list[ScanLine]:
    done = subprocess.run(_command(folder), capture_output=True, timeout=60, check=True)
    return _finds(done.stdout)


def _finds(stdout: bytes) -> list[ScanLine]:
    """Return the lines but those that tell where the scan is, and how far."""
    lines = [SCAN_LINES.decode(line) for line in stdout.splitlines() if line]
    return [line for line in lines if not isinstance(line, StickEntered | ScanGoesOn)]


def _tracks(folder: Path) -> list[Track]:
    return [line.track for line in _scan(folder) if isinstance(line, TrackFound)]


def _skipped(folder: Path) -> list[SkippedFile]:
    return [line.skipped for line in _scan(folder) if isinstance(line, FileSkipped | FileUnread)]


def test_everything_below_the_folder_is_found_and_counted(tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    (tmp_path / "lively" / "deep").mkdir(parents=True)
    write_tone(tmp_path / "calm" / "a.flac")
    write_tone(tmp_path / "lively" / "b.MP3".lower())
    write_tone(tmp_path / "lively" / "deep" / "c.ogg")
    (tmp_path / "lively" / "broken.mp3").write_bytes(b"no")

    lines = _scan(tmp_path)

    assert sorted(Path(t.path).name for t in _tracks(tmp_path)) == ["a.flac", "b.mp3", "c.ogg"]
    assert lines[-1] == ScanFinished(tracks=3, skipped=1)


def test_a_track_carries_tags_and_a_place_on_the_plane(tmp_path: Path) -> None:
    file = mutagen.File(write_tone(tmp_path / "01.flac"))
    file["title"], file["artist"], file["album"], file["mood"] = "Rain", "Ann", "Weather", "calm"
    file.save()

    [track] = _tracks(tmp_path)

    assert (track.title, track.artist, track.album) == ("Rain", "Ann", "Weather")
    assert track.duration_s == 1.0
    assert track.affect.quadrant == "calm-content"
    assert track.affect_source == "its mood tag"


def test_names_fill_in_for_missing_tags(tmp_path: Path) -> None:
    folder = tmp_path / "Ann - Weather"
    folder.mkdir()
    write_tone(folder / "03 - Rain.flac")

    [track] = _tracks(tmp_path)

    assert (track.title, track.artist) == ("Rain", "Ann")


@pytest.mark.parametrize(
    ("stem", "artist", "title"),
    [
        ("03 - Rain", "", "Rain"),
        ("03. Rain", "", "Rain"),
        ("03 Rain", "", "Rain"),
        ("1-03 Rain", "", "Rain"),
        ("03_-_Rain_Song", "", "Rain Song"),
        ("01 - 1999", "", "1999"),
        ("99 Balloons", "", "99 Balloons"),
        ("7.5 Weeks", "", "7.5 Weeks"),
        ("Ann - Rain", "Ann", "Rain"),
        ("03 - Ann - Rain", "Ann", "Rain"),
        ("42", "", "42"),
        ("03 - ", "", "03 -"),
    ],
)
def test_a_file_name_gives_artist_and_title(stem: str, artist: str, title: str) -> None:
    assert name_parts(stem) == (artist, title)


def test_names_of_any_bytes_and_length_are_read(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "plain.wav").read_bytes()
    odd = os.fsencode(tmp_path) + b"/caf\xe9 \xff.wav"
    long = os.fsencode(tmp_path) + b"/" + b"x" * 251 + b".wav"
    for name in (odd, long):
        Path(os.fsdecode(name)).write_bytes(tone)

    tracks = _tracks(tmp_path)

    assert {os.fsencode(track.path) for track in tracks} >= {odd, long}
    assert "caf\ufffd \ufffd" in {track.title for track in tracks}


def test_skipped_names_are_text_whatever_their_bytes(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp3")).write_bytes(b"no")

    [skipped] = _skipped(tmp_path)

    assert skipped.path.endswith("/\ufffd.mp3")
    assert skipped.reason.startswith("\ufffd.mp3 is damaged")


def test_hidden_files_and_companions_are_passed_over_silently(tmp_path: Path) -> None:
    for name in (".hidden.mp3", "._twin.mp3", "cover.jpg", "list.m3u", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"no music")
    (tmp_path / ".Trashes").mkdir()
    (tmp_path / ".Trashes" / "old.mp3").write_bytes(b"no music")

    assert _scan(tmp_path) == [ScanFinished(tracks=0, skipped=0)]


def test_what_is_no_music_is_listed_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "film.mkv").write_bytes(b"film")
    (tmp_path / "giant.flac").touch()
    os.truncate(tmp_path / "giant.flac", 4 * 1024**3)
    os.mkfifo(tmp_path / "pipe.mp3")
    write_tone(tmp_path / "good.flac")

    reasons = {Path(skipped.path).name: skipped.reason for skipped in _skipped(tmp_path)}

    assert reasons == {
        "empty.mp3": "empty.mp3 is empty",
        "film.mkv": "film.mkv is no music this appliance can play",
        "giant.flac": "giant.flac is damaged, or no music",
        "pipe.mp3": "pipe.mp3 is no file but a pipe, socket or device",
    }


def test_links_never_lead_out_nor_round_in_circles(tmp_path: Path) -> None:
    outside = write_tone(tmp_path / "secret.flac")
    library = tmp_path / "library"
    (library / "album").mkdir(parents=True)
    inside = write_tone(library / "album" / "a.flac")
    (library / "album" / "round").symlink_to(library)
    (library / "again.flac").symlink_to(inside)
    (library / "self.flac").symlink_to(library / "self.flac")
    (library / "out.flac").symlink_to(outside)
    (library / "up").symlink_to(tmp_path)

    lines = _scan(library)

    assert [line.track.path for line in lines if isinstance(line, TrackFound)] == [str(inside)]
    assert sorted(line.skipped.reason for line in lines if isinstance(line, FileSkipped)) == [
        "out.flac is a link that leaves the library folder",
        "up is a link that leaves the library folder",
    ]


def test_a_track_keeps_its_name_when_the_folder_is_scanned_again(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.flac")
    write_tone(tmp_path / "b.flac")

    names = [track.track_id for track in _tracks(tmp_path)]

    assert names == [track.track_id for track in _tracks(tmp_path)]
    assert len(set(names)) == 2


def test_a_disk_with_a_name_makes_the_mount_point_matter_not(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    device = tmp_path.stat().st_dev

    place = place_of(tmp_path / "music", {device: "12-AB"})

    assert place.disk == "12-AB"
    assert place.library == f"disk 12-AB {(tmp_path / 'music').relative_to(place.top)}"
    assert place.top.is_mount()
    assert place.device == device


def test_a_folder_on_a_nameless_disk_is_known_by_its_path(tmp_path: Path) -> None:
    place = place_of(tmp_path, {})

    assert (place.disk, place.top) == (str(tmp_path), tmp_path)


def test_disk_names_are_empty_where_the_machine_has_none(tmp_path: Path) -> None:
    assert disk_names(tmp_path / "nowhere") == {}


def test_disk_names_are_read_by_device_number(tmp_path: Path) -> None:
    (tmp_path / "12-AB").symlink_to("/dev/null")

    assert disk_names(tmp_path) == {Path("/dev/null").stat().st_rdev: "12-AB"}


def test_a_missing_folder_ends_with_a_message_and_no_lines(tmp_path: Path) -> None:
    done = subprocess.run(
        _command(tmp_path / "gone"), capture_output=True, timeout=60, check=False, text=True
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert "gone cannot be opened: no such file or directory; plug the stick in" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_person_gets_a_summary(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    write_tone(tmp_path / "happy" / "a.flac", seconds=30)
    (tmp_path / "bad\x1b.mp3").write_bytes(b"no")

    done = subprocess.run(
        _command(tmp_path, as_lines=False), capture_output=True, timeout=60, check=True, text=True
    )

    assert done.stdout.startswith("1 track, 0.5 minutes; 1 file skipped\n")
    assert "    1 happy-excited\n" in done.stdout
    assert f"skipped: {tmp_path}/bad\ufffd.mp3 is damaged, or no music\n" in done.stdout


def test_the_first_track_comes_before_the_scan_ends(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.flac")
    (tmp_path / "z").mkdir()
    with subprocess.Popen(
        _slow_command(tmp_path), stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert isinstance(SCAN_LINES.decode(program.stdout.readline()), StickEntered)
        first = SCAN_LINES.decode(program.stdout.readline())
        is_running = program.poll() is None
        program.communicate()

    assert isinstance(first, TrackFound)
    assert is_running
    assert program.returncode == 0


def test_a_file_that_takes_too_long_is_skipped_and_the_next_is_read(tmp_path: Path) -> None:
    write_tone(tmp_path / "slow.flac")
    write_tone(tmp_path / "swift.flac")
    begun_s = time.monotonic()

    done = subprocess.run(_stuck_command(tmp_path), stdout=subprocess.PIPE, timeout=60, check=True)

    lines = _finds(done.stdout)
    assert [type(line) for line in lines] == [FileUnread, TrackFound, ScanFinished]
    assert "took longer than 2 s" in done.stdout.decode()
    assert time.monotonic() - begun_s < FILE_LIMIT_S + 10


def test_good_files_are_found_among_hundreds_of_damaged_ones(tmp_path: Path) -> None:
    seed = random.randrange(2**32)  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # to repeat a failure
    chance = random.Random(seed)  # noqa: S311  # no secret
    endings = (".mp3", ".flac", ".ogg", ".opus", ".wav", ".m4a", ".wma")
    whole = {ending: write_tone(tmp_path / f"good{ending}").read_bytes() for ending in endings}
    for number in range(300):
        ending = endings[number % len(endings)]
        content = bytearray(whole[ending])
        for _ in range(chance.randint(1, 100)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        (tmp_path / f"{number}{ending}").write_bytes(content[: chance.randrange(len(content))])

    lines = _scan(tmp_path)

    found = {Path(line.track.path).name for line in lines if isinstance(line, TrackFound)}
    assert found >= {f"good{ending}" for ending in endings}
    assert len(lines) == 300 + len(endings) + 1


def test_the_scan_ends_quietly_when_nobody_listens_any_more(tmp_path: Path) -> None:
    for number in range(50):
        write_tone(tmp_path / f"{number}.wav", seconds=0.1)
    with subprocess.Popen(
        _command(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        said = program.stderr.read()

    assert (program.returncode, said) == (1, b"")


def test_a_stick_that_fails_at_every_file_ends_the_scan(tmp_path: Path) -> None:
    for number in range(5):
        write_tone(tmp_path / f"{number}.wav", seconds=0.1)

    done = subprocess.run(
        _failing_command(tmp_path), capture_output=True, timeout=60, check=False, text=True
    )

    assert done.returncode == 1
    assert "ScanFinished" not in done.stdout
    assert "stopped answering: input/output error" in done.stderr


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user of the machine may read, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_folder_that_may_not_be_opened_is_listed(open_folder: Path) -> None:
    write_tone(open_folder / "a.flac")
    (open_folder / "locked").mkdir(mode=0)

    done = subprocess.run(
        _as_nobody(open_folder), capture_output=True, timeout=60, check=True, text=True
    )

    assert "locked cannot be opened: permission denied" in done.stdout
    assert '"ScanFinished", "tracks": 1, "skipped": 1' in done.stdout


def _with(folder: Path, prelude: str) -> list[str]:
    return [sys.executable, "-c", f"{prelude}\n{_PROGRAM}", str(folder), "--lines"]


def _slow_command(folder: Path) -> list[str]:
    """Stand still at the sub-folder until the test closes our stdin."""
    return _with(
        folder,
        "import os, sys\n"
        "real = os.scandir\n"
        "def scandir(path='.'):\n"
        "    if str(path).endswith('/z'): sys.stdin.read()\n"
        "    return real(path)\n"
        "os.scandir = scandir",
    )


def _stuck_command(folder: Path) -> list[str]:
    """Never come back from reading `slow.flac`."""
    return _with(
        folder,
        "import select\n"
        "from soulsync_edge.adapters.tags_mutagen import MutagenTagReader\n"
        "real = MutagenTagReader.read\n"
        "def read(self, path):\n"
        "    if path.name == 'slow.flac':\n"
        "        try: select.select([], [], [])\n"
        "        except Exception: pass\n"
        "    return real(self, path)\n"
        "MutagenTagReader.read = read",
    )


def _failing_command(folder: Path) -> list[str]:
    """Fail at every file as a pulled stick does."""
    return _with(
        folder,
        "import errno\n"
        "from soulsync_edge.adapters import tags_mutagen\n"
        "def pulled(self, size=-1, /): raise OSError(errno.EIO, 'pulled')\n"
        "tags_mutagen._Frugal.read = pulled",
    )


def _as_nobody(folder: Path) -> list[str]:
    """Scan without root's right to read everything."""
    return _with(
        folder,
        "import os, soulsync_edge.programs.scan\nif os.getuid() == 0: os.setuid(65534)",
    )
