"""Live pages: the newest state pushed to every open page, never more than it can take."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from soulsync_edge.adapters.web.view import shown
from soulsync_edge.domain.session import Session
from soulsync_edge.ports import State

MOST_WATCHERS = 32
"""Pages open at once; a home has fewer, and each costs a connection."""

LEAST_GAP_S = 0.1
BEAT_S = 15.0
"""How often a quiet stream says that it is still there; the page worries after two are missing."""

FIRST_RETRY_MS = 1000


class _Watcher:
    """One open page."""

    def __init__(self) -> None:
        self.has_news = asyncio.Event()
        self.is_over = False


class Live:
    """An observer that shows every change to the open pages.

    A page that is slower than the changes gets the newest state and misses those between: what
    waits is one flag for each page, however many changes there are.

    Args:
        state: Gives the present state.
        most: How many pages may watch at once.
        least_gap_s: The shortest time between two messages to one page.
        beat_s: After how long without news a sign of life is sent.
    """

    def __init__(
        self,
        state: State,
        *,
        most: int = MOST_WATCHERS,
        least_gap_s: float = LEAST_GAP_S,
        beat_s: float = BEAT_S,
    ) -> None:
        self._state = state
        self._most = most
        self._least_gap_s = least_gap_s
        self._beat_s = beat_s
        self._watchers: set[_Watcher] = set()
        self._drawn: str | None = None

    @property
    def watchers(self) -> int:
        """How many pages watch now."""
        return len(self._watchers)

    def show(self, before: Session, after: Session) -> None:  # noqa: ARG002  # an `Observer`
        """Wake the open pages' streams; drawing waits until one of them can send."""
        self._drawn = None
        for watcher in self._watchers:
            watcher.has_news.set()

    def hang_up(self) -> None:
        """End all streams: the server is about to go. The pages come back by themselves."""
        for watcher in self._watchers:
            watcher.is_over = True
            watcher.has_news.set()

    def answer(self) -> Response:
        """Return the answer to one page that wants to watch."""
        return _Stream(self)

    @contextlib.contextmanager
    def watching(self) -> Iterator["_Watcher | None"]:
        """Give a place among the watchers while inside, or None when all are taken."""
        if len(self._watchers) >= self._most:
            yield None
            return
        watcher = _Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    async def messages(self, watcher: _Watcher) -> AsyncIterator[str]:
        """Yield what to send to `watcher`: the state now, then whenever it looks different."""
        yield f"retry: {FIRST_RETRY_MS}\n\n"
        now = asyncio.get_running_loop().time
        sent, sent_s = "", now()
        while not watcher.is_over:
            watcher.has_news.clear()
            drawing = self._drawing()
            if drawing != sent:
                yield f"event: state\ndata: {drawing}\n\n"
                sent, sent_s = drawing, now()
                await asyncio.sleep(self._least_gap_s)
            try:
                # Counted from the last message: most events change nothing that is shown.
                async with asyncio.timeout_at(sent_s + self._beat_s):
                    await watcher.has_news.wait()
            except TimeoutError:
                yield "event: beat\ndata:\n\n"
                sent_s = now()

    def _drawing(self) -> str:
        """Return the state as JSON, drawn once for all pages."""
        if self._drawn is None:
            self._drawn = shown(*self._state()).model_dump_json()
        return self._drawn


class _Stream(Response):
    """Server-sent events to one page, or a refusal when too many are open."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._live.watching() as watcher:
            if watcher is None:
                refusal = {"error": "Too many pages are open. Close one, or reload this one later."}
                answer: Response = JSONResponse(refusal, 503, {"Retry-After": "10"})
            else:
                answer = StreamingResponse(
                    self._live.messages(watcher),
                    media_type="text/event-stream",
                    headers={"Cache-Control": "no-store"},
                )
            await answer(scope, receive, send)
