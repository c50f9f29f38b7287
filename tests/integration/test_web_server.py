"""The real server on loopback: its port, its end, slow and odd clients, and how live it is."""

import asyncio
import itertools
import json
import os
import signal
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, Self

import httpx
import pytest

from soulsync_edge.adapters.web import server as web_server
from soulsync_edge.adapters.web.live import MOST_WATCHERS
from soulsync_edge.adapters.web.server import MOST_CONNECTIONS, WebServer, bound_socket
from soulsync_edge.domain.events import MusicSwitched, Part, PartReported, VolumeChosen
from soulsync_edge.errors import Unavailable
from tests.page_house import LONGEST_WAIT_S, RunningHouse, StillHouse


@pytest.fixture
def house() -> Iterator[RunningHouse]:
    with RunningHouse() as running:
        yield running


class Watching:
    """One open event stream, read line by line."""

    def __init__(self, house: RunningHouse) -> None:
        self._client = httpx.Client(base_url=house.address, timeout=LONGEST_WAIT_S)
        self._stream = self._client.stream("GET", "/api/events")

    def __enter__(self) -> Self:
        self.answer = self._stream.__enter__()
        self._lines = self.answer.iter_lines()
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.__exit__(None, None, None)
        self._client.close()

    def states(self) -> Iterator[Any]:
        """Yield the states as they come, until the server ends the stream."""
        for line in self._lines:
            if line.startswith("data: {"):
                yield json.loads(line.removeprefix("data: "))

    def until(self, claim: Callable[[Any], bool]) -> Any:
        """Return the first state for which `claim` holds."""
        return next(state for state in self.states() if claim(state))


def test_a_port_in_use_is_told_with_who_holds_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with pytest.raises(Unavailable) as raised:
            asyncio.run(bound_socket("127.0.0.1", port))

    own = f"process {os.getpid()}"
    assert f"port {port} is already in use by " in str(raised.value)
    assert own in str(raised.value)
    assert "[web] port" in str(raised.value)


@pytest.mark.parametrize(
    "host",
    [
        "203.0.113.1",
        "no such name",
        "256.1.1.1",
        "192.168.1..5",
        "a" * 64,
        "a\0b",
    ],
)
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(Unavailable, match=r"cannot listen at .*\[web\]"):
        asyncio.run(bound_socket(host, 0))


def test_a_name_server_that_takes_its_time_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_answer = threading.Event()

    def slow(*_: object, **__: object) -> list[Any]:
        assert may_answer.wait(LONGEST_WAIT_S)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async def serve() -> None:
        listening = asyncio.create_task(bound_socket("box.lan", 0))
        await asyncio.sleep(0)  # asked, and not answered
        may_answer.set()  # reached only by a loop that does not stand still
        (await listening).close()

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    asyncio.run(serve())


