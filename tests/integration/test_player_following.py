"""How the libVLC player takes orders for the end of a track, on libVLC's own silent output."""

import queue
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulsync_edge.adapters.player_vlc import LEAST_NOTICE_S, READY_S, VlcPlayer
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import (
    Event,
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from tests.sound import write_loud_tone

pytestmark = pytest.mark.libvlc

PATIENCE_S = 30.0
NOTICE_S = LEAST_NOTICE_S + READY_S
LASTS_S = 13.0
"""More than four notices."""

LATE_S = LASTS_S - NOTICE_S - 0.5
"""From here on it is half a second to the notice."""

Said = TrackStarted | TrackMoved | TrackEnding | TrackEnded | TrackFailed


class Stage:
    def __init__(self, aout: str = "adummy", device: str = "") -> None:
        self.heard: list[Event] = []
        self._said: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.player = VlcPlayer(self._said.put, time.monotonic, aout, device=device)

    def until(self, kind: type[Said], track_id: str) -> float:
        """Wait until something of a kind is said of a track; return when it happened."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            event = self._said.get(timeout=max(deadline_s - time.monotonic(), 0.01))
            self.heard.append(event)
            if isinstance(event, kind) and event.track_id == track_id:
                return event.at_s

    def words(self, *kinds: type[Said]) -> list[tuple[type[Event], str]]:
        """What was said so far of some kinds, of which track."""
        return [(type(event), event.track_id) for event in self.heard if isinstance(event, kinds)]


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.player.close()


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    write_loud_tone(folder / "long.flac", seconds=LASTS_S)
    write_loud_tone(folder / "too short.flac", seconds=4 * NOTICE_S - 0.5)
    (folder / "damaged.flac").write_bytes((folder / "long.flac").read_bytes()[:300])
    return folder


def late(music: Path, track_id: str = "old") -> PlayTrack:
    return PlayTrack(track_id, str(music / "long.flac"), LATE_S)


def test_a_track_says_once_that_it_ends(stage: Stage, music: Path) -> None:
    stage.player.play(late(music))
    told_s = stage.until(TrackEnding, "old")
    ended_s = stage.until(TrackEnded, "old")

    assert stage.words(TrackEnding) == [(TrackEnding, "old")]
    (ending,) = (event for event in stage.heard if isinstance(event, TrackEnding))
    assert NOTICE_S - 0.6 < ending.left_s <= NOTICE_S
    # The silent output ends a second early.
    assert ended_s == pytest.approx(told_s + ending.left_s, abs=1.5)


def test_a_longer_cross_fade_is_told_of_earlier(stage: Stage, tmp_path: Path) -> None:
    path = write_loud_tone(tmp_path / "longer.flac", seconds=30.0)
    stage.player.set_crossfade(6.0)
    stage.player.play(PlayTrack("old", str(path), 22.0))
    stage.until(TrackEnding, "old")

    (ending,) = (event for event in stage.heard if isinstance(event, TrackEnding))
    assert 6.0 < ending.left_s <= 7.0


def test_a_short_track_ends_without_notice(stage: Stage, music: Path) -> None:
    stage.player.play(PlayTrack("old", str(music / "too short.flac"), 7.0))
    stage.until(TrackEnded, "old")

    assert stage.words(TrackEnding) == []


@pytest.mark.parametrize("how", [{"fade_s": 1.0}, {"is_seamless": True}])
def test_the_answer_to_a_notice_waits_for_the_end(
    stage: Stage, music: Path, how: dict[str, float]
) -> None:
    stage.player.play(late(music))
    told_s = stage.until(TrackEnding, "old")
    stage.player.play(PlayTrack("new", str(music / "long.flac"), **how))  # type: ignore[arg-type]  # mypy takes the values for one kind

    started_s = stage.until(TrackStarted, "new")

    # The silent output ends a second early, and then the next one begins.
    assert started_s > told_s + NOTICE_S - 2.0
    assert (TrackMoved, "old") in stage.words(TrackMoved), "it is said that the old one goes on"
    stage.until(TrackMoved, "new")
    assert stage.words(TrackEnded, TrackFailed) == []


def test_a_skip_while_a_track_waits_is_heard_now(stage: Stage, music: Path) -> None:
    stage.player.play(late(music))
    stage.until(TrackEnding, "old")
    stage.player.play(PlayTrack("new", str(music / "long.flac"), fade_s=1.0))
    asked_s = time.monotonic()
    stage.player.play(PlayTrack("asked for", str(music / "long.flac"), fade_s=0.3))

    assert stage.until(TrackStarted, "asked for") < asked_s + 1.0
    stage.until(TrackMoved, "asked for")
    assert stage.words(TrackStarted)[1:] == [(TrackStarted, "asked for")]


def test_a_skip_long_before_the_end_does_not_wait(stage: Stage, music: Path) -> None:
    stage.player.play(PlayTrack("old", str(music / "long.flac")))
    stage.until(TrackMoved, "old")
    asked_s = time.monotonic()
    stage.player.play(PlayTrack("new", str(music / "long.flac"), fade_s=4.0))

    assert stage.until(TrackStarted, "new") < asked_s + 1.0


def test_stop_forgets_what_waits(stage: Stage, music: Path) -> None:
    stage.player.play(late(music))
    stage.until(TrackEnding, "old")
    stage.player.play(PlayTrack("new", str(music / "long.flac"), is_seamless=True))
    stage.player.stop(0.2)
    stage.player.play(PlayTrack("last", str(music / "long.flac"), 10.0))
    stage.until(TrackEnded, "last")

    assert stage.words(TrackStarted) == [(TrackStarted, "old"), (TrackStarted, "last")]
    assert stage.words(TrackEnded, TrackFailed) == [(TrackEnded, "last")]


def test_a_track_that_is_gone_when_it_should_wait_leaves_its_place_to_another(
    stage: Stage, music: Path
) -> None:
    stage.player.play(late(music))
    told_s = stage.until(TrackEnding, "old")
    stage.player.play(PlayTrack("gone", str(music / "gone.flac"), is_seamless=True))
    assert stage.until(TrackFailed, "gone") < told_s + 1.0

    stage.player.play(PlayTrack("good", str(music / "long.flac")))

    assert stage.until(TrackStarted, "good") > told_s + NOTICE_S - 2.0
    stage.until(TrackMoved, "good")
    assert stage.words(TrackEnded) == []


def test_a_damaged_track_that_waits_fails_and_another_follows(stage: Stage, music: Path) -> None:
    stage.player.play(late(music))
    stage.until(TrackEnding, "old")
    stage.player.play(PlayTrack("bad", str(music / "damaged.flac"), fade_s=1.0))
    stage.until(TrackFailed, "bad")

    stage.player.play(PlayTrack("good", str(music / "long.flac")))

    stage.until(TrackMoved, "good")
    assert stage.words(TrackEnded) == []


def test_a_device_that_takes_one_stream_plays_one_after_another(music: Path) -> None:
    stage = Stage("alsa", "hw:CARD=none")  # libvlc plays on without it, and ends a bit early
    try:
        stage.player.play(late(music, "alone"))
        told_s = stage.until(TrackEnding, "alone")
        left_s = stage.until(TrackEnded, "alone") - told_s
        stage.player.play(late(music))
        told_s = stage.until(TrackEnding, "old")
        stage.player.play(PlayTrack("new", str(music / "long.flac"), fade_s=2.0))

        assert stage.until(TrackStarted, "new") > told_s + left_s - 0.3
        asked_s = time.monotonic()
        stage.player.play(PlayTrack("asked for", str(music / "long.flac"), fade_s=0.3))
        assert stage.until(TrackStarted, "asked for") < asked_s + 1.0
    finally:
        stage.player.close()
