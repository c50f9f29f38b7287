"""A player that is really heard, into a recorder, and not taken on trust."""

import queue
import time
from typing import TypeVar

from soulsync_edge.adapters.player_vlc import VlcPlayer
from soulsync_edge.adapters.recorder_pulse import NullSinkRecorder
from soulsync_edge.domain.events import (
    Event,
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)

PATIENCE_S = 30.0
Said = TypeVar("Said", TrackStarted, TrackMoved, TrackEnding, TrackEnded, TrackFailed)


class Room:
    """A player that is heard, and what it said; the recorder's environment must be in force."""

    def __init__(self, recorder: NullSinkRecorder) -> None:
        self.recorder = recorder
        self.said: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.player = VlcPlayer(self.said.put, time.monotonic, "pulse")

    def until(self, kind: type[Said], track_id: str = "t") -> Said:
        """Wait until the player says something of a kind about a track, and return it."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            event = self.said.get(timeout=max(deadline_s - time.monotonic(), 0.01))
            if isinstance(event, kind) and event.track_id == track_id:
                return event

    def loudness_after(self, from_s: float, seconds: float = 0.3) -> float:
        """How loud it is for some time, which is waited for, in dBFS."""
        return self.recorder.rms_db(from_s, from_s + seconds)

    def pass_time(self, seconds: float) -> float:
        """Let time go by, as recorded; return what time it is then."""
        now_s = time.monotonic() + seconds
        self.recorder.sound(now_s, now_s)
        return now_s
