"""Everything we can ask of an actuator, in the imperative."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlayTrack:
    """Play this track, replacing whatever is playing.

    Attributes:
        track_id: Which one.
        path: Where its file lies.
        start_s: From there on.
        gain_db: How much louder (below 0: quieter) than its file to play it, so that all tracks
            are about as loud; its peaks stay below full scale with it.
        fade_s: How long what is playing fades out while this fades in, at equal power; 0: at once.
        is_seamless: Begin when what is playing has run out, without a gap; `fade_s` is 0 then.
    """

    track_id: str
    path: str
    start_s: float = 0.0
    gain_db: float = 0.0
    fade_s: float = 0.0
    is_seamless: bool = False


@dataclass(frozen=True, slots=True)
class StopMusic:
    """Fall silent within `fade_s` and forget the track."""

    fade_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Be this loud, 0 to 100 percent of what the person set as the most."""

    volume_pct: int


@dataclass(frozen=True, slots=True)
class PlayTone:
    """Let a short tone be heard, as loud as music would be, to try the speaker."""


@dataclass(frozen=True, slots=True)
class SetCamera:
    """Let the eye look, or close the camera."""

    is_on: bool


VoiceCommand = PlayTrack | StopMusic | SetVolume | PlayTone
EyeCommand = SetCamera
Command = VoiceCommand | EyeCommand
