"""What a library is made of, and what a scan of it tells."""

from dataclasses import dataclass

from soulsync_edge.domain.track import SkippedFile, Track


@dataclass(frozen=True, slots=True)
class Stick:
    """A stick, or a folder of a disk, with music on it.

    Attributes:
        library: Its lasting name: the same after a restart, and wherever it is mounted.
        folder: Where it lies now, absolute.
        mount: The number of its mount; another one means that something else may be there.
    """

    library: str
    folder: str
    mount: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a stick.

    Attributes:
        tracks: Where they lie now, in order of `track_id`.
        skipped: What was found there and cannot be played.
        is_complete: A scan has looked at everything; else these are the first finds of one.
    """

    tracks: tuple[Track, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A scan read a track.

    Attributes:
        track: The track.
        stamp: By this its file is known again without being read: it is another one once the
            file is written anew, or read in another way.
    """

    track: Track
    stamp: str


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """A scan came to a track that is as it was remembered."""

    track_id: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A scan could not read a file or folder now; that says nothing of what was known there."""

    skipped: SkippedFile
