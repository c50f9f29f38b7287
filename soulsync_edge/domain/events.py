"""Everything that can happen: facts with the time they happened at, in the past tense."""

from dataclasses import dataclass
from enum import StrEnum

from soulsync_edge.domain.emotion import EmotionEstimate
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.shifting import Goal, Mode

LONGEST_SLEEP_MIN = 240
"""A sleep timer is set to no more minutes."""


class Part(StrEnum):
    """A part of the appliance whose health people see."""

    EYE = "eye"
    CAMERA = "camera"
    MODEL = "model"
    VOICE = "voice"
    SOUND = "sound"
    LIBRARY = "library"
    BROKER = "broker"
    PAGE = "page"
    BUTTON = "button"
    LIGHT = "light"
    STORE = "store"
    SETTINGS = "settings"


class Opinion(StrEnum):
    """What someone has to say of a track."""

    LIKE = "like"
    UNLIKE = "unlike"
    """Takes a like back."""
    NOT_THIS = "not this"
    """Not what is wanted now: another one, and this one less often."""
    NEVER = "never"
    ALLOW = "allow"
    """Takes a never back."""
    HAPPIER = "happier"
    """The music is brighter than it is taken for; the next three likewise."""
    SADDER = "sadder"
    LIVELIER = "livelier"
    CALMER = "calmer"


class Obstacle(StrEnum):
    """Why a face that is there says nothing usable."""

    TOO_DARK = "too dark"
    TOO_BRIGHT = "too bright"
    TOO_FAR = "too far"
    TOO_BLURRED = "too blurred"
    TURNED_AWAY = "turned away"
    TILTED = "tilted too far"
    LEAVING = "leaving the picture"


@dataclass(frozen=True, slots=True)
class EstimateArrived:
    """A face was read.

    Attributes:
        at_s: When the frame was taken. All `at_s` are seconds on the machine's monotonic clock.
        probabilities: One share per class in `EMOTIONS` order, sum 1.
        confidence: How far to trust them, 0 to 1.
        faces: How many faces were in the frame, at least 1.

    Raises:
        ValueError: Probabilities or confidence break the rules of `EmotionEstimate`.
    """

    at_s: float
    probabilities: tuple[float, ...]
    confidence: float
    faces: int

    def __post_init__(self) -> None:
        EmotionEstimate(self.probabilities, self.confidence)  # holds the rules for both


@dataclass(frozen=True, slots=True)
class NobodySeen:
    """A frame was looked at and no face was in it."""

    at_s: float


@dataclass(frozen=True, slots=True)
class FaceObscured:
    """A face was found that cannot be read."""

    at_s: float
    obstacle: Obstacle


@dataclass(frozen=True, slots=True)
class RoomDark:
    """The picture is all dark: a covered lens or a dark room. Nothing can be said of anyone."""

    at_s: float


