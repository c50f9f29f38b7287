"""What every request passes before anything else looks at it, and every answer on its way out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soulsync_edge.adapters.web.hosts import OwnNames, host_of

logger = logging.getLogger(__name__)

MOST_BODY_BYTES = 64 * 1024
BODY_WITHIN_S = 10.0
"""How long a request may take to arrive in full; nobody fills in a form byte by byte."""

_MOST_DIGITS = 9  # of a length that is worth reading
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BODY_TYPES = frozenset({"application/json", "application/x-www-form-urlencoded"})

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "microphone=(), payment=(), usb=()"
    ),
    # Not no-referrer: with that, browsers send `Origin: null` with a form, which we refuse.
    # same-origin tells other sites just as little.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

Refuse = Callable[[Scope, int, str], ASGIApp]
"""Makes the answer to a request that is turned away: its scope, HTTP status, and why."""


class _TurnedAwayError(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Guard:
    """ASGI middleware, outermost: lets in what is addressed to us, ours to answer, and small.

    Turns away foreign Host names (421), unsafe methods from other sites (403), bodies of a kind
    we do not read (415), bodies over 64 KiB (413) or too slow in coming (408). Puts the security
    headers on every answer, errors included, and turns an unforeseen exception into a plain 500.

    Args:
        app: What is guarded.
        names: The host names that are ours.
        refuse: Makes the answer to what is turned away.
    """

    def __init__(self, app: ASGIApp, names: OwnNames, refuse: Refuse) -> None:
        self._app = app
        self._names = names
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no WebSockets here, and nothing to do at start and stop
        outward = _Outward(send, is_page=not scope["path"].startswith(("/api/", "/static/")))
        try:
            self._check(scope, Headers(scope=scope))
            body = await _read_ahead(scope, receive)
        except _TurnedAwayError as error:
            await self._refuse(scope, error.status, error.why)(scope, receive, outward)
            return
        try:
            await self._app(scope, body, outward)
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            if not outward.has_started:
                answer = self._refuse(scope, 500, "Something went wrong here. It is in the log.")
                await answer(scope, receive, outward)

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Refuse what is not addressed to us, or comes from another site.

        Raises:
            _TurnedAwayError: With the status and the reason.
        """
        given = headers.getlist("host")
        host = host_of(given[0]) if len(given) == 1 else None
        server = scope.get("server") or ("", None)
        if host is None or not self._names.has(host, server[0]):
            raise _TurnedAwayError(
                421,
                "This appliance does not answer to that name. Use its address or its own name, "
                "or add the name in the settings under Page, More names.",
            )
        if not scope["path"].startswith("/"):
            raise _TurnedAwayError(400, "That is no address of a page here.")
        if scope["method"] in _SAFE_METHODS:
            return
        if not _is_same_site(scope, headers, given[0]):
            raise _TurnedAwayError(
                403,
                "Changes are only taken from this appliance's own page. A program must send an "
                "Origin header with the address it calls.",
            )
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and kind not in _BODY_TYPES:
            raise _TurnedAwayError(415, "Send JSON or a form.")


class _Outward:
    """Sends to the client, with the headers every answer carries."""

    def __init__(self, send: Send, *, is_page: bool) -> None:
        self._send = send
        self._is_page = is_page
        self.has_started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            # `no-cache`: a page may be kept, but is asked for again before it is shown.
            headers.setdefault("Cache-Control", "no-cache" if self._is_page else "no-store")
        await self._send(message)


def _is_same_site(scope: Scope, headers: Headers, host: str) -> bool:
    """Return whether the request was made by a page of ours.

    Browsers leave Sec-Fetch-Site away on plain HTTP outside localhost, so Origin has to do there.
    A request with neither did not say where it comes from, and that is not enough.
    """
    origin, fetched_from = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is None and fetched_from is None:
        return False
    is_own_origin = origin is None or origin.lower() == f"{scope['scheme']}://{host}".lower()
    return is_own_origin and fetched_from in {None, "same-origin"}


async def _read_ahead(scope: Scope, receive: Receive) -> Receive:
    """Return a `receive` that gives the body already read, so that nothing parses a part of it.

    Raises:
        _TurnedAwayError: The body is too large or too slow.
    """
    if scope["method"] in _SAFE_METHODS:
        return receive
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            body = await _body(Headers(scope=scope), receive)
    except TimeoutError as error:
        raise _TurnedAwayError(408, "The request took too long to arrive.") from error
    return _replayed(body, receive)


async def _body(headers: Headers, receive: Receive) -> bytes:
    announced = headers.get("content-length", "0")
    is_length = announced.isdecimal() and len(announced) <= _MOST_DIGITS
    if not is_length or int(announced) > MOST_BODY_BYTES:
        raise _TurnedAwayError(413, "That is too much: at most 64 KiB are taken.")
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _TurnedAwayError(400, "The request broke off.")
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            raise _TurnedAwayError(413, "That is too much: at most 64 KiB are taken.")
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    has_given = False

    async def again() -> Message:
        nonlocal has_given
        if has_given:
            return await receive()
        has_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
