"""A player on the other side of the wall: the voice program, spoken to over its link."""

from collections.abc import Callable

from soulsync_edge.domain.commands import PlayTone, PlayTrack, SetVolume, StopMusic, VoiceCommand


class LinkPlayer:
    """A `Player` that asks the voice program; what became of it comes back as its events.

    What is sent while the voice is away is lost, which core knows: it hears `VoiceLost`, and on
    `VoiceFound` says again what should play.

    Args:
        send: Sends one command to the voice and returns at once, such as `LinkServer.send`.
    """

    def __init__(self, send: Callable[[VoiceCommand], object]) -> None:
        self._send = send

    def play(self, order: PlayTrack) -> None:
        self._send(order)

    def stop(self, fade_s: float = 0.0) -> None:
        self._send(StopMusic(fade_s))

    def set_volume(self, volume_pct: int) -> None:
        self._send(SetVolume(volume_pct))

    def play_tone(self) -> None:
        self._send(PlayTone())

    def close(self) -> None:
        self._send(StopMusic())