@dataclass(frozen=True, slots=True)
class PartReported:
    """A part says how it is.

    Attributes:
        at_s: When.
        part: Which one.
        is_ok: It works.
        message: What is wrong and what to do, or a remark when all is well; may be empty.
    """

    at_s: float
    part: Part
    is_ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A second went by.

    Attributes:
        at_s: When.
        minute_of_day: Local wall time for the schedule, 0 to 1439.
        day: The local day as `datetime.date.toordinal` counts it; 0: unknown.
    """

    at_s: float
    minute_of_day: int
    day: int = 0


@dataclass(frozen=True, slots=True)
class TrackStarted:
    """A track is really playing."""

    at_s: float
    track_id: str


@dataclass(frozen=True, slots=True)
class TrackMoved:
    """The playing track got to `position_s`; about once a second."""

    at_s: float
    track_id: str
    position_s: float


@dataclass(frozen=True, slots=True)
class TrackEnding:
    """The playing track has only `left_s` to go: time to say what comes after it.

    Said once for each time a track is played, about as long before its end as a cross-fade takes;
    never of a track whose length is not known, nor of one too short.
    """

    at_s: float
    track_id: str
    left_s: float


@dataclass(frozen=True, slots=True)
class TrackEnded:
    """A track ran out by itself."""

    at_s: float
    track_id: str


@dataclass(frozen=True, slots=True)
class TrackFailed:
    """A track could not be played.

    Attributes:
        at_s: When.
        track_id: Which one.
        reason: One sentence a person understands.
    """

    at_s: float
    track_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoiceFound:
    """The voice program is there, and silent: it knows nothing of what played before."""

    at_s: float


@dataclass(frozen=True, slots=True)
class VoiceLost:
    """The voice program is gone; it is being restarted."""

    at_s: float


@dataclass(frozen=True, slots=True)
class EyeFound:
    """The eye program is there; it waits to be told whether it may look."""

    at_s: float


@dataclass(frozen=True, slots=True)
class EyeLost:
    """The eye program is gone; it is being restarted."""

    at_s: float


@dataclass(frozen=True, slots=True)
class CatalogueChanged:
    """The catalogue in the context is a new one."""

    at_s: float


@dataclass(frozen=True, slots=True)
class ListeningMoved:
    """Listening to the library got on.

    Attributes:
        at_s: When.
        progress: How far; None: nothing is listened to.
    """

    at_s: float
    progress: ListeningProgress | None


@dataclass(frozen=True, slots=True)
class ScanMoved:
    """The scan of the library got on.

    Attributes:
        at_s: When.
        progress: How far; None: no scan is under way.
    """

    at_s: float
    progress: ScanProgress | None


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """The rules in the context are new ones: settings were changed."""

    at_s: float


@dataclass(frozen=True, slots=True)
class SkipRequested:
    """Someone wants the next track."""

    at_s: float


@dataclass(frozen=True, slots=True)
class MusicSwitched:
    """Someone turned music on or off."""

    at_s: float
    is_on: bool


@dataclass(frozen=True, slots=True)
class CameraSwitched:
    """Someone allowed the eye to look, or closed it."""

    at_s: float
    is_on: bool


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """The button was pressed and let go: the camera closes, or opens again."""

    at_s: float


@dataclass(frozen=True, slots=True)
class ButtonHeld:
    """The button was held: the music goes off, or on again."""

    at_s: float


@dataclass(frozen=True, slots=True)
class VolumeChosen:
    """Someone chose a loudness, 0 to 100 percent."""

    at_s: float
    volume_pct: int


@dataclass(frozen=True, slots=True)
class ModeChosen:
    """Someone chose what the music does with the mood."""

    at_s: float
    mode: Mode


@dataclass(frozen=True, slots=True)
class GoalChosen:
    """Someone chose where a shift leads; this also turns shifting on."""

    at_s: float
    goal: Goal


@dataclass(frozen=True, slots=True)
class TrackJudged:
    """Someone said what they think of a track, playing or not."""

    at_s: float
    track_id: str
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class ReplayRequested:
    """Someone wants to hear the present track again, from its beginning."""

    at_s: float


@dataclass(frozen=True, slots=True)
class TasteErased:
    """Someone wants forgotten all that was learnt of what is liked."""

    at_s: float


@dataclass(frozen=True, slots=True)
class SleepChosen:
    """Someone wants the music to fade out and end.

    Attributes:
        at_s: When this was asked for.
        minutes: How long from then, 1 to 240; 0: not any more.
    """

    at_s: float
    minutes: int


@dataclass(frozen=True, slots=True)
class DuckingChanged:
    """Something else wants to be heard, or has been: the music makes room meanwhile.

    Attributes:
        at_s: When.
        by: Who: the music is full again when everyone who asked for room has given it back.
        is_on: Room is wanted.
    """

    at_s: float
    by: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class SoundTestRequested:
    """Someone wants to hear whether the speaker works."""

    at_s: float


Event = (
    EstimateArrived
    | NobodySeen
    | FaceObscured
    | RoomDark
    | PartReported
    | Tick
    | TrackStarted
    | TrackMoved
    | TrackEnding
    | TrackEnded
    | TrackFailed
    | VoiceFound
    | VoiceLost
    | EyeFound
    | EyeLost
    | CatalogueChanged
    | ListeningMoved
    | ScanMoved
    | RulesChanged
    | SkipRequested
    | MusicSwitched
    | CameraSwitched
    | ButtonPressed
    | ButtonHeld
    | VolumeChosen
    | ModeChosen
    | GoalChosen
    | TrackJudged
    | ReplayRequested
    | TasteErased
    | SleepChosen
    | DuckingChanged
    | SoundTestRequested
)
