"""Keeps a trace for as long as the settings ask for one, and not an event longer."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from soulsync_edge.domain.commands import Command
from soulsync_edge.domain.events import Event
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.errors import Unavailable
from soulsync_edge.settings import Settings

logger = logging.getLogger(__name__)


class Trace(Protocol):
    """A trace being written."""

    def record(self, event: Event, context: Context, commands: tuple[Command, ...]) -> None:
        """Keep one event, what it was judged by and what was decided.

        Raises:
            Unavailable: It was not kept, and the trace ends here.
        """

    def close(self) -> None:
        """Stop writing. Does nothing when already closed."""


OpenTrace = Callable[[Path, Session], Trace]
"""Begins a trace at a path with a session; raises `Unavailable` when that cannot be."""


class Recorder:
    """Lives by `privacy.trace_file`: a cleared one ends the recording at once.

    A trace that cannot go on ends with one warning, and the music goes on.

    Args:
        open_trace: Begins a trace.
        session: Returns the session as it is now, to begin with.
        tell: Told why there is no trace though one is asked for, and nothing once that is over.
    """

    def __init__(
        self, open_trace: OpenTrace, session: Callable[[], Session], tell: Callable[[str], None]
    ) -> None:
        self._open_trace = open_trace
        self._session = session
        self._tell = tell
        self._wanted = ""
        self._trace: Trace | None = None

    def start(self, settings: Settings) -> None:
        """Begin as `settings` say; a trace that cannot be written stops nothing."""
        try:
            self._begin(settings.privacy.trace_file)
        except Unavailable as error:
            self._wanted = settings.privacy.trace_file
            self._tell(str(error))

    async def apply(self, settings: Settings) -> None:
        """Record where `settings` say from now on, or not at all.

        Raises:
            Unavailable: No trace can be written there; the one before goes on.
        """
        if settings.privacy.trace_file != self._wanted:
            self._begin(settings.privacy.trace_file)

    def record(self, event: Event, context: Context, commands: tuple[Command, ...]) -> None:
        """Keep one event, what it was judged by and what was decided, if a trace is kept."""
        if self._trace is None:
            return
        try:
            self._trace.record(event, context, commands)
        except Unavailable as error:
            self.close()
            self._tell(str(error))

    def close(self) -> None:
        """Stop recording. Does nothing when nothing is recorded."""
        if self._trace is not None:
            self._trace.close()
            self._trace = None

    def _begin(self, path: str) -> None:
        trace = self._open_trace(Path(path), self._session()) if path else None
        self.close()
        self._wanted, self._trace = path, trace
        self._tell("")
        if path:
            logger.info("events, never pictures, are being recorded to a trace")
