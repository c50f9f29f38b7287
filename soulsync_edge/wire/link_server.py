"""Core's end of a link: it serves a Unix socket, the eye and the voice connect to it."""

import asyncio
import fcntl
import logging
import math
import os
import socket
import stat
import struct
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from soulsync_edge.wire.lines import Codec, LineCutter, LineError, WarnOnce

logger = logging.getLogger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")

MOST_UNREAD = 256 * 1024
"""Bytes kept for a peer that does not read. It is stuck by then and will be restarted, so more
orders would only be stale ones."""

SIGHT_BYTES = 400
"""The longest honest line about one frame: 8 numbers of up to 24 characters and their names."""

_BURST_S = 3.0  # what a capped peer saves up while it is quiet: a start, or a pause of the machine


class LinkError(Exception):
    """The link cannot be served at this path; the message says why and what to do."""


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
        self._received = LineCutter(server.inward.longest_line)
        self._warn = WarnOnce(logger, server.path.name)

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