def test_a_server_on_a_taken_port_fails_to_enter_and_can_enter_later() -> None:
    still = StillHouse()

    async def serve() -> int:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port: int = held.getsockname()[1]
            server = WebServer(still.app, still.live, "127.0.0.1", port)
            with pytest.raises(Unavailable):
                await server.__aenter__()
        async with WebServer(still.app, still.live, "127.0.0.1", port):
            return (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/")).status_code

    assert asyncio.run(serve()) == 200


def test_ipv6_and_ipv4_are_both_served_at_the_open_address() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.fail("this machine has no IPv6 on loopback")
    still = StillHouse()

    async def serve() -> list[int]:
        server = WebServer(still.app, still.live, "::", 0)
        async with server:
            return [
                (await asyncio.to_thread(httpx.get, f"http://{host}:{server.port}/")).status_code
                for host in ("127.0.0.1", "[::1]", "localhost")
            ]

    assert asyncio.run(serve()) == [200, 200, 200]


def test_signals_stay_the_programs() -> None:
    still = StillHouse()

    def handlers() -> list[Any]:
        return [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    async def serve() -> None:
        before = handlers()
        server = WebServer(still.app, still.live, "127.0.0.1", 0)
        async with server:
            await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{server.port}/")
            assert handlers() == before
        assert handlers() == before

    asyncio.run(serve())


def test_the_awaitable_of_the_server_ends_with_it_and_does_not_end_it() -> None:
    still = StillHouse()

    async def serve() -> None:
        server = WebServer(still.app, still.live, "127.0.0.1", 0)
        async with server as ended:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ended, 0.05)
            url = f"http://127.0.0.1:{server.port}/"
            assert (await asyncio.to_thread(httpx.get, url)).status_code == 200

    asyncio.run(serve())


def test_it_stops_within_a_second_with_streams_open_and_answers_unread(
    house: RunningHouse,
) -> None:
    with Watching(house) as one, Watching(house) as other, _silent(house, 3):
        next(one.states())
        next(other.states())
        began_s = time.monotonic()
        house.stop_server()
        took_s = time.monotonic() - began_s
        assert list(one.states()) == []

    assert took_s <= 1.0
    assert house.live.watchers == 0
    house.start_server()
    assert httpx.get(house.address).status_code == 200


def test_a_change_reaches_an_open_page_within_200_ms(house: RunningHouse) -> None:
    taken_s = []
    with Watching(house) as watching:
        states = watching.states()
        next(states)
        for volume_pct in range(10, 20):
            began_s = time.monotonic()
            house.post(VolumeChosen(house.clock(), volume_pct))
            while next(states)["music"]["volume_pct"] != volume_pct:
                pass
            taken_s.append(time.monotonic() - began_s)

    assert sorted(taken_s)[len(taken_s) // 2] <= 0.2


def test_a_command_comes_back_as_a_change(house: RunningHouse) -> None:
    with Watching(house) as watching:
        assert next(watching.states())["music"]["is_on"]
        httpx.post(
            f"{house.address}/api/commands/music",
            json={"is_on": False},
            headers={"Origin": house.address},
        )
        state = watching.until(lambda state: not state["music"]["is_on"])

    assert state["music"]["line"] == "Silent: music is switched off"
    assert isinstance(house.posted[0], MusicSwitched)


def test_what_is_said_of_a_track_comes_back_as_a_change_and_can_be_forgotten(
    house: RunningHouse,
) -> None:
    house.someone_cheerful()

    def ask(command: str, wish: object) -> None:
        httpx.post(
            f"{house.address}/api/commands/{command}",
            json=wish,
            headers={"Origin": house.address},
        ).raise_for_status()

    with Watching(house) as watching:
        track = watching.until(lambda state: state["music"]["track"])["music"]["track"]
        assert not track["is_liked"]
        ask("judge", {"track_id": track["track_id"], "opinion": "like"})
        watching.until(lambda state: state["music"]["track"]["is_liked"])
        learnt = httpx.get(f"{house.address}/taste.json").json()["tracks"]
        assert [one["track_id"] for one in learnt] == [track["track_id"]]

        ask("forget-taste", {})
        watching.until(lambda state: not state["music"]["track"]["is_liked"])
        assert httpx.get(f"{house.address}/taste.json").json()["tracks"] == []

        ask("sleep", {"minutes": 20})
        watching.until(lambda state: state["music"]["sleep_left_min"] == 20)
        ask("ducking", {"by": "doorbell", "is_on": True})
        watching.until(lambda state: state["music"]["ducked_by"] == ["doorbell"])


def test_the_stream_carries_the_security_headers_and_is_not_kept(house: RunningHouse) -> None:
    with Watching(house) as watching:
        headers = watching.answer.headers

    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_pages_beyond_the_last_place_are_refused_until_one_goes(house: RunningHouse) -> None:
    watching = [Watching(house) for _ in range(MOST_WATCHERS)]
    for one in watching:
        next(one.__enter__().states())

    refused = httpx.get(f"{house.address}/api/events")
    watching[0].__exit__()
    _wait_for(lambda: house.live.watchers < MOST_WATCHERS)
    with Watching(house) as another:
        assert next(another.states())
    for one in watching[1:]:
        one.__exit__()

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert "Too many pages" in refused.json()["error"]


def test_300_fast_changes_do_not_pile_up_behind_a_client_that_does_not_read(
    house: RunningHouse,
) -> None:
    with _silent(house, 8, b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        _wait_for(lambda: house.live.watchers == 8)
        tracemalloc.start()
        try:
            _flood(house, 300, last_pct=100)
            before, _ = tracemalloc.get_traced_memory()
            for last_pct in (91, 92, 93, 94, 95):
                _flood(house, 300, last_pct)
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert after - before <= 256 * 1024


def test_a_client_that_leaves_an_answer_unread_is_dropped(
    house: RunningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "UNREAD_WITHIN_S", 0.05)
    numbers = itertools.count()

    def drowned() -> bool:
        """Fill its buffers, here and in the kernel, with large and ever different states."""
        message = f"{next(numbers)} {'x' * 1_000_000}"
        house.post(PartReported(house.clock(), Part.SOUND, is_ok=False, message=message))
        return house.live.watchers == 0

    with _silent(house, 1, b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        _wait_for(lambda: house.live.watchers == 1)
        _wait_for(drowned)


def test_a_client_that_never_asks_is_dropped(
    house: RunningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "QUESTION_WITHIN_S", 0.05)
    for begun in (b"", b"GET / HTTP/1.1\r\nHost: loc"):
        with socket.create_connection(("127.0.0.1", house.port), LONGEST_WAIT_S) as slow:
            slow.sendall(begun)
            assert _received(slow) == b""


def test_a_client_that_asks_once_and_then_half_is_dropped(
    house: RunningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_connection(("127.0.0.1", house.port), LONGEST_WAIT_S) as slow:
        slow.sendall(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while b"</html>" not in received:
            received += _received(slow)
        monkeypatch.setattr(web_server, "QUESTION_WITHIN_S", 0.05)
        slow.sendall(b"GET")
        assert received.startswith(b"HTTP/1.1 404")
        assert _received(slow) == b""


def test_500_idle_connections_do_not_keep_anyone_out(house: RunningHouse) -> None:
    with _silent(house, 500):
        began_s = time.monotonic()
        answer = httpx.get(house.address, timeout=LONGEST_WAIT_S)
        took_s = time.monotonic() - began_s
        open_now = house.on_loop(_connections(house))

    assert answer.status_code == 200
    assert took_s <= 0.5
    assert open_now <= MOST_CONNECTIONS


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET //evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /%ff%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 400_000 + b"\r\n\r\n",
        b"POST /controls/next HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_odd_requests_get_a_plain_answer(house: RunningHouse, request_head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", house.port), LONGEST_WAIT_S) as client:
        client.sendall(request_head)
        answer = _received(client)

    status = int(answer.split(b" ")[1])
    is_plain_get = b"Upgrade" in request_head  # the upgrade is ignored
    assert status == 200 if is_plain_get else 400 <= status < 500
    assert b"Traceback" not in answer
    assert house.posted == []
    assert httpx.get(house.address).status_code == 200


def test_a_flood_of_a_body_is_refused_and_not_listened_to_for_long(
    house: RunningHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "QUESTION_WITHIN_S", 0.05)
    piece = b"x" * 65536
    with socket.create_connection(("127.0.0.1", house.port), LONGEST_WAIT_S) as client:
        client.sendall(
            b"POST /settings HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        client.sendall(b"10000\r\n" + piece + b"\r\n" + b"10000\r\n" + piece + b"\r\n")
        assert _received(client).startswith(b"HTTP/1.1 413")
        with pytest.raises(OSError, match=r"reset|pipe"):  # the server hangs up
            _send_for_long(client, b"10000\r\n" + piece + b"\r\n")
    assert httpx.get(house.address).status_code == 200


def test_the_first_page_comes_within_300_ms(house: RunningHouse) -> None:
    house.someone_cheerful()
    began_s = time.monotonic()
    page = httpx.get(house.address)
    took_s = time.monotonic() - began_s

    assert "Looks cheerful" in page.text
    assert took_s <= 0.3


def _send_for_long(client: socket.socket, piece: bytes) -> None:
    until_s = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < until_s:
        client.sendall(piece)


def _flood(house: RunningHouse, changes: int, last_pct: int) -> None:
    """Let so many changes happen, and wait until the last, unlike all others, has been shown."""
    for change in range(changes):
        house.post(VolumeChosen(house.clock(), change % 90))
    house.post(VolumeChosen(house.clock(), last_pct))
    house.wait_until(lambda: house.session.volume_pct == last_pct)


async def _connections(house: RunningHouse) -> int:
    server = house._server  # noqa: SLF001  # counts what only the server knows
    assert server is not None
    return len(server._uvicorn.server_state.connections)  # noqa: SLF001


class _silent:  # noqa: N801  # reads as the verb it is
    """Connections that say `begun` and then neither ask nor read."""

    def __init__(self, house: RunningHouse, count: int, begun: bytes = b"") -> None:
        self._port, self._count, self._begun = house.port, count, begun
        self._open: list[socket.socket] = []

    def __enter__(self) -> None:
        for _ in range(self._count):
            client = socket.create_connection(("127.0.0.1", self._port), LONGEST_WAIT_S)
            client.sendall(self._begun)
            self._open.append(client)

    def __exit__(self, *_: object) -> None:
        for client in self._open:
            client.close()


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def _wait_for(claim: Callable[[], bool]) -> None:
    """Wait until `claim`, about something that tells nobody when it changes."""
    pause = threading.Event()
    until_s = time.monotonic() + LONGEST_WAIT_S
    while not claim():
        assert time.monotonic() < until_s
        pause.wait(0.01)
