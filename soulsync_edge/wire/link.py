"""The two ends of a link: core serves a Unix socket, the eye and the voice connect to it."""

import asyncio
import fcntl
import logging
import math
import os
import select
import socket
import stat
import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from soulsync_edge.wire.lines import Codec, LineError

logger = logging.getLogger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")

MOST_UNREAD = 256 * 1024
"""Bytes kept for a peer that does not read. It is stuck by then and will be restarted, so more
orders or events would only be stale ones."""

SIGHT_BYTES = 400
"""The longest honest line about one frame: 8 numbers of up to 24 characters and their names."""

LONGEST_WAIT_S = 5.0
SHORTEST_WAIT_S = 0.1
_QUIET_S = 3.0  # programs start together; one that waits this long for another has news to tell

_BURST_S = 3.0  # what a capped peer saves up while it is quiet: a start, or a pause of the machine
_CHUNK = 64 * 1024


class LinkError(Exception):
    """The link cannot be served at this path; the message says why and what to do."""


class LinkLost(Exception):  # noqa: N818  # a state of the world, not a mistake
    """The other end is gone: connect again."""


def sight_bytes_per_s(rate_hz: float) -> float:
    """Return how much an eye that looks `rate_hz` times a second may say, in bytes per second.

    This bounds what a faulty or hostile eye could leak: 2 kB/s at the usual 4 Hz. The bound of
    640 B/s for fixed 64-byte messages is out of reach of readable lines (about 280 bytes each);
    what keeps pictures in are the eye's walls and the strict codec, and this comes on top. One
    sight a second is allowed for reports of parts.
    """
    return SIGHT_BYTES * (rate_hz + 1.0)


class LinkServer(Generic[In, Out]):
    """Core's end of one link: an async context manager that serves one peer at a time.

    A newer connection replaces the older one, because the older then belongs to a program that
    was restarted. Only the same user, or root, may connect. All callbacks run on the loop.

    Args:
        path: Where the socket is made, mode 0660; its folder is made if missing.
        inward: Reads what the peer says.
        outward: Writes what core says.
        on_found: A peer is there; what is sent from here on reaches it, in order.
        on_lost: The peer is gone. Not called when the server itself closes.
        on_message: The peer said something.
        most_bytes_per_s: Lines beyond this rate are dropped; None sets no bound. May be changed
            while serving.
        clock: Monotonic seconds, for that rate.
    """

    def __init__(  # noqa: PLR0913  # one name per callback reads better than a bundle of them
        self,
        path: Path,
        inward: Codec[In],
        outward: Codec[Out],
        *,
        on_found: Callable[[], None],
        on_lost: Callable[[], None],
        on_message: Callable[[In], None],
        most_bytes_per_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.most_bytes_per_s = most_bytes_per_s
        self.inward = inward
        self.on_message = on_message
        self._outward = outward
        self._on_found = on_found
        self._on_lost = on_lost
        self._peer: _Peer[In, Out] | None = None
        # Kept over connections, or hanging up and calling again would be a way to say more.
        # Full at the start: what a program says as it starts comes in one go.
        self._clock = clock
        self._allowance_bytes = math.inf
        self._allowance_at_s = clock()
        self._lock_fd = -1
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Begin to serve.

        Raises:
            LinkError: The path cannot be used, or another core serves it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_fd = _locked(self.path)
            listener = _bound(self.path)
        except OSError as error:
            self._unlock()
            raise LinkError(
                f"cannot serve {self.path}: {error.strerror or error}; "
                "choose another run folder with --run-dir"
            ) from error
        except LinkError:
            self._unlock()
            raise
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Peer(self), sock=listener)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        peer, self._peer = self._peer, None
        if self._server is not None:
            self._server.close()
        if peer is not None:
            peer.hang_up()
            await peer.is_gone.wait()
        self.path.unlink(missing_ok=True)
        self._unlock()

    @property
    def is_connected(self) -> bool:
        """Someone is at the other end."""
        return self._peer is not None

    def send(self, message: Out) -> bool:
        """Send `message`, or drop it and return False: nobody is there, or nobody reads."""
        return self._peer is not None and self._peer.send(self._outward.encode(message))

    def found(self, peer: "_Peer[In, Out]") -> None:
        """Take `peer` as the one at the other end."""
        old, self._peer = self._peer, None
        if old is not None:
            logger.info("%s: a new connection replaces the old one", self.path.name)
            old.hang_up()
            self._on_lost()
        self._peer = peer
        self._on_found()

    def lost(self, peer: "_Peer[In, Out]") -> None:
        """Forget `peer`, unless another one has taken its place."""
        if self._peer is peer:
            self._peer = None
            self._on_lost()

    def serves(self, peer: "_Peer[In, Out]") -> bool:
        """Return whether `peer` is the one at the other end."""
        return self._peer is peer

    def may_say(self, size: int) -> bool:
        """Return whether `size` bytes fit what peers may say now, and take them from it."""
        rate = self.most_bytes_per_s
        if rate is None:
            return True
        now_s = self._clock()
        saved = self._allowance_bytes + (now_s - self._allowance_at_s) * rate
        self._allowance_bytes = min(saved, rate * _BURST_S)
        self._allowance_at_s = now_s
        if size > self._allowance_bytes:
            return False
        self._allowance_bytes -= size
        return True

    def _unlock(self) -> None:
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1


