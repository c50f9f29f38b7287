"""A tick every second, and word to the supervisor that work goes forward."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from soulsync_edge.domain.events import Tick
from soulsync_edge.domain.portrait import sentence
from soulsync_edge.domain.session import Session
from soulsync_edge.ports import Clock, Post, Supervisor

TICK_S = 1.0
ALIVE_S = 5.0
"""How often to tell the supervisor: a third of the time after which it would worry, at most."""


class Heartbeat:
    """Posts ticks, and as an observer tells the supervisor once they have gone through.

    A tick that was posted but never conducted is no sign of life.
    """

    def __init__(self, post: Post, clock: Clock, supervisor: Supervisor) -> None:
        self._post = post
        self._clock = clock
        self._supervisor = supervisor
        self._told_s = float("-inf")

    async def run(
        self,
        wall: Callable[[], datetime] = datetime.now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Tick until cancelled."""
        while True:
            now = wall()
            self._post(Tick(self._clock(), now.hour * 60 + now.minute, now.toordinal()))
            await sleep(TICK_S)

    def show(self, before: Session, after: Session) -> None:
        """Tell the supervisor now and then: this event went all the way through."""
        now_s = self._clock()
        if now_s - self._told_s >= ALIVE_S:
            self._supervisor.alive()
            self._told_s = now_s
        if sentence(before) != sentence(after):
            self._supervisor.status(sentence(after))
