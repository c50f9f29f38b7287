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
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.track import SkippedFile, Track
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
    """The scan found something to play."""

    track: Track


@dataclass(frozen=True, slots=True)
class FileSkipped:
    """The scan found a file that cannot be played."""

    skipped: SkippedFile


@dataclass(frozen=True, slots=True)
class ScanFinished:
    """The scan looked at everything there is; without this line it was cut short."""

    tracks: int
    skipped: int


EyeEvent = EstimateArrived | NobodySeen | FaceObscured | RoomDark | PartReported
VoiceEvent = TrackStarted | TrackMoved | TrackEnded | TrackFailed | PartReported
EyeOrder = Configure | EyeCommand
VoiceOrder = Configure | VoiceCommand
ScanLine = TrackFound | FileSkipped | ScanFinished
TraceLine = Session | Context | Event | Command

EYE_EVENTS: Codec[EyeEvent] = Codec(EyeEvent)
VOICE_EVENTS: Codec[VoiceEvent] = Codec(VoiceEvent)
EYE_ORDERS: Codec[EyeOrder] = Codec(EyeOrder)
VOICE_ORDERS: Codec[VoiceOrder] = Codec(VoiceOrder)
SCAN_LINES: Codec[ScanLine] = Codec(ScanLine)
TRACE: Codec[TraceLine] = Codec(TraceLine, longest_line=256 * 1024 * 1024)
"""A trace's context line holds a whole catalogue: a hundred thousand tracks fit."""