class _Peer(asyncio.Protocol, Generic[In, Out]):
    """One connection to a `LinkServer`."""

    def __init__(self, server: LinkServer[In, Out]) -> None:
        self.is_gone = asyncio.Event()
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._received = _Lines(server.inward.longest_line)
        self._warn = _WarnOnce(server.path.name)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a socket gives a Transport, not {type(transport).__name__}")
        self._transport = transport
        uid = _peer_uid(transport.get_extra_info("socket"))
        if uid not in {0, os.geteuid()}:
            logger.warning("%s: refused a connection by user %d", self._server.path.name, uid)
            transport.abort()
            return
        self._server.found(self)

    def data_received(self, data: bytes) -> None:
        try:
            lines = self._received.feed(data)
        except LineError as error:
            self._warn(f"hung up: {error}")
            self.hang_up()
            return
        for line in lines:
            if not self._server.serves(self):
                return  # replaced, or refused, while this was on its way
            if self._server.may_say(len(line) + 1):
                self._hear(line)
            else:
                self._warn("dropped a line: it says more than it may")

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_gone.set()
        self._server.lost(self)

    def send(self, line: bytes) -> bool:
        """Send `line`; False when the peer has not read for long."""
        if self._transport is None or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() + len(line) > MOST_UNREAD:
            self._warn("the other end does not read; orders are dropped until it does")
            return False
        self._transport.write(line)
        return True

    def hang_up(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def _hear(self, line: bytes) -> None:
        try:
            message = self._server.inward.decode(line)
        except LineError as error:
            self._warn(f"dropped a line: {error}")
            return
        self._server.on_message(message)


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
        self._warn_alone = _WarnOnce(path.name)
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
        self._received = _Lines(self._inward.longest_line)
        self._waiting: deque[bytes] = deque()
        self._unsent = bytearray()
        self._warn = _WarnOnce(self._path.name)

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
        self._warn_alone = _WarnOnce(self._path.name)
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


class _Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self, longest_line: int) -> None:
        self._longest_line = longest_line
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes.

        Raises:
            LineError: A line is too long; what follows it cannot be trusted.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        longest = max(map(len, (*lines, self._rest)))
        if longest > self._longest_line:
            raise LineError(f"a line is longer than {self._longest_line} bytes")
        return lines


class _WarnOnce:
    """Tells the first trouble of a connection as a warning, the rest to the curious."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._level = logging.WARNING

    def __call__(self, trouble: str) -> None:
        logger.log(self._level, "%s: %s", self._name, trouble)
        self._level = logging.DEBUG


def _locked(path: Path) -> int:
    """Return a file descriptor that locks `path` for this process.

    Without it a second core, started by mistake, would take the socket away from the first.
    """
    lock_fd = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o660)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock_fd)
        raise LinkError(
            f"another core already serves {path}; stop it, or choose another folder with --run-dir"
        ) from error
    return lock_fd


def _bound(path: Path) -> socket.socket:
    """Return a socket bound to `path`, mode 0660, replacing one left behind."""
    if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
        raise LinkError(f"{path} is in the way and is no socket; move it elsewhere")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o660)  # before it listens, so nobody gets in earlier
    except BaseException:
        listener.close()
        raise
    return listener


def _peer_uid(peer: socket.socket) -> int:
    """Return the user who made the connection."""
    credentials = struct.Struct("iII")  # pid, uid, gid: unix(7), SO_PEERCRED
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size)
    uid: int = credentials.unpack(raw)[1]
    return uid
