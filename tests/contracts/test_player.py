"""What every player does: made up, on libVLC, or over the wall in a real voice program."""

import asyncio
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from soulsync_edge.adapters.player_link import LinkPlayer
from soulsync_edge.adapters.player_vlc import VlcPlayer
from soulsync_edge.domain.commands import PlayTrack, VoiceCommand
from soulsync_edge.domain.events import (
    Event,
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.fakes import FakePlayer
from soulsync_edge.ports import Player
from tests.sound import write_loud_tone
from tests.voices import PATIENCE_S, VoiceCore

Said = TypeVar("Said", TrackStarted, TrackMoved, TrackEnding, TrackEnded, TrackFailed)


class Stage(ABC):
    """A player, and how to make happen what it plays."""

    player: Player

    def __init__(self, music: Path) -> None:
        self.long, self.short = music / "long.flac", music / "short.flac"
        self.said: list[Event] = []
        self._news: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def until(self, kind: type[Said], track_id: str) -> Said:
        """Wait until the player says something of a kind about a track."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            event = self._news.get(timeout=max(deadline_s - time.monotonic(), 0.01))
            self.said.append(event)
            if isinstance(event, kind) and event.track_id == track_id:
                return event

    @abstractmethod
    def run_out(self) -> None:
        """Let the short track that plays run out."""

    @abstractmethod
    def go_on(self) -> None:
        """Let the playing track move."""

    @abstractmethod
    def come_near_the_end(self) -> None:
        """Let the long track, played from 56 s on, come near its end."""

    @abstractmethod
    def play_damaged(self, track_id: str) -> None:
        """Play something that cannot be played."""

    def close(self) -> None:
        self.player.close()


class MadeUpStage(Stage):
    player: FakePlayer

    def __init__(self, music: Path) -> None:
        super().__init__(music)
        self.player = FakePlayer(self._news.put, time.monotonic)

    def run_out(self) -> None:
        self.player.finish_track()

    def go_on(self) -> None:
        assert self.player.order is not None
        self.player.move_to(self.player.order.start_s + 1.0)

    def come_near_the_end(self) -> None:
        self.player.near_end(3.0)

    def play_damaged(self, track_id: str) -> None:
        self.player.play(PlayTrack(track_id, str(self.short)))
        self.player.fail_track()


class RealStage(Stage):
    def run_out(self) -> None:
        pass  # time does it

    def go_on(self) -> None:
        pass

    def come_near_the_end(self) -> None:
        pass

    def play_damaged(self, track_id: str) -> None:
        self.player.play(PlayTrack(track_id, str(self.short.with_name("damaged.flac"))))


class VlcStage(RealStage):
    def __init__(self, music: Path) -> None:
        super().__init__(music)
        self.player = VlcPlayer(self._news.put, time.monotonic, "adummy")


class LinkStage(RealStage):
    """The voice program as a process; core's end of the link runs on a thread of its own."""

    def __init__(self, music: Path, run_dir: Path) -> None:
        super().__init__(music)
        self._loop = asyncio.new_event_loop()
        self._is_ready, self._must_end = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=[self._live(run_dir)]
        )
        self._thread.start()
        assert self._is_ready.wait(PATIENCE_S)
        self.player = LinkPlayer(self._send)

    async def _live(self, run_dir: Path) -> None:
        self._core = VoiceCore(run_dir, on_event=self._news.put)
        try:
            async with self._core.with_voice():
                self._is_ready.set()
                await self._must_end.wait()
        finally:
            self._core.close()

    def _send(self, command: VoiceCommand) -> None:
        self._loop.call_soon_threadsafe(self._core.say, command)

    def close(self) -> None:
        super().close()
        self._loop.call_soon_threadsafe(self._must_end.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    write_loud_tone(folder / "long.flac", seconds=60.0)
    write_loud_tone(folder / "short.flac", seconds=2.5)
    (folder / "damaged.flac").write_bytes((folder / "long.flac").read_bytes()[:300])
    return folder


@pytest.fixture(
    params=[
        "made up",
        pytest.param("vlc", marks=pytest.mark.libvlc),
        pytest.param("link", marks=pytest.mark.libvlc),
    ]
)
def stage(request: pytest.FixtureRequest, music: Path, tmp_path: Path) -> Iterator[Stage]:
    if request.param == "made up":
        stage: Stage = MadeUpStage(music)
    elif request.param == "vlc":
        stage = VlcStage(music)
    else:
        stage = LinkStage(music, tmp_path)
    yield stage
    stage.close()


def test_a_track_that_starts_is_reported_by_name(stage: Stage) -> None:
    before_s = time.monotonic()
    stage.player.play(PlayTrack("t", str(stage.long)))

    assert before_s <= stage.until(TrackStarted, "t").at_s <= time.monotonic()


def test_a_playing_track_says_how_far_it_is(stage: Stage) -> None:
    stage.player.play(PlayTrack("t", str(stage.long)))
    stage.until(TrackStarted, "t")

    stage.go_on()
    first = stage.until(TrackMoved, "t")
    stage.go_on()
    second = stage.until(TrackMoved, "t")

    assert 0 <= first.position_s <= second.position_s < 10


def test_a_finished_track_is_reported_by_name(stage: Stage) -> None:
    stage.player.play(PlayTrack("t", str(stage.short)))
    stage.until(TrackStarted, "t")

    stage.run_out()

    stage.until(TrackEnded, "t")
    assert not [event for event in stage.said if isinstance(event, TrackFailed)]


def test_a_track_can_start_in_its_middle(stage: Stage) -> None:
    stage.player.play(PlayTrack("t", str(stage.long), start_s=30.0))
    stage.until(TrackStarted, "t")

    stage.go_on()

    assert 29.5 <= stage.until(TrackMoved, "t").position_s < 40.0


def test_a_track_that_cannot_be_played_fails_with_a_reason(stage: Stage) -> None:
    stage.play_damaged("t")

    assert stage.until(TrackFailed, "t").reason
    assert not [event for event in stage.said if isinstance(event, TrackEnded)]


def test_after_a_failure_the_next_track_plays(stage: Stage) -> None:
    stage.play_damaged("bad")
    stage.until(TrackFailed, "bad")

    stage.player.play(PlayTrack("good", str(stage.short)))
    stage.until(TrackStarted, "good")
    stage.run_out()

    stage.until(TrackEnded, "good")


def test_a_replaced_track_neither_ends_nor_fails(stage: Stage) -> None:
    stage.player.play(PlayTrack("t1", str(stage.long)))
    stage.until(TrackStarted, "t1")

    stage.player.play(PlayTrack("t2", str(stage.short)))
    stage.until(TrackStarted, "t2")
    stage.run_out()
    stage.until(TrackEnded, "t2")

    outcomes = [event for event in stage.said if isinstance(event, TrackEnded | TrackFailed)]
    assert [event.track_id for event in outcomes] == ["t2"]


def test_many_skips_leave_the_last_track_playing(stage: Stage) -> None:
    for number in range(10):
        stage.player.play(PlayTrack(f"t{number}", str(stage.long)))

    stage.player.play(PlayTrack("last", str(stage.short)))
    stage.until(TrackStarted, "last")
    stage.run_out()

    stage.until(TrackEnded, "last")
    assert not [event for event in stage.said if isinstance(event, TrackFailed)]


def test_a_stopped_track_neither_ends_nor_fails(stage: Stage) -> None:
    stage.player.play(PlayTrack("t1", str(stage.short)))
    stage.until(TrackStarted, "t1")

    stage.player.stop()
    stage.player.play(PlayTrack("t2", str(stage.short)))
    stage.until(TrackStarted, "t2")
    stage.run_out()
    stage.until(TrackEnded, "t2")

    outcomes = [event for event in stage.said if isinstance(event, TrackEnded | TrackFailed)]
    assert [event.track_id for event in outcomes] == ["t2"]


def test_a_track_near_its_end_says_how_much_is_left(stage: Stage) -> None:
    stage.player.play(PlayTrack("t", str(stage.long), start_s=56.0))
    stage.until(TrackStarted, "t")

    stage.come_near_the_end()

    assert 1.0 <= stage.until(TrackEnding, "t").left_s <= 5.0


def test_a_track_that_fades_into_another_neither_ends_nor_fails(stage: Stage) -> None:
    stage.player.play(PlayTrack("t1", str(stage.long)))
    stage.until(TrackStarted, "t1")

    stage.player.play(PlayTrack("t2", str(stage.short), gain_db=-3.0, fade_s=0.5))
    stage.until(TrackStarted, "t2")
    stage.run_out()
    stage.until(TrackEnded, "t2")

    outcomes = [event for event in stage.said if isinstance(event, TrackEnded | TrackFailed)]
    assert [event.track_id for event in outcomes] == ["t2"]


def test_a_track_played_while_music_fades_away_plays(stage: Stage) -> None:
    stage.player.play(PlayTrack("t1", str(stage.long)))
    stage.until(TrackStarted, "t1")

    stage.player.stop(0.5)
    stage.player.play(PlayTrack("t2", str(stage.short)))
    stage.until(TrackStarted, "t2")
    stage.run_out()
    stage.until(TrackEnded, "t2")

    assert not [e for e in stage.said if isinstance(e, TrackEnded) and e.track_id == "t1"]


def test_a_tone_leaves_the_track_alone(stage: Stage) -> None:
    stage.player.play(PlayTrack("t", str(stage.short)))
    stage.until(TrackStarted, "t")

    stage.player.play_tone()
    stage.player.play_tone()
    stage.run_out()

    stage.until(TrackEnded, "t")
    assert not [event for event in stage.said if isinstance(event, TrackFailed)]


def test_a_silent_player_can_be_stopped_and_set(stage: Stage) -> None:
    stage.player.stop()
    stage.player.stop()
    for volume_pct in (0, 100, 50):
        stage.player.set_volume(volume_pct)

    stage.player.play(PlayTrack("t", str(stage.long)))
    stage.until(TrackStarted, "t")


def test_the_same_track_can_be_played_again(stage: Stage) -> None:
    for _ in range(2):
        stage.player.play(PlayTrack("t", str(stage.short)))
        stage.until(TrackStarted, "t")
        stage.run_out()
        stage.until(TrackEnded, "t")


def test_a_player_can_be_closed_twice_and_while_it_plays(stage: Stage) -> None:
    stage.player.play(PlayTrack("t", str(stage.long)))
    stage.until(TrackStarted, "t")

    stage.player.close()
    stage.player.close()
    stage.player.stop()
    stage.player.play_tone()
