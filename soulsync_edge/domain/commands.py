"""Everything we can ask of an actuator, in the imperative."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlayTrack:
    """Play this track from `start_s` on, replacing whatever is playing."""

    track_id: str
    path: str
    start_s: float = 0.0


@dataclass(frozen=True, slots=True)
class StopMusic:
    """Fall silent and forget the track."""


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Be this loud, 0 to 100 percent of what the person set as the most."""

    volume_pct: int


@dataclass(frozen=True, slots=True)
class SetCamera:
    """Let the eye look, or close the camera."""

    is_on: bool


VoiceCommand = PlayTrack | StopMusic | SetVolume
EyeCommand = SetCamera
Command = VoiceCommand | EyeCommand
