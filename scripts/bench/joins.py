"""How tracks join: the gap within an album and the level of a cross-fade, as recorded."""

import queue
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from scripts.bench.figures import middle
from scripts.bench.libvlc import playing_into
from soulsync_edge.adapters.player_vlc import VlcPlayer
from soulsync_edge.adapters.recorder_pulse import RATE_HZ, NullSinkRecorder, loudness_db
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import Event, TrackEnding, TrackMoved
from soulsync_edge.errors import Unavailable

LASTS_S = 12.1
"""Of each file: a track this long says that it ends."""

FADE_S = 2.0

_LOUD = 0.02 * 32768
_PATIENCE_S = 20.0
_BLOCK_S = 0.1

Samples = npt.NDArray[np.float64]


def joins(recorder: NullSinkRecorder, folder: Path, count: int) -> dict[str, float]:
    """Return how far two tracks within an album are apart, and how even cross-fades are.

    The old track is heard on the left, the new one on the right, so that each end can be found.
    Apart is how much later than the old track's true end the new one begins, in milliseconds;
    below 0 they overlap. Lost is what is missing of the old track's end, which libvlc now and then
    throws away; below 0 it took longer than its samples, since libvlc adapts to the server's pace.

    Raises:
        Unavailable: What was asked for was not heard.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tone = 0.4 * np.sin(2 * np.pi * 1000 * np.arange(int(LASTS_S * RATE_HZ)) / RATE_HZ)
    hiss = [np.random.default_rng(seed).uniform(-0.2, 0.2, len(tone)) for seed in range(2)]
    left = _written(folder / "left.flac", tone, 0 * tone)
    right = _written(folder / "right.flac", 0 * tone, tone)
    steady = [_written(folder / f"steady{n}.flac", each, each) for n, each in enumerate(hiss)]
    apart_ms, lost_ms, off_db = [], [], []
    with playing_into(recorder.environment):
        said: queue.SimpleQueue[Event] = queue.SimpleQueue()
        player = VlcPlayer(said.put, time.monotonic, "pulse")
        try:
            for _ in range(count):
                gap, lost = _join(recorder, player, said, left, right)
                apart_ms.append(gap * 1e3)
                lost_ms.append(lost * 1e3)
                off_db.append(_fade(recorder, player, said, steady))
        finally:
            player.close()
    return {
        "apart_ms_median": middle(apart_ms, 1),
        "apart_ms_least": round(min(apart_ms), 1),
        "apart_ms_most": round(max(apart_ms), 1),
        "lost_ms_most": round(max(lost_ms), 1),
        "fade_off_db_most": round(max(off_db), 2),
    }


def _join(
    recorder: NullSinkRecorder,
    player: VlcPlayer,
    said: queue.SimpleQueue[Event],
    left: str,
    right: str,
) -> tuple[float, float]:
    asked_s = time.monotonic()
    player.play(PlayTrack("left", left))
    _await(said, TrackEnding, "left")
    player.play(PlayTrack("right", right, is_seamless=True))
    _await(said, TrackMoved, "right")
    sound = recorder.sound(asked_s, asked_s + LASTS_S + 1.0)
    player.stop()
    ends = [np.flatnonzero(np.abs(sound[:, side].astype(np.int32)) > _LOUD) for side in range(2)]
    if not all(len(end) for end in ends):
        raise Unavailable("a track within an album was not heard")
    true_end_s = ends[0][0] / RATE_HZ + LASTS_S
    return ends[1][0] / RATE_HZ - true_end_s, true_end_s - ends[0][-1] / RATE_HZ


def _fade(
    recorder: NullSinkRecorder,
    player: VlcPlayer,
    said: queue.SimpleQueue[Event],
    steady: list[str],
) -> float:
    """Return by how many dB the level of a cross-fade was off at the most."""
    player.play(PlayTrack("old", steady[0]))
    _await(said, TrackMoved, "old")
    asked_s = time.monotonic() + _BLOCK_S
    before_db = recorder.rms_db(asked_s, asked_s + 5 * _BLOCK_S)
    asked_s = time.monotonic()
    player.play(PlayTrack("new", steady[1], fade_s=FADE_S))
    sound = recorder.sound(asked_s, asked_s + FADE_S + 0.5)
    player.stop()
    step = round(_BLOCK_S * RATE_HZ)
    blocks = [sound[first : first + step] for first in range(0, len(sound) - step, step)]
    return max(abs(loudness_db(block) - before_db) for block in blocks)


def _await(said: queue.SimpleQueue[Event], kind: type[Any], track_id: str) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s:
        try:
            event = said.get(timeout=max(deadline_s - time.monotonic(), 0.01))
        except queue.Empty:
            break
        if isinstance(event, kind) and event.track_id == track_id:
            return
    raise Unavailable(f"the player did not say {kind.__name__} of {track_id}")


def _written(path: Path, left: Samples, right: Samples) -> str:
    soundfile.write(path, np.stack([left, right], 1), RATE_HZ, subtype="PCM_16")
    return str(path)
