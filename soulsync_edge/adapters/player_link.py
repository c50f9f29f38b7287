"""A player on the other side of the wall: the voice program, spoken to over its link."""

from collections.abc import Callable
from pathlib import Path

from soulsync_edge.domain.commands import PlayTrack, SetVolume, StopMusic, VoiceCommand


class LinkPlayer:
    """A `Player` that asks the voice program; what became of it comes back as its events.

    What is sent while the voice is away is lost, which core knows: it hears `VoiceLost`, and on
    `VoiceFound` says again what should play.

    Args:
        send: Sends one command to the voice and returns at once, such as `LinkServer.send`.
    """

    def __init__(self, send: Callable[[VoiceCommand], object]) -> None:
        self._send = send

    def play(self, track_id: str, path: Path, start_s: float = 0.0) -> None:
        self._send(PlayTrack(track_id, str(path), start_s))

    def stop(self) -> None:
        self._send(StopMusic())

    def set_volume(self, volume_pct: int) -> None:
        self._send(SetVolume(volume_pct))

    def close(self) -> None:
        self._send(StopMusic())
