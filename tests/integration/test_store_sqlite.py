"""The store on disks that fail, fill up, are locked or lose power's little sister, the kill."""

import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from soulsync_edge.adapters import store_sqlite
from soulsync_edge.adapters.store_sqlite import MOST_LIBRARIES, SqliteStore
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.hearing import Analysis, FilePrint, Hearing
from soulsync_edge.domain.session import Session
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock
from soulsync_edge.services.memory import Memory
from soulsync_edge.settings import Settings
from tests.stored import a_stick, keep, kept

KILLS = 20

_WRITER = """
import sys
from pathlib import Path
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.library import Found, Stick
from soulsync_edge.domain.track import Track
store = SqliteStore(Path(sys.argv[1]))
stick = Stick("stick", "/music", 1)
number = int(store.recall("number") or 0)
while True:
    number += 1
    store.keep("number", str(number))
    ids = [f"{number}-{i}" for i in range(50)]
    tracks = [Track(i, "p", "t", "", "", 1.0, Affect(0, 0), Spread(0.5, 0.5), "s") for i in ids]
    store.keep_found(stick, (Found(one, "") for one in tracks))
    store.keep_complete(stick, set(ids), ())
    print(number, flush=True)
"""


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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "soulsync.db"


def test_what_is_kept_is_there_after_a_restart(path: Path) -> None:
    store = SqliteStore(path)
    store.keep("volume", "40")
    keep(store, "stick", [a_track("a")], [])
    store.close()

    again = SqliteStore(path)

    assert again.recall("volume") == "40"
    assert kept(again, "stick") == ((a_track("a"),), ())
    again.close()


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(path: Path) -> None:
    seed = random.randrange(2**32)  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # to repeat a failure
    chance = random.Random(seed)  # noqa: S311  # no secret
    acknowledged = 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randint(1, 30)):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            for line in writer.stdout:
                if line.endswith("\n"):
                    acknowledged = int(line)

    store = SqliteStore(path)
    number = int(store.recall("number") or 0)
    tracks, _skipped = kept(store, "stick")
    store.close()

    assert number in {acknowledged, acknowledged + 1}
    groups = Counter(track.track_id.split("-")[0] for track in tracks)
    assert groups.keys() <= {str(acknowledged), str(number)}
    assert set(groups.values()) == {50}
    assert not list(path.parent.glob("*.corrupt-*"))


