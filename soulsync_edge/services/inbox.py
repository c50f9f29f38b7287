"""Core's one door: events from any thread come in here and leave in order on core's loop."""

import asyncio
import logging
from collections import deque

from soulsync_edge.domain.events import EstimateArrived, Event, FaceObscured, NobodySeen, RoomDark

logger = logging.getLogger(__name__)

_SIGHTS = (EstimateArrived, NobodySeen, FaceObscured, RoomDark)

MOST_WAITING = 1000
"""Events; the loop is never this far behind unless it is stuck, and then memory must not grow."""


class Inbox:
    """Holds events until the conductor takes them.

    Of several sights waiting (what the eye saw), only the newest stays: an old one says nothing
    the new one does not. Everything else keeps its order. After `close`, events are dropped.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Event] = deque()
        self._has_news = asyncio.Event()
        self._is_closed = False
        self._has_overflowed = False

    def post(self, event: Event) -> None:
        """Bring `event` in. Safe from any thread, never blocks: the `Post` of every source."""
        if self._is_closed:
            return
        try:
            self._loop.call_soon_threadsafe(self._put, event)
        except RuntimeError:
            # The loop closed between the check and the call: a late word at the very end.
            logger.debug("dropped %s: core is gone", type(event).__name__)

    async def take(self) -> Event:
        """Return the next event, waiting for one if need be."""
        while not self._waiting:
            self._has_news.clear()
            await self._has_news.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """Take nothing in any more."""
        self._is_closed = True
        self._waiting.clear()

    def _put(self, event: Event) -> None:
        if self._is_closed:
            return
        if isinstance(event, _SIGHTS):
            old = next((other for other in self._waiting if isinstance(other, _SIGHTS)), None)
            if old is not None:
                self._waiting.remove(old)
        if len(self._waiting) >= MOST_WAITING:
            if not self._has_overflowed:
                logger.error("%d events are waiting: core is stuck, dropping more", MOST_WAITING)
            self._has_overflowed = True
            return
        self._has_overflowed = False
        self._waiting.append(event)
        self._has_news.set()
