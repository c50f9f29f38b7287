"""Core's one door."""

import asyncio
import threading

from soulsync_edge.domain.events import NobodySeen, SkipRequested, Tick
from soulsync_edge.services.inbox import MOST_WAITING, Inbox


def test_of_several_sights_only_the_newest_waits_and_the_rest_keeps_its_order() -> None:
    async def scene() -> list[object]:
        inbox = Inbox(asyncio.get_running_loop())
        for event in (NobodySeen(1.0), SkipRequested(2.0), NobodySeen(3.0), Tick(4.0, 0)):
            inbox.post(event)
        return [await inbox.take() for _ in range(3)]

    assert asyncio.run(scene()) == [SkipRequested(2.0), NobodySeen(3.0), Tick(4.0, 0)]


def test_events_posted_from_another_thread_arrive() -> None:
    async def scene() -> object:
        inbox = Inbox(asyncio.get_running_loop())
        threading.Thread(target=inbox.post, args=(SkipRequested(1.0),)).start()
        async with asyncio.timeout(5):
            return await inbox.take()

    assert asyncio.run(scene()) == SkipRequested(1.0)


def test_a_closed_inbox_drops_what_comes_late_even_after_the_loop_is_gone() -> None:
    async def scene() -> Inbox:
        inbox = Inbox(asyncio.get_running_loop())
        inbox.close()
        inbox.post(SkipRequested(1.0))
        return inbox

    inbox = asyncio.run(scene())

    inbox.post(SkipRequested(2.0))


def test_a_stuck_core_does_not_grow_without_bound() -> None:
    async def scene() -> int:
        inbox = Inbox(asyncio.get_running_loop())
        for number in range(MOST_WAITING + 50):
            inbox.post(Tick(float(number), 0))
        await asyncio.sleep(0)
        taken = 0
        while True:
            try:
                async with asyncio.timeout(0.05):
                    await inbox.take()
            except TimeoutError:
                return taken
            taken += 1

    assert asyncio.run(scene()) == MOST_WAITING
