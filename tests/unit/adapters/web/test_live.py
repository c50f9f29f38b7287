import asyncio
import json
from dataclasses import replace
from typing import Any

from soulsync_edge.adapters.web.live import Live
from soulsync_edge.domain.session import Session
from tests.page_house import StillHouse


def _state_in(message: str) -> Any:
    kind, data = message.removesuffix("\n\n").split("\n")
    assert kind == "event: state"
    return json.loads(data.removeprefix("data: "))


def _turn_to(house: StillHouse, live: Live, session: Session) -> None:
    before, house.session = house.session, session
    live.show(before, session)


def test_a_page_gets_the_whole_state_at_once_and_at_every_change() -> None:
    house = StillHouse()
    live = Live(house.state, least_gap_s=0.0)

    async def watch() -> None:
        with live.watching() as watcher:
            assert watcher is not None
            messages = live.messages(watcher)
            assert (await anext(messages)).startswith("retry: ")
            assert _state_in(await anext(messages))["music"]["volume_pct"] == 60
            _turn_to(house, live, replace(house.session, volume_pct=12))
            assert _state_in(await anext(messages))["music"]["volume_pct"] == 12

    asyncio.run(watch())


def test_of_300_changes_a_busy_page_gets_the_newest_and_nothing_piles_up() -> None:
    house = StillHouse()
    live = Live(house.state, least_gap_s=0.0)

    async def watch() -> None:
        with live.watching() as watcher:
            assert watcher is not None
            messages = live.messages(watcher)
            await anext(messages)
            await anext(messages)
            for change in range(300):
                _turn_to(house, live, replace(house.session, volume_pct=change % 101))
            assert _state_in(await anext(messages))["music"]["volume_pct"] == 299 % 101
            # Nothing is left behind it: the next message is the next change.
            _turn_to(house, live, replace(house.session, volume_pct=7))
            assert _state_in(await anext(messages))["music"]["volume_pct"] == 7

    asyncio.run(watch())


def test_messages_keep_their_distance() -> None:
    house = StillHouse()
    live = Live(house.state, least_gap_s=0.05)

    async def watch() -> float:
        now = asyncio.get_running_loop().time
        with live.watching() as watcher:
            assert watcher is not None
            messages = live.messages(watcher)
            await anext(messages)
            await anext(messages)
            began_s = now()
            for change in range(4):
                _turn_to(house, live, replace(house.session, volume_pct=change))
                await anext(messages)
            return now() - began_s

    assert asyncio.run(watch()) >= 4 * 0.05


def test_an_event_that_changes_nothing_shown_sends_nothing_but_the_beat_goes_on() -> None:
    house = StillHouse()
    live = Live(house.state, least_gap_s=0.0, beat_s=0.05)

    async def watch() -> None:
        with live.watching() as watcher:
            assert watcher is not None
            messages = live.messages(watcher)
            await anext(messages)
            await anext(messages)
            awaited = asyncio.ensure_future(anext(messages))
            while not awaited.done():
                _turn_to(house, live, replace(house.session, now_s=(house.session.now_s or 0) + 1))
                await asyncio.sleep(0)
            assert awaited.result() == "event: beat\ndata:\n\n"

    asyncio.run(watch())


def test_more_pages_than_there_are_places_are_turned_away_until_one_goes() -> None:
    live = Live(StillHouse().state, most=2)

    with live.watching() as first:
        with live.watching() as second, live.watching() as third:
            assert None not in {first, second}
            assert third is None
        with live.watching() as fourth:
            assert fourth is not None
    assert live.watchers == 0


def test_hanging_up_ends_every_stream() -> None:
    live = Live(StillHouse().state, least_gap_s=0.0)

    async def watch() -> list[str]:
        with live.watching() as watcher:
            assert watcher is not None
            messages = live.messages(watcher)
            await anext(messages)
            await anext(messages)
            live.hang_up()
            return [message async for message in messages]

    assert asyncio.run(watch()) == []


def test_the_state_is_drawn_once_for_all_pages_and_not_without_any() -> None:
    house = StillHouse()
    drawings = 0

    def counted() -> Any:
        nonlocal drawings
        drawings += 1
        return house.state()

    live = Live(counted, least_gap_s=0.0)

    async def watch() -> None:
        for _ in range(50):
            live.show(house.session, house.session)
        assert drawings == 0
        with live.watching() as first, live.watching() as second:
            assert first is not None
            assert second is not None
            for watcher in (first, second):
                messages = live.messages(watcher)
                await anext(messages)
                await anext(messages)
        assert drawings == 1

    asyncio.run(watch())
