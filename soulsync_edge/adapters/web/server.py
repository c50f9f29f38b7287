"""The page's server, inside core's loop: our socket, our signals, a prompt end."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Generator
from types import TracebackType

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from soulsync_edge.adapters.web.live import Live
from soulsync_edge.adapters.web.port_holder import holder_of
from soulsync_edge.errors import Unavailable

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 128
QUESTION_WITHIN_S = 10.0
"""How long a client may take to say what it wants, once it has begun or connected."""

UNREAD_WITHIN_S = 10.0
"""How long a client may leave an answer unread before it is given up."""

KEPT_OPEN_S = 15
"""How long a connection without a question stays open for the next one."""

GIVE_UP_S = 0.5
"""How long answers may take to finish when the server stops; what is left then is cut off."""

_PEER_GONE_MS = 30_000


class WebServer:
    """Serves the page while it is entered.

    Entering gives an awaitable that ends when the server ends by itself.

    Args:
        app: What answers.
        live: Its streams are ended first, so that nothing holds up the end.
        host: The address to listen on; `::` takes IPv4 as well.
        port: The port to listen on; 0 takes a free one.

    Raises:
        Unavailable: On entering, when the address or the port cannot be had.
    """

    def __init__(self, app: FastAPI, live: Live, host: str, port: int) -> None:
        self._live = live
        self._host = host
        self._port = port
        self._uvicorn = _QuietServer(
            uvicorn.Config(
                app,
                http=_Connection,
                ws="none",
                lifespan="off",
                log_config=None,  # logging is the program's
                access_log=False,
                proxy_headers=False,  # a phone may not name another address as its own
                server_header=False,
                timeout_keep_alive=KEPT_OPEN_S,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on; the real one once entered."""
        return self._port

    async def __aenter__(self) -> "asyncio.Future[None]":
        listening = await bound_socket(self._host, self._port)
        self._port = listening.getsockname()[1]
        self._serving = asyncio.create_task(
            self._uvicorn.serve(sockets=[listening]), name="web server"
        )
        logger.info("the page is served on %s, port %d", self._host, self._port)
        # Shielded: whoever stops waiting for the end does not thereby cause one.
        return asyncio.shield(self._serving)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._serving is None:
            return
        self._live.hang_up()
        self._uvicorn.should_exit = True
        cut = asyncio.get_running_loop().call_later(GIVE_UP_S, self._uvicorn.cut_off)
        try:
            await self._serving
        finally:
            cut.cancel()


async def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host` and `port`; 0 is any free one.

    A name is looked up in a thread: name servers take their time.

    Raises:
        Unavailable: Says why not, and who holds the port when that can be told.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
        family, _, _, _, address = found[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # a name that means nothing, or could never be one
        why = error.strerror if isinstance(error, OSError) else "it is no address and no name"
        raise Unavailable(
            f"the page cannot listen at {host!r}: {why or error}. Choose another "
            "address in the settings under [web] host; 0.0.0.0 means all"
        ) from error
    try:
        # Without it, a restart would have to wait a minute for old connections to be forgotten.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A phone that left without a word is noticed, and its place given to another.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _PEER_GONE_MS)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(address)
        listening.listen(MOST_CONNECTIONS)
        listening.setblocking(False)  # noqa: FBT003  # the socket's own signature
    except OSError as error:
        listening.close()
        raise Unavailable(_why_not(host, port, error)) from error
    return listening


def _why_not(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            holder = holder_of(port)
            by = f" by {holder}" if holder else ""
            return (
                f"port {port} is already in use{by}, so the page is not served. Stop that "
                "program, or choose another port in the settings under [web] port"
            )
        case errno.EACCES:
            return (
                f"port {port} may not be used: ports below 1024 need a privilege this program "
                "does not have. Choose another port in the settings under [web] port"
            )
        case _:
            return (
                f"the page cannot listen at {host}: {error.strerror}. Choose another address in "
                "the settings under [web] host; 0.0.0.0 means all"
            )


class _QuietServer(uvicorn.Server):
    """uvicorn that leaves the process's signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def cut_off(self) -> None:
        """Drop every connection that is still open, and wait for nothing any more."""
        self.force_exit = True
        for connection in list(self.server_state.connections):
            connection.transport.abort()


class _Connection(H11Protocol):
    """One client, who has to ask and to read in good time.

    uvicorn waits for ever for both. Here a client that has not asked within 10 s is dropped, and
    one that leaves an answer unread for as long; when 128 are connected, a newcomer takes the
    place of the one that has been idle longest.
    """

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    idle_since_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self.idle_since_s = self.loop.time()
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()
        self._await_question()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_answering:
            self._cancel_deadline()
        elif self._deadline is None:
            self._await_question()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.idle_since_s = self.loop.time()
        if self._is_answering:  # the next question was already there
            self._cancel_deadline()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_WITHIN_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._cancel_deadline()
        if self._unread is not None:
            self._unread.cancel()

    @property
    def _is_answering(self) -> bool:
        if self.cycle is None:  # before the first question, whatever its type says
            return False  # type: ignore[unreachable]  # uvicorn declares it without None
        return not self.cycle.response_complete

    @property
    def is_idle(self) -> bool:
        """Nothing is being answered, and it is not on its way out either."""
        return not self._is_answering and not self.transport.is_closing()

    def _await_question(self) -> None:
        self._deadline = self.loop.call_later(QUESTION_WITHIN_S, self.transport.abort)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _make_room(self) -> None:
        """Drop the connection that has been idle longest: this one, if all others are busy."""
        idle = [other for other in self.connections if isinstance(other, _Connection)]
        idle = [other for other in idle if other.is_idle]
        min(idle, key=lambda other: other.idle_since_s).transport.abort()
