"""What came of listening to a track, and how far listening has got."""

from dataclasses import dataclass

from soulsync_edge.domain.sound import Sound


@dataclass(frozen=True, slots=True)
class FilePrint:
    """By what a file is known again.

    Attributes:
        size_bytes: Its size.
        mtime_ns: When it was last written, as its file system says; same size and time: same file.
        content: Names the sound in it: the same however its tags read and wherever it lies.
    """

    size_bytes: int
    mtime_ns: int
    content: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """What listening to a piece came to.

    Attributes:
        descriptors: Packed; only those who make and place them look inside.
        sound: What it sounds like.
    """

    descriptors: str
    sound: Sound


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is known of a track by ear.

    Attributes:
        file: The file it was heard in.
        analysis: What that came to.
    """

    file: FilePrint
    analysis: Analysis


@dataclass(frozen=True, slots=True)
class ListeningProgress:
    """How far listening to the library has got.

    Attributes:
        done: Tracks that were listened to, or cannot be.
        total: All tracks.
        left_s: About how long it still takes; None while that cannot be said, and at the end.
    """

    done: int
    total: int
    left_s: float | None
