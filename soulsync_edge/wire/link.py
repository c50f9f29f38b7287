"""The programs' end of a link: the eye and the voice connect to core's Unix socket."""

import logging
import math
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from soulsync_edge.wire.lines import Codec, LineCutter, LineError, WarnOnce

logger = logging.getLogger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")

MOST_UNREAD = 256 * 1024
"""Bytes kept for a core that does not read. It is stuck by then and will be restarted, so more
events would only be stale ones."""

LONGEST_WAIT_S = 5.0
SHORTEST_WAIT_S = 0.1
_QUIET_S = 3.0  # programs start together; one that waits this long for another has news to tell

_CHUNK = 64 * 1024


class LinkLost(Exception):  # noqa: N818  # a state of the world, not a mistake
    """The other end is gone: connect again."""


class LinkClient(Generic[In, Out]):
    """A program's end of a link. Nothing here blocks longer than asked to.

    All calls belong to one thread, except `wake`. A program calls `connect` until it is true,
    then `receive` until that raises `LinkLost`, and so on for ever.

    Args:
        path: The socket core serves.
        inward: Reads what core says.
        outward: Writes what the program says.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        path: Path,
        inward: Codec[In],
        outward: Codec[Out],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._inward = inward
        self._outward = outward
        self._clock = clock
        self._socket: socket.socket | None = None
        self._bell_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._alone_since_s: float | None = None
        self._next_try_s = -math.inf
        self._warn_alone = WarnOnce(logger, path.name)
        self._start_over()

    @property
    def is_connected(self) -> bool:
        """Core was at the other end when last looked."""
        return self._socket is not None

    def fileno(self) -> int:
        """Return the socket's number for `select`, or -1 while not connected."""
        return -1 if self._socket is None else self._socket.fileno()

    def connect(self, timeout_s: float) -> bool:
        """Return whether core is at the other end, trying for up to `timeout_s`.

        Returns early on `wake`. Tries are 0.1 to 5 s apart: a quarter of the time spent alone,
        so that the program is never much later than core was.
        """
        deadline_s = self._clock() + timeout_s
        while self._socket is None:
            now_s = self._clock()
            if now_s >= self._next_try_s:
                self._try(now_s)
                continue
            if now_s >= deadline_s or self._rung(min(deadline_s, self._next_try_s) - now_s):
                return False
        return True

    def send(self, message: Out) -> bool:
        """Send `message`, or drop it and return False: core is gone or does not read.

        That core is gone is then raised by the next `receive`.
        """
        line = self._outward.encode(message)
        if self._socket is None:
            return False
        if len(self._unsent) + len(line) > MOST_UNREAD:
            self._warn("core does not read; what is said is dropped until it does")
            return False
        self._unsent += line
        self._flush()
        return True

    def receive(self, timeout_s: float) -> In | None:
        """Return what core says next, or None when it says nothing for `timeout_s`.

        Returns None early on `wake`.

        Raises:
            LinkLost: Core is gone.
        """
        deadline_s = self._clock() + timeout_s
        while True:
            while self._waiting:
                try:
                    return self._inward.decode(self._waiting.popleft())
                except LineError as error:
                    self._warn(f"dropped a line: {error}")
            if self._socket is None:
                raise LinkLost(f"{self._path.name}: core is gone")
            remaining_s = max(deadline_s - self._clock(), 0.0)
            if self._rung(remaining_s):
                return None
            self._flush()
            self._read()
            if self.is_connected and not self._waiting and self._clock() >= deadline_s:
                return None

    def wake(self) -> None:
        """Make `receive` or `connect` return now. Safe from any thread and in signal handlers."""
        if self._bell_fd >= 0:
            os.eventfd_write(self._bell_fd, 1)

    def close(self) -> None:
        """Hang up for good. Does nothing when already closed."""
        self._hang_up()
        if self._bell_fd >= 0:
            os.close(self._bell_fd)
            self._bell_fd = -1

    def _start_over(self) -> None:
        self._received = LineCutter(self._inward.longest_line)
        self._waiting: deque[bytes] = deque()
        self._unsent = bytearray()
        self._warn = WarnOnce(logger, self._path.name)

    def _try(self, now_s: float) -> None:
        """Knock once; when nobody opens, say when to knock next."""
        caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        caller.settimeout(0)  # never blocks
        try:
            caller.connect(str(self._path))
        except OSError as error:
            caller.close()
            if self._alone_since_s is None:
                self._alone_since_s = now_s
            alone_s = now_s - self._alone_since_s
            wait_s = min(max(alone_s / 4, SHORTEST_WAIT_S), LONGEST_WAIT_S)
            self._next_try_s = now_s + wait_s
            if alone_s >= _QUIET_S:
                self._warn_alone(f"core does not answer ({error.strerror or error}); still trying")
            return
        self._start_over()
        self._socket = caller
        self._alone_since_s = None
        self._warn_alone = WarnOnce(logger, self._path.name)
        logger.info("%s: connected to core", self._path.name)

    def _rung(self, timeout_s: float) -> bool:
        """Wait for the bell or the socket; return whether the bell rang, and silence it."""
        poll = select.poll()
        poll.register(self._bell_fd, select.POLLIN)
        if self._socket is not None:
            wanted = select.POLLIN | (select.POLLOUT if self._unsent else 0)
            poll.register(self._socket, wanted)
        # Rounded up, or the last fraction of a millisecond would be spent spinning.
        ready = {fd for fd, _ in poll.poll(math.ceil(timeout_s * 1000))}
        if self._bell_fd not in ready:
            return False
        os.eventfd_read(self._bell_fd)
        return True

    def _flush(self) -> None:
        while self._unsent and self._socket is not None:
            try:
                sent = self._socket.send(self._unsent)
            except BlockingIOError:
                return
            except OSError:
                # What core said before it went is still read; the end comes after it.
                self._unsent.clear()
                return
            del self._unsent[:sent]

    def _read(self) -> None:
        """Take what has arrived; hang up when core has."""
        if self._socket is None:
            return
        try:
            data = self._socket.recv(_CHUNK)
            self._waiting += self._received.feed(data)
        except BlockingIOError:
            return
        except (OSError, LineError) as error:
            self._warn(f"hung up: {error}")
            data = b""
        if not data:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
