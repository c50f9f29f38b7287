"""The libVLC player and the files it may meet, on libVLC's own silent output."""

import contextlib
import itertools
import os
import queue
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from soulsync_edge.adapters import player_vlc
from soulsync_edge.adapters.player_vlc import VlcPlayer
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import Event, TrackEnded, TrackFailed, TrackMoved, TrackStarted
from soulsync_edge.errors import Unavailable
from tests.sound import write_loud_tone

pytestmark = pytest.mark.libvlc

PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good tone of each kind."""
    folder = tmp_path_factory.mktemp("good")
    for ending in ("flac", "ogg", "mp3", "wav"):
        write_loud_tone(folder / f"tone.{ending}", seconds=10.0, hiss=0.4)
    return folder


class Stage:
    def __init__(self) -> None:
        self.said: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.player = VlcPlayer(self.said.put, time.monotonic, "adummy")

    def next(self) -> Event:
        return self.said.get(timeout=PATIENCE_S)

    def outcome(self, path: Path) -> Event:
        """Play `path`; return what is first said that settles whether it can be played."""
        self.player.play(PlayTrack("t", str(path)))
        while True:
            event = self.next()
            if not isinstance(event, TrackStarted):
                return event


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.player.close()


def refused(event: Event) -> str:
    """Return why a track failed; it must have."""
    assert isinstance(event, TrackFailed), event
    assert event.track_id == "t"
    return event.reason


# Files libvlc is never asked for


def test_a_missing_file_fails_at_once(stage: Stage, tmp_path: Path) -> None:
    assert "not there any more" in refused(stage.outcome(tmp_path / "gone.mp3"))


def test_an_empty_file_fails_at_once(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()

    assert "empty" in refused(stage.outcome(tmp_path / "empty.mp3"))


def test_a_folder_fails_at_once(stage: Stage, tmp_path: Path) -> None:
    assert "not a file" in refused(stage.outcome(tmp_path))


def test_a_pipe_fails_and_does_not_wait_for_a_writer(stage: Stage, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")

    assert "not a file" in refused(stage.outcome(tmp_path / "pipe.mp3"))


def test_a_loop_of_links_fails(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "a.mp3").symlink_to("b.mp3")
    (tmp_path / "b.mp3").symlink_to("a.mp3")

    assert "cannot be read" in refused(stage.outcome(tmp_path / "a.mp3"))


@pytest.mark.parametrize("name", ["nul\0.mp3", "\ud800.mp3", "x" * 300])
def test_a_name_no_file_can_have_fails(stage: Stage, tmp_path: Path, name: str) -> None:
    assert "cannot be read" in refused(stage.outcome(tmp_path / name))


def test_an_unreadable_file_fails(
    stage: Stage, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # root may read everything

    assert "Permission denied" in refused(stage.outcome(good / "tone.flac"))


# Files libvlc would rather not have been asked for


def noise() -> bytes:
    return random.Random(7).randbytes(200_000)  # noqa: S311  # the same noise each time


DAMAGES: dict[str, Callable[[Path], bytes]] = {
    "noise.mp3": lambda _: noise(),
    "noise.flac": lambda _: noise(),
    "noise.ogg": lambda _: noise(),
    "text.mp3": lambda _: b"The quick brown fox. \n" * 2000,
    "subtitles.mp3": lambda _: b"1\n00:00:00,000 --> 00:00:09,000\nWords.\n\n" * 9,
    "picture.mp3": lambda _: b"\x89PNG\r\n\x1a\n" + noise(),
    "list.mp3": lambda good: b"#EXTM3U\n" + os.fsencode(good / "tone.mp3") + b"\n",
    "list.m3u": lambda good: os.fsencode(good / "tone.mp3") + b"\n",
    "list.pls": lambda good: b"[playlist]\nFile1=" + os.fsencode(good / "tone.mp3") + b"\n",
    "head.flac": lambda good: (good / "tone.flac").read_bytes()[:300],
    "head.ogg": lambda good: (good / "tone.ogg").read_bytes()[:300],
    "head.mp3": lambda good: (good / "tone.mp3").read_bytes()[:200],
    "rotten.flac": lambda good: (good / "tone.flac").read_bytes()[:4000] + noise(),
    "rotten.mp3": lambda good: (good / "tone.mp3").read_bytes()[:2000] + noise(),
    "rotten.ogg": lambda good: (good / "tone.ogg").read_bytes()[:4000] + noise(),
    "zeros.mp3": lambda _: bytes(200_000),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_not_music_fails(stage: Stage, good: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(DAMAGES[name](good))

    assert "damaged or is not music" in refused(stage.outcome(tmp_path / name))


@pytest.mark.parametrize("ending", ["mp2", "mp3"])
def test_a_huge_file_that_holds_nothing_is_not_kept_in_memory(
    stage: Stage, good: Path, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"huge.{ending}"
    with path.open("wb") as huge:
        huge.truncate(5 << 30)
    stage.outcome(good / "tone.mp3")  # libvlc's plugins take their memory
    process = psutil.Process()
    memory, read = process.memory_info().rss, process.io_counters().read_chars

    stage.player.play(PlayTrack("huge", str(path)))
    deadline_s = time.monotonic() + PATIENCE_S
    while process.io_counters().read_chars < read + 64e6:
        assert time.monotonic() < deadline_s, "libvlc does not search it"
        with contextlib.suppress(queue.Empty):
            event = stage.said.get(timeout=0.05)
            assert isinstance(event, TrackMoved), "of the tone before"

    assert process.memory_info().rss < memory + 32e6


# Files that only look odd


@pytest.mark.parametrize(
    "name",
    [
        b"100% #1?.mp3",
        b"caf\xe9 \xff.mp3",  # Latin-1: no UTF-8
        "Größe 音楽 🎵.mp3".encode(),
        b"-x --no-audio.mp3",
        b"a:b::start-time=9.mp3",
        b"n" * 251 + b".mp3",
        b"line\nbreak.mp3",
        b"music",
    ],
)
def test_a_good_file_with_an_odd_name_plays(
    stage: Stage, good: Path, tmp_path: Path, name: bytes
) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes((good / "tone.mp3").read_bytes())

    moved = stage.outcome(path)

    assert isinstance(moved, TrackMoved)
    assert moved.position_s < 2.0


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3", "wav"])
def test_a_file_cut_short_plays_as_far_as_it_goes(
    stage: Stage, good: Path, tmp_path: Path, ending: str
) -> None:
    content = (good / f"tone.{ending}").read_bytes()
    path = tmp_path / f"cut.{ending}"
    path.write_bytes(content[: len(content) // 3])

    assert isinstance(stage.outcome(path), TrackMoved)
    while isinstance(event := stage.next(), TrackMoved):
        pass
    assert isinstance(event, TrackEnded)


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3", "wav"])
def test_a_very_short_track_ends_and_is_not_called_damaged(
    stage: Stage, tmp_path: Path, ending: str
) -> None:
    path = write_loud_tone(tmp_path / f"blip.{ending}", seconds=0.3)

    stage.player.play(PlayTrack("t", str(path)))

    said: list[Event] = []
    while not said or not isinstance(said[-1], TrackEnded | TrackFailed):
        said.append(stage.next())
    assert isinstance(said[0], TrackStarted)
    assert isinstance(said[-1], TrackEnded)


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3", "wav"])
def test_a_track_resumed_past_its_end_ends(stage: Stage, good: Path, ending: str) -> None:
    stage.player.play(PlayTrack("t", str(good / f"tone.{ending}"), start_s=9.99))

    while not isinstance(event := stage.next(), TrackEnded | TrackFailed):
        pass
    assert isinstance(event, TrackEnded)


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3", "wav"])
def test_a_track_resumes_where_it_was_left(stage: Stage, good: Path, ending: str) -> None:
    stage.player.play(PlayTrack("t", str(good / f"tone.{ending}"), start_s=5.0))

    while not isinstance(moved := stage.next(), TrackMoved):
        pass
    # In an Ogg file libvlc lands up to some seconds late, and never early.
    assert 5.0 <= moved.position_s < (9.0 if ending == "ogg" else 6.0)


def test_a_position_is_told_about_once_a_second(stage: Stage, good: Path) -> None:
    stage.player.play(PlayTrack("t", str(good / "tone.flac")))

    moves: list[TrackMoved] = []
    while len(moves) < 4:
        event = stage.next()
        if isinstance(event, TrackMoved):
            moves.append(event)

    gaps_s = [after.at_s - before.at_s for before, after in itertools.pairwise(moves)]
    assert min(gaps_s) >= 1.0
    assert moves[-1].position_s - moves[0].position_s == pytest.approx(sum(gaps_s), abs=0.5)


# For life


def test_hundred_tracks_leave_no_thread_and_no_file_open(stage: Stage, good: Path) -> None:
    names = [f"tone.{ending}" for ending in ("flac", "ogg", "mp3", "wav")]
    process = psutil.Process()

    def play_some(count: int) -> None:
        for number in range(count):
            stage.player.play(PlayTrack(f"t{number}", str(good / names[number % 4])))
        stage.player.stop()

    play_some(10)
    threads, files = process.num_threads(), process.num_fds()
    play_some(100)

    assert process.num_threads() <= threads
    assert process.num_fds() <= files


def test_a_track_that_is_over_leaves_its_file_alone(stage: Stage, tmp_path: Path) -> None:
    path = write_loud_tone(tmp_path / "blip.flac", seconds=0.3)

    stage.player.play(PlayTrack("t", str(path)))
    while not isinstance(stage.next(), TrackEnded):
        pass

    deadline_s = time.monotonic() + PATIENCE_S  # libvlc closes it some milliseconds later
    while str(path) in [found.path for found in psutil.Process().open_files()]:
        assert time.monotonic() < deadline_s, "its disk cannot be unmounted"


def test_without_libvlc_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player_vlc, "LIBRARY", "libmissing.so.5")

    with pytest.raises(Unavailable, match=r"libVLC is not installed.*apt-get install"):
        Stage()


def test_a_closed_player_takes_orders_and_does_nothing() -> None:
    stage = Stage()
    stage.player.close()

    stage.player.play(PlayTrack("t", "/music/t.flac"))
    stage.player.stop()
    stage.player.set_volume(50)
    stage.player.set_most_volume(50)
    stage.player.set_crossfade(5.0)
    stage.player.play_tone()
    stage.player.close()

    assert stage.said.empty()
