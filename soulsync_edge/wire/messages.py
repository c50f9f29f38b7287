"""What travels on which link."""

from dataclasses import dataclass

from soulsync_edge.domain.commands import Command, EyeCommand, VoiceCommand
from soulsync_edge.domain.events import (
    EstimateArrived,
    Event,
    FaceObscured,
    NobodySeen,
    PartReported,
    RoomDark,
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.domain.hearing import Analysis, FilePrint
from soulsync_edge.domain.library import Stick
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.wire.context_changes import ContextChanged
from soulsync_edge.wire.lines import Codec


@dataclass(frozen=True, slots=True)
class Configure:
    """The receiving program's own settings section; the first line on its link.

    Attributes:
        section_json: The section as JSON, checked by the receiver.
    """

    section_json: str


@dataclass(frozen=True, slots=True)
class TrackFound:
    """The scan found something to play.

    Attributes:
        track: What.
        stamp: By what its file is known again without being read.
    """

    track: Track
    stamp: str


@dataclass(frozen=True, slots=True)
class FileSkipped:
    """The scan found a file that cannot be played."""

    skipped: SkippedFile


@dataclass(frozen=True, slots=True)
class FileUnread:
    """The scan could not read a file or folder now; what was known of it stays known."""

    skipped: SkippedFile


@dataclass(frozen=True, slots=True)
class TrackKnown:
    """The scan was told of this track, and it is as it was."""

    track_id: str


@dataclass(frozen=True, slots=True)
class StickEntered:
    """What the scan finds from now on lies on this stick."""

    stick: Stick


@dataclass(frozen=True, slots=True)
class ScanGoesOn:
    """How far the scan has got."""

    progress: ScanProgress


@dataclass(frozen=True, slots=True)
class KnowTrack:
    """For the scan: do not read this track again.

    Attributes:
        track_id: Which one.
        stamp: As long as this is its stamp.
    """

    track_id: str
    stamp: str


@dataclass(frozen=True, slots=True)
class ScanFinished:
    """The scan looked at everything there is; without this line it was cut short."""

    tracks: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Identify:
    """Say by what the file of a track is known again.

    Attributes:
        track_id: Which track.
        path: Where its file lies.
        known: What was known of it; a file of the same size and time is not read again.
    """

    track_id: str
    path: str
    known: FilePrint | None


@dataclass(frozen=True, slots=True)
class Listen:
    """Listen to the file of a track."""

    track_id: str
    path: str


@dataclass(frozen=True, slots=True)
class TrackIdentified:
    """By what the file of a track is known again."""

    track_id: str
    file: FilePrint


@dataclass(frozen=True, slots=True)
class TrackHeard:
    """A track was listened to."""

    track_id: str
    analysis: Analysis


@dataclass(frozen=True, slots=True)
class TrackUnheard:
    """A track cannot be listened to.

    Attributes:
        track_id: Which one.
        reason: Why, in a sentence.
    """

    track_id: str
    reason: str


EyeEvent = EstimateArrived | NobodySeen | FaceObscured | RoomDark | PartReported
VoiceEvent = TrackStarted | TrackMoved | TrackEnding | TrackEnded | TrackFailed | PartReported
EyeOrder = Configure | EyeCommand
VoiceOrder = Configure | VoiceCommand
ScanOrder = KnowTrack
ScanLine = (
    TrackFound | TrackKnown | FileSkipped | FileUnread | StickEntered | ScanGoesOn | ScanFinished
)
ListenOrder = Identify | Listen
ListenLine = TrackIdentified | TrackHeard | TrackUnheard
TraceLine = Session | Context | ContextChanged | Event | Command

EYE_EVENTS: Codec[EyeEvent] = Codec(EyeEvent)
VOICE_EVENTS: Codec[VoiceEvent] = Codec(VoiceEvent)
EYE_ORDERS: Codec[EyeOrder] = Codec(EyeOrder)
VOICE_ORDERS: Codec[VoiceOrder] = Codec(VoiceOrder)
SCAN_ORDERS: Codec[ScanOrder] = Codec(ScanOrder)
SCAN_LINES: Codec[ScanLine] = Codec(ScanLine)
LISTEN_ORDERS: Codec[ListenOrder] = Codec(ListenOrder)
LISTEN_LINES: Codec[ListenLine] = Codec(ListenLine)
TRACE: Codec[TraceLine] = Codec(TraceLine, longest_line=256 * 1024 * 1024)
"""The first context line of a trace holds a whole catalogue: a hundred thousand tracks fit."""
