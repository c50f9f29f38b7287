"""Keep a part open that may come and go: try, wait a little longer each time, say so once."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from soulsync_edge.errors import Unavailable

logger = logging.getLogger(__name__)

# Its own, since the shared one of the module belongs to whoever seeds it.
CHANCE = random.SystemRandom()

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0


async def keep_trying(
    name: str,
    open_part: Callable[[], AbstractAsyncContextManager[Awaitable[object]]],
    report: Callable[[bool, str], None],
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Open a part, and open it again whenever it is lost, until cancelled.

    Args:
        name: What to call it in the log.
        open_part: Opens it; inside, the awaitable it gives ends or raises `Unavailable` when
            the part is lost.
        report: Told `(True, "")` when it is there and `(False, why)` when it is not.
        sleep: Waits; tests pass their own.

    Waits 1 to 60 s with full jitter, so that several parts do not knock in step. The first
    failure is a warning, the following ones are for the curious.
    """
    wait_s = FIRST_WAIT_S
    has_warned = False
    while True:
        try:
            async with open_part() as lost:
                report(True, "")  # noqa: FBT003  # the two outcomes of one question
                if has_warned:
                    logger.info("%s is back", name)
                wait_s, has_warned = FIRST_WAIT_S, False
                await lost
                return
        except Unavailable as error:
            report(False, str(error))  # noqa: FBT003
            logger.log(logging.DEBUG if has_warned else logging.WARNING, "%s: %s", name, error)
            has_warned = True
        # Jitter spreads knocks in time; nothing is guarded by it.
        await sleep(CHANCE.uniform(wait_s / 2, wait_s))
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)
