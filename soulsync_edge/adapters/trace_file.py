"""A trace on disk: the events of a run and what was decided, never a picture."""

import stat
from pathlib import Path
from typing import BinaryIO

from soulsync_edge.domain.commands import Command
from soulsync_edge.domain.events import Event
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.errors import Unavailable
from soulsync_edge.wire.context_changes import change_between, is_empty
from soulsync_edge.wire.lines import LineError
from soulsync_edge.wire.messages import TRACE

MOST_BYTES = 64 * 1024 * 1024
"""A trace ends here: about half a day of sights, and a card is not filled by one forgotten."""

_LONGEST_FIRST_LINE = 8 * 1024 * 1024
"""Bytes; a session with all the taste that is ever kept takes a quarter of it."""


class TraceFile:
    """Writes a trace line by line, so that whatever was written before a crash can be replayed.

    The lines are: the session to begin with; then, for each event, what is different in the
    context from the one before, the event, and the commands it led to. The first context is told
    whole, with the catalogue. All is encoded by whoever calls `record`, which is core's loop.

    Args:
        path: Where to write. A trace that is there is kept beside as `.prev`, in place of the one
            before it; any other file is refused, so that no setting can make core overwrite one.
        session: The session to begin with.
        most_bytes: Where the trace ends.

    Raises:
        Unavailable: The file cannot be made, or something else than a trace is in its place.
    """

    def __init__(self, path: Path, session: Session, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._context: Context | None = None
        first = TRACE.encode(session)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_way(path)
            # One line, one write: a kill loses nothing that was decided before it.
            self._file: BinaryIO | None = path.open("xb", buffering=0)
            self._file.write(first)
        except (OSError, ValueError) as error:  # also a NUL in the name
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise Unavailable(
                f"the trace cannot be written to {path}: {why}; choose another "
                "privacy.trace_file, or none"
            ) from error
        self._bytes = len(first)

    def record(self, event: Event, context: Context, commands: tuple[Command, ...]) -> None:
        """Keep one event, what it was judged by and what was decided.

        Raises:
            Unavailable: The disk fails or the trace is full: it ends with what it holds.
        """
        if self._file is None:
            return
        lines = b"".join(TRACE.encode(line) for line in (event, *commands))
        lines = self._told(context) + lines
        if self._bytes + len(lines) > self._most_bytes:
            self.close()
            raise Unavailable(
                f"the trace {self._path} ends here, since it has grown to "
                f"{self._most_bytes / 2**20:.3g} MiB; to record on, clear privacy.trace_file and "
                "set it again"
            )
        try:
            self._file.write(lines)
        except OSError as error:
            self.close()
            raise Unavailable(
                f"the trace {self._path} ends here: {error.strerror}; make room, or choose "
                "another privacy.trace_file"
            ) from error
        self._bytes += len(lines)

    def _told(self, context: Context) -> bytes:
        """Return what has to be told of `context` before it is judged by."""
        before, self._context = self._context, context
        if before is context:
            return b""
        change = None if before is None else change_between(before, context)
        if change is None:
            return TRACE.encode(context)
        return b"" if is_empty(change) else TRACE.encode(change)

    def close(self) -> None:
        """Stop writing. Does nothing when already closed."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _make_way(path: Path) -> None:
    """Keep the trace at `path` as `.prev`; raises `Unavailable` rather than touch anything else."""
    previous = path.with_name(path.name + ".prev")
    for file in (path, previous):
        if file.is_symlink() or (file.exists() and not _is_trace(file)):
            raise Unavailable(
                f"the trace cannot be written to {path}: {file} is there already and is no trace; "
                "choose another privacy.trace_file, or none"
            )
    if not path.exists():
        return
    if path.stat().st_size == 0:
        path.unlink()  # what a power cut may leave; not worth the trace before it
    else:
        path.replace(previous)


def _is_trace(path: Path) -> bool:
    """Return whether an ordinary file at `path` begins as a trace does, or is empty."""
    # Looked at first: to open a pipe would wait for its other end.
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return False
    with path.open("rb") as file:
        line = file.readline(_LONGEST_FIRST_LINE)
    try:
        return not status.st_size or isinstance(TRACE.decode(line), Session)
    except LineError:
        return False