@pytest.mark.parametrize("is_long", [False, True])
def test_what_is_forgotten_is_in_no_file_any_more_while_the_store_is_open(
    path: Path, *, is_long: bool
) -> None:
    def traces_of(word: bytes) -> int:
        return sum(word in file.read_bytes() for file in path.parent.iterdir())

    store = SqliteStore(path)
    for number in range(20):
        store.keep(f"other {number}", "x" * 500)
    store.keep("taste", "Bus Window" * (5000 if is_long else 3))
    store.keep("taste", "Bus Window" * 2)
    assert traces_of(b"Bus Window")

    store.forget("taste")

    assert not traces_of(b"Bus Window")
    assert store.recall("other 7") == "x" * 500
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        b"this is no database, but a text file that is longer than a header " * 4,
        b"SQLite format 3\0",
    ],
)
def test_a_file_that_is_no_database_is_set_aside(
    path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(damage)

    store = SqliteStore(path)
    store.keep("volume", "40")

    assert store.recall("volume") == "40"
    assert path.with_name("soulsync.db.corrupt-1").read_bytes() == damage
    assert "was damaged and is now soulsync.db.corrupt-1" in caplog.text
    store.close()


def test_a_database_with_a_torn_page_is_set_aside(path: Path) -> None:
    store = SqliteStore(path)
    keep(store, "stick", [a_track(f"{number:05}") for number in range(500)], [])
    store.close()
    content = bytearray(path.read_bytes())
    for at in range(4096 * 8, len(content)):
        content[at] = 0xA5
    path.write_bytes(content)

    again = SqliteStore(path)

    assert kept(again, "stick") == ((), ())
    assert path.with_name("soulsync.db.corrupt-1").exists()
    again.close()


def test_a_second_damaged_file_gets_a_name_of_its_own(path: Path) -> None:
    for _ in range(2):
        path.write_bytes(b"no database at all, though long enough to have a header" * 4)
        SqliteStore(path).close()

    assert sorted(file.name for file in path.parent.glob("*.corrupt-*")) == [
        "soulsync.db.corrupt-1",
        "soulsync.db.corrupt-2",
    ]


def test_a_file_emptied_by_a_power_cut_counts_as_damaged(path: Path) -> None:
    path.touch()

    store = SqliteStore(path)

    assert path.with_name("soulsync.db.corrupt-1").exists()
    with pytest.raises(Unavailable, match="damaged and begun anew"):
        store.recall("volume")
    store.close()


def test_what_was_lost_with_a_damaged_file_is_not_taken_for_neverkept(path: Path) -> None:
    path.write_bytes(b"no database at all, though long enough to have a header" * 4)
    SqliteStore(path).close()

    # Also after another start, until it is kept anew.
    again = SqliteStore(path)
    with pytest.raises(Unavailable, match="damaged and begun anew; the old one lies beside it"):
        again.recall("volume")
    again.keep("volume", "40")

    assert again.recall("volume") == "40"
    again.close()


def test_a_camera_that_was_closed_stays_closed_when_the_store_is_damaged(path: Path) -> None:
    with ThreadPoolExecutor(1) as worker:
        store = SqliteStore(path)
        before = Memory(store, worker, pytest.fail, FakeClock())
        before.show(Session(), Session(camera_is_on=False))
    store.close()
    content = bytearray(path.read_bytes())
    content[100:] = b"\xa5" * len(content[100:])
    path.write_bytes(content)

    for _start in range(2):
        said: list[str] = []
        store = SqliteStore(path)
        with ThreadPoolExecutor(1) as worker:
            memory = Memory(store, worker, said.append, FakeClock())
            assert not memory.session_at_start(Settings()).camera_is_on
        store.close()
        assert "stays closed until it is switched on" in said[0]


def test_a_bit_that_flipped_in_a_number_costs_no_more_than_a_scan(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SqliteStore(path).close()
    store = SqliteStore(path)
    keep(store, "stick", [a_track("a")], [])
    store.close()
    with sqlite3.connect(path) as outside:
        outside.execute("UPDATE tracks SET valence = 9e99")
    outside.close()

    again = SqliteStore(path)

    assert kept(again, "stick") == ((), ())
    assert "makes no sense" in caplog.text
    again.close()


def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    SqliteStore(path).close()
    with sqlite3.connect(path) as outside:
        outside.execute("PRAGMA user_version = 99")
    outside.close()
    before = path.read_bytes()

    with pytest.raises(Unavailable, match="written by a newer version"):
        SqliteStore(path)

    assert path.read_bytes() == before


def test_an_upgrade_that_is_cut_short_is_done_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(path)
    store.keep("volume", "40")
    store.close()
    known = store_sqlite._UPGRADES  # noqa: SLF001  # an upgrade that fails half-way is made here
    broken = (*known, "CREATE TABLE new (x); SELECT * FROM nowhere;")
    whole = (*known, "CREATE TABLE new (x);")
    monkeypatch.setattr(store_sqlite, "_UPGRADES", broken)
    with pytest.raises(Unavailable, match="nowhere"):
        SqliteStore(path)

    monkeypatch.setattr(store_sqlite, "_UPGRADES", whole)
    again = SqliteStore(path)

    assert again.recall("volume") == "40"
    again.close()


def test_tracks_kept_by_the_first_version_are_known_to_this_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = store_sqlite._UPGRADES  # noqa: SLF001  # the only way to a file of an old version
    monkeypatch.setattr(store_sqlite, "_UPGRADES", every[:1])
    SqliteStore(path).close()
    with sqlite3.connect(path) as outside:
        outside.execute("INSERT INTO libraries VALUES (1, CAST('stick' AS BLOB))")
        outside.execute(
            "INSERT INTO tracks VALUES"
            " (1, 't', CAST('/t' AS BLOB), 'T', 'Ann', '', 30.0, 0.5, -0.5, 0.3, 'its folder')"
        )
    outside.close()
    monkeypatch.setattr(store_sqlite, "_UPGRADES", every)

    store = SqliteStore(path)

    assert kept(store, "stick")[0] == (
        Track("t", "/t", "T", "Ann", "", 30.0, Affect(0.5, -0.5), Spread(0.3, 0.3), "its folder"),
    )
    store.close()


def test_what_the_version_before_kept_is_complete_and_is_read_once_more(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = store_sqlite._UPGRADES  # noqa: SLF001  # the only way to a file of an old version
    monkeypatch.setattr(store_sqlite, "_UPGRADES", every[:3])
    SqliteStore(path).close()
    with sqlite3.connect(path) as outside:
        for number, name in ((1, "old"), (2, "stick")):
            outside.execute("INSERT INTO libraries VALUES (?, CAST(? AS BLOB))", (number, name))
        outside.execute(
            "INSERT INTO tracks (number, track_id, path, title, artist, album, duration_s, valence,"
            " arousal, valence_sd, affect_source) VALUES"
            " (2, 't', CAST('/music/t' AS BLOB), 'T', 'Ann', '', 30.0, 0.5, -0.5, 0.3, 'its tag')"
        )
        outside.execute("INSERT INTO skipped VALUES (2, '/music/x', 'x is empty')")
    outside.close()
    monkeypatch.setattr(store_sqlite, "_UPGRADES", every)

    store = SqliteStore(path)
    known = store.known(a_stick("stick"))

    assert [(track.path, track.year, track.replay_gain_db) for track in known.tracks] == [
        ("/music/t", None, None)
    ]
    assert known.skipped == (SkippedFile("/music/x", "x is empty"),)
    assert known.is_complete
    assert store.stamps("stick") == {"t": ""}
    keep(store, "stick", known.tracks)
    assert kept(store, "stick")[0] == known.tracks
    store.close()


def test_a_second_program_is_kept_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_sqlite, "_BUSY_S", 0.05)
    store = SqliteStore(path)
    store.keep("volume", "40")

    with pytest.raises(Unavailable, match="another program has it open"):
        SqliteStore(path)

    store.keep("volume", "41")
    assert store.recall("volume") == "41"
    store.close()


def test_one_connection_writes_and_checkpoints_and_maps_nothing(path: Path) -> None:
    store = SqliteStore(path)
    keep(store, "stick", [a_track(f"{number:05}") for number in range(3000)], [])

    maps = Path("/proc/self/maps").read_text()
    opened = [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]

    assert path.name not in maps
    assert opened.count(str(path)) == 1
    assert not path.with_name(path.name + "-shm").exists()
    store.close()


def test_only_the_newest_libraries_are_remembered(path: Path) -> None:
    store = SqliteStore(path)
    for number in range(MOST_LIBRARIES + 2):
        keep(store, f"stick {number}", [a_track("a")], [])
    keep(store, "stick 2", [a_track("b")], [])
    keep(store, "one more", [a_track("a")], [])

    known = [n for n in range(MOST_LIBRARIES + 2) if kept(store, f"stick {n}")[0]]

    assert known == [2, *range(4, MOST_LIBRARIES + 2)]
    store.close()


def test_the_write_ahead_file_shrinks_again(path: Path) -> None:
    store = SqliteStore(path)
    for _ in range(3):
        keep(store, "stick", [a_track(f"{number:06}") for number in range(30_000)], [])
    store.keep("volume", "1")

    assert path.with_name(path.name + "-wal").stat().st_size < 100_000
    store.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def _as_nobody(script: str, *arguments: str) -> str:
    """Return what `script` prints when it runs without root's rights."""
    prelude = (
        "import os, sys\nfrom pathlib import Path\n"
        "from soulsync_edge.adapters.store_sqlite import SqliteStore\n"
        "from soulsync_edge.errors import Unavailable\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude + script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


_TRY = """
try:
    store = SqliteStore(Path(sys.argv[1]))
    store.keep("volume", "40")
except Unavailable as error:
    print(f"unavailable: {error}")
else:
    print("kept")
"""


def test_a_folder_that_may_not_be_written_is_said(open_folder: Path) -> None:
    (open_folder / "state").mkdir(mode=0o755)

    said = _as_nobody(_TRY, str(open_folder / "state" / "soulsync.db"))

    assert "unavailable: the store" in said
    assert "it cannot be opened; let this program write to its folder" in said


def test_a_file_that_may_not_be_written_is_said(open_folder: Path) -> None:
    path = open_folder / "soulsync.db"
    SqliteStore(path).close()
    path.chmod(0o444)
    open_folder.chmod(0o755)

    said = _as_nobody(_TRY, str(path))

    assert "unavailable: the store" in said
    assert "it may not be written" in said


def test_a_folder_that_cannot_be_made_is_said(path: Path) -> None:
    path.write_text("a file, where a folder should be")

    with pytest.raises(Unavailable, match="cannot be opened: "):
        SqliteStore(path / "soulsync.db")


_FILL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SqliteStore(Path(sys.argv[1]))
store.keep("volume", "40")
size = max(file.stat().st_size for file in Path(sys.argv[1]).parent.iterdir())
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, resource.RLIM_INFINITY))
kept = 0
try:
    for kept in range(10_000):
        store.keep(f"name {kept}", "x" * 200)
except Unavailable as error:
    print(f"unavailable after {kept}: {error}")
assert store.recall("volume") == "40"
assert store.recall(f"name {kept - 1}") == "x" * 200
assert store.recall(f"name {kept}") is None
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.keep("volume", "50")
store.close()
print("recovered" if SqliteStore(Path(sys.argv[1])).recall("volume") == "50" else "lost")
"""


def test_a_disk_that_takes_no_more_keeps_what_it_has_and_recovers(open_folder: Path) -> None:
    said = _as_nobody(_FILL, str(open_folder / "soulsync.db"))

    assert "unavailable after " in said
    assert "the store" in said
    assert "recovered" in said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB, where this machine lets one be mounted; else a small file system limit."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)],
        check=False,
        stderr=subprocess.DEVNULL,
    )
    if mounted.returncode == 0:
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_keeps_the_old_tracks_and_lets_go_again(small_disk: Path) -> None:
    path = small_disk / "soulsync.db"
    store = SqliteStore(path)
    keep(store, "stick", [a_track("a")], [])

    with pytest.raises(Unavailable, match="the store"):
        keep(store, "stick", [a_track(f"{number:05}") for number in range(20_000)], [])

    assert kept(store, "stick") == ((a_track("a"),), ())
    store.keep("volume", "40")
    store.close()
    again = SqliteStore(path)
    assert again.recall("volume") == "40"
    assert kept(again, "stick") == ((a_track("a"),), ())
    again.close()


def _a_hearing(content: str) -> Hearing:
    sound = Sound(120.0, 4, is_minor=True, danceability=0.5, loudness_lufs=-14.0, true_peak_dbtp=-1)
    return Hearing(FilePrint(1000, 7, content), Analysis("AAAA", sound))


def test_of_too_many_sounds_those_heard_longest_ago_are_forgotten(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_sqlite, "MOST_ANALYSES", 2)
    store = SqliteStore(path)

    for name in "abc":
        store.keep_hearings({name: _a_hearing(name)}, "v1")

    assert set(store.hearings("abc", "v1")) == {"b", "c"}
    store.close()


def test_a_sound_that_makes_no_sense_is_not_known(path: Path) -> None:
    store = SqliteStore(path)
    store.keep_hearings({"a": _a_hearing("x"), "b": _a_hearing("y")}, "v1")
    store.close()
    with sqlite3.connect(path) as outside:
        outside.execute("UPDATE analyses SET tempo_bpm = -1 WHERE content = 'x'")
    outside.close()

    store = SqliteStore(path)

    assert set(store.hearings("ab", "v1")) == {"b"}
    assert store.analysis("x", "v1") is None
    store.close()
