"""A trace on disk: the events of a run and what was decided, never a picture."""

import logging
from pathlib import Path
from typing import BinaryIO

from soulsync_edge.domain.commands import Command
from soulsync_edge.domain.events import Event
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.errors import Unavailable
from soulsync_edge.wire.messages import TRACE

logger = logging.getLogger(__name__)


class TraceFile:
    """Writes a trace line by line, so that whatever was written before a crash can be replayed.

    The lines are: the session to begin with; then, for each event, the context where it differs
    from the one before, the event, and the commands it led to.

    Args:
        path: Where to write; a file that is there is replaced.
        session: The session to begin with.

    Raises:
        Unavailable: The file cannot be made.
    """

    def __init__(self, path: Path, session: Session) -> None:
        self._context: Context | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # One line, one write: a kill loses nothing that was decided before it.
            self._file: BinaryIO | None = path.open("wb", buffering=0)
            self._file.write(TRACE.encode(session))
        except OSError as error:
            raise Unavailable(
                f"the trace cannot be written to {path}: {error.strerror}; choose another "
                "privacy.trace_file, or none"
            ) from error

    def record(self, event: Event, context: Context, commands: tuple[Command, ...]) -> None:
        """Keep one event, what it was judged by and what was decided.

        A disk that fails ends the trace with one warning; the music goes on.
        """
        if self._file is None:
            return
        lines = b"".join(TRACE.encode(line) for line in (event, *commands))
        if context is not self._context:
            lines = TRACE.encode(context) + lines
            self._context = context
        try:
            self._file.write(lines)
        except OSError as error:
            logger.warning("the trace ends here: %s", error.strerror)
            self.close()

    def close(self) -> None:
        """Stop writing. Does nothing when already closed."""
        if self._file is not None:
            self._file.close()
            self._file = None
