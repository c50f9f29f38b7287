"""Both ends of a link, over real sockets in one process."""

import asyncio
import logging
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.commands import PlayTrack, SetVolume, StopMusic
from soulsync_edge.domain.events import (
    EstimateArrived,
    FaceObscured,
    NobodySeen,
    Obstacle,
    RoomDark,
    TrackEnded,
    TrackMoved,
)
from soulsync_edge.domain.sight import Sight
from soulsync_edge.fakes import FakeClock
from soulsync_edge.wire import link_server
from soulsync_edge.wire.link import LinkClient, LinkLost
from soulsync_edge.wire.link_server import (
    MOST_UNREAD,
    SIGHT_BYTES,
    LinkError,
    LinkServer,
    sight_bytes_per_s,
)
from soulsync_edge.wire.messages import (
    EYE_EVENTS,
    VOICE_EVENTS,
    VOICE_ORDERS,
    VoiceEvent,
    VoiceOrder,
)
from tests import strategies

PATIENCE_S = 20.0
"""For a machine that runs other tests meanwhile; nothing waits this long when all is well."""

Client = LinkClient[VoiceOrder, VoiceEvent]


class Core:
    """What a test's core heard, in order."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        self.greeting: list[VoiceOrder] = []
        self._news = asyncio.Condition()
        self.server: LinkServer[VoiceEvent, VoiceOrder]

    @asynccontextmanager
    async def serving(
        self, path: Path, *, most_bytes_per_s: float | None = None, clock: FakeClock | None = None
    ) -> AsyncIterator[LinkServer[VoiceEvent, VoiceOrder]]:
        self.server = LinkServer(
            path,
            VOICE_EVENTS,
            VOICE_ORDERS,
            on_found=self._found,
            on_lost=lambda: self._note("lost"),
            on_message=self._note,
            most_bytes_per_s=most_bytes_per_s,
            clock=clock or FakeClock(),
        )
        async with self.server:
            yield self.server

    async def until(self, come: Callable[[list[object]], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: come(self.heard))

    def _found(self) -> None:
        self._note("found")
        for order in self.greeting:
            self.server.send(order)

    def _note(self, what: object) -> None:
        self.heard.append(what)

        async def tell() -> None:
            async with self._news:
                self._news.notify_all()

        self._telling = asyncio.get_running_loop().create_task(tell())


@contextmanager
def client_of(path: Path, clock: Callable[[], float] | None = None) -> Iterator[Client]:
    client = (
        LinkClient(path, VOICE_ORDERS, VOICE_EVENTS, clock=clock)
        if clock
        else LinkClient(path, VOICE_ORDERS, VOICE_EVENTS)
    )
    yield client
    client.close()


def raw_peer(path: Path) -> socket.socket:
    """A peer that says and reads what the test wants."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.connect(str(path))
    return peer


async def found(core: Core, times: int = 1) -> None:
    await core.until(lambda heard: heard.count("found") >= times)


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


def test_the_programs_end_does_without_asyncio() -> None:
    program = "import sys, soulsync_edge.programs.voice; sys.exit('asyncio' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# Both ends together


def test_messages_travel_both_ways_in_order(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    orders: list[VoiceOrder] = [SetVolume(50), PlayTrack("t", "/a b.flac", 1.5), StopMusic()]
    events: list[VoiceEvent] = [TrackMoved(1.0, "t", float(n)) for n in range(100)]

    def program() -> list[VoiceOrder | None]:
        with client_of(path) as client:
            assert client.connect(PATIENCE_S)
            for event in events:
                assert client.send(event)
            return [client.receive(PATIENCE_S) for _ in orders]

    async def core() -> None:
        core = Core()
        core.greeting = orders
        async with core.serving(path):
            received = await asyncio.to_thread(program)
            await core.until(lambda heard: heard[-1] == "lost")

        assert received == orders
        assert core.heard == ["found", *events, "lost"]

    asyncio.run(core())


def test_what_core_said_before_it_went_is_still_received(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"

    async def core(client: Client) -> None:
        core = Core()
        async with core.serving(path) as server:
            await asyncio.to_thread(client.connect, PATIENCE_S)
            await found(core)
            server.send(StopMusic())

    with client_of(path) as client:
        asyncio.run(core(client))

        assert client.receive(PATIENCE_S) == StopMusic()
        with pytest.raises(LinkLost):
            client.receive(PATIENCE_S)
        assert not client.is_connected
        assert client.fileno() == -1


def test_a_program_finds_core_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"

    async def core(client: Client, volume_pct: int) -> None:
        core = Core()
        core.greeting = [SetVolume(volume_pct)]
        async with core.serving(path):
            assert await asyncio.to_thread(client.connect, PATIENCE_S)
            assert await asyncio.to_thread(client.receive, PATIENCE_S) == SetVolume(volume_pct)

    with client_of(path) as client:
        for volume_pct in (10, 20, 30):
            asyncio.run(core(client, volume_pct))
            with pytest.raises(LinkLost):
                client.receive(PATIENCE_S)


# Core's end


def test_an_order_to_nobody_is_dropped(tmp_path: Path) -> None:
    async def core() -> None:
        async with Core().serving(tmp_path / "voice.sock") as server:
            assert not server.is_connected
            assert server.send(StopMusic()) is False

    asyncio.run(core())


def test_orders_to_a_peer_that_does_not_read_are_bounded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "voice.sock"
    order = PlayTrack("t", "x" * 4000)

    async def core() -> None:
        core = Core()
        async with core.serving(path) as server:
            with raw_peer(path):
                await found(core)
                taken = 0
                while server.send(order):
                    taken += 1
                    assert taken < 10 * MOST_UNREAD / 4000, "nothing bounds it"
                for _ in range(10):
                    assert server.send(order) is False

    asyncio.run(core())

    assert len(warnings_of(caplog)) == 1
    assert "does not read" in warnings_of(caplog)[0]


def test_a_newer_connection_replaces_the_older(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"

    async def core() -> None:
        core = Core()
        async with core.serving(path) as server:
            with raw_peer(path) as older:
                await found(core)
                with raw_peer(path) as newer:
                    await found(core, times=2)
                    older.settimeout(PATIENCE_S)
                    newer.settimeout(PATIENCE_S)
                    server.send(StopMusic())

                    assert await asyncio.to_thread(older.recv, 100) == b""
                    assert b"StopMusic" in await asyncio.to_thread(newer.recv, 100)
                    assert core.heard == ["found", "lost", "found"]
                    assert server.is_connected

    asyncio.run(core())


def test_a_bad_line_is_dropped_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "voice.sock"

    async def core() -> None:
        core = Core()
        async with core.serving(path):
            with raw_peer(path) as peer:
                ended = VOICE_EVENTS.encode(TrackEnded(1.0, "t"))
                peer.sendall(b"nonsense\n\n{}\n" + ended + b"\xff\xff\n" + ended)
                await core.until(lambda heard: len(heard) == 3)

        assert core.heard == ["found", TrackEnded(1.0, "t"), TrackEnded(1.0, "t")]

    asyncio.run(core())

    assert len(warnings_of(caplog)) == 1
    assert "dropped a line: not JSON" in warnings_of(caplog)[0]


def test_a_line_in_pieces_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"

    async def core() -> None:
        core = Core()
        async with core.serving(path):
            with raw_peer(path) as peer:
                await found(core)
                for byte in VOICE_EVENTS.encode(TrackEnded(1.0, "t")):
                    peer.sendall(bytes([byte]))
                    await asyncio.sleep(0)  # core's loop reads what there is
                await core.until(lambda heard: TrackEnded(1.0, "t") in heard)

    asyncio.run(core())


def test_a_line_without_end_ends_the_connection(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"

    async def core() -> None:
        core = Core()
        async with core.serving(path):
            with raw_peer(path) as peer:
                await found(core)
                await asyncio.to_thread(fill, peer)
                await core.until(lambda heard: heard[-1] == "lost")

        assert core.heard == ["found", "lost"]

    asyncio.run(core())


def fill(peer: socket.socket) -> None:
    """Say one endless word until core hangs up."""
    try:
        while True:
            peer.sendall(b"x" * 4096)
    except OSError:
        pass


def test_a_peer_that_says_too_much_is_heard_in_part(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, clock = tmp_path / "eye.sock", FakeClock()
    moved = TrackMoved(1.0, "t", 2.0)
    line = VOICE_EVENTS.encode(moved)
    rate = 1000.0

    async def core() -> None:
        core = Core()

        async def flood() -> int:
            """Say far too much, hang up, and return how many bytes were taken."""
            core.heard.clear()
            with raw_peer(path) as peer:
                await asyncio.to_thread(peer.sendall, line * 1000)
            await core.until(lambda heard: heard[-1:] == ["lost"])
            return len(line) * core.heard.count(moved)

        async with core.serving(path, most_bytes_per_s=rate, clock=clock) as server:
            assert 2.9 * rate <= await flood() <= 3 * rate
            assert await flood() == 0, "calling again is no way to say more"
            clock.pass_time(1.0)
            assert 0.9 * rate <= await flood() <= 1.1 * rate
            clock.pass_time(1000.0)
            assert 2.9 * rate <= await flood() <= 3 * rate, "quiet hours are not saved up"
            server.most_bytes_per_s = None
            assert await flood() == 1000 * len(line)

    asyncio.run(core())

    assert len(warnings_of(caplog)) == 4, "once per connection"
    assert "more than it may" in warnings_of(caplog)[0]


@given(probabilities=strategies.probabilities, confidence=st.floats(0, 1), at_s=st.floats(0, 1e9))
def test_a_sight_fits_the_bytes_allowed_for_one(
    probabilities: tuple[float, ...], confidence: float, at_s: float
) -> None:
    sights: tuple[Sight, ...] = (
        EstimateArrived(at_s, probabilities, confidence, 4),
        FaceObscured(at_s, Obstacle.TURNED_AWAY),
        NobodySeen(at_s),
        RoomDark(at_s),
    )

    assert max(len(EYE_EVENTS.encode(sight)) for sight in sights) <= SIGHT_BYTES


@pytest.mark.parametrize("rate_hz", [0.2, 4.0, 15.0])
def test_an_honest_eye_is_heard_whole(tmp_path: Path, rate_hz: float) -> None:
    path, clock = tmp_path / "eye.sock", FakeClock(0.0)
    server = LinkServer(
        path,
        EYE_EVENTS,
        VOICE_ORDERS,
        on_found=lambda: None,
        on_lost=lambda: None,
        on_message=lambda _: None,
        most_bytes_per_s=sight_bytes_per_s(rate_hz),
        clock=clock,
    )

    for _ in range(1000):
        clock.pass_time(1 / rate_hz)
        assert server.may_say(SIGHT_BYTES)


def test_the_socket_is_for_the_owner_and_the_group_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "run" / "soulsync" / "voice.sock"

    async def core() -> None:
        async with Core().serving(path):
            mode = path.stat().st_mode

            assert stat.S_ISSOCK(mode)
            assert stat.S_IMODE(mode) == 0o660

    asyncio.run(core())

    assert not path.exists()


def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))

    async def core() -> None:
        core = Core()
        async with core.serving(path):
            with raw_peer(path):
                await found(core)

    asyncio.run(core())


def test_a_second_core_is_refused_and_the_first_serves_on(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"

    async def core() -> None:
        first = Core()
        async with first.serving(path):
            with pytest.raises(LinkError, match="another core already serves"):
                async with Core().serving(path):
                    pass
            with raw_peer(path):
                await found(first)

    asyncio.run(core())


def test_a_file_in_the_way_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    path.write_text("precious")

    async def core() -> None:
        with pytest.raises(LinkError, match="is no socket"):
            async with Core().serving(path):
                pass

    asyncio.run(core())

    assert path.read_text() == "precious"


@pytest.mark.parametrize("folder", ["x" * 120, "file/run"])
def test_a_path_no_socket_can_have_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")

    async def core() -> None:
        with pytest.raises(LinkError, match=r"cannot serve .* --run-dir"):
            async with Core().serving(tmp_path / folder / "voice.sock"):
                pass

    asyncio.run(core())


def test_core_can_serve_again_after_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    path.write_text("in the way")

    async def core() -> None:
        server = Core().serving(path)
        with pytest.raises(LinkError):
            async with server:
                pass
        path.unlink()
        async with Core().serving(path):
            assert path.is_socket()

    asyncio.run(core())


def test_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "voice.sock"
    monkeypatch.setattr(link_server, "_peer_uid", lambda _: os.geteuid() + 1)

    async def core() -> None:
        core = Core()
        async with core.serving(path) as server:
            with raw_peer(path) as stranger:
                stranger.settimeout(PATIENCE_S)
                stranger.sendall(VOICE_EVENTS.encode(TrackEnded(1.0, "t")))

                assert await asyncio.to_thread(hung_up, stranger)
                assert not server.is_connected
                assert core.heard == []

    asyncio.run(core())

    assert f"refused a connection by user {os.geteuid() + 1}" in caplog.text


def hung_up(peer: socket.socket) -> bool:
    try:
        return peer.recv(100) == b""
    except ConnectionResetError:
        return True


def test_the_kernel_tells_who_connects() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert link_server._peer_uid(ours) == os.geteuid()  # noqa: SLF001  # replaced just above


# The programs' end


def test_a_program_alone_gives_up_waiting_in_time(tmp_path: Path) -> None:
    with client_of(tmp_path / "voice.sock") as client:
        assert not client.connect(0.05)
        assert not client.is_connected
        assert client.send(TrackEnded(1.0, "t")) is False
        with pytest.raises(LinkLost):
            client.receive(0.0)


@pytest.mark.parametrize("absence_s", [0.3, 1.0, 4.0, 30.0, 300.0])
def test_a_program_is_not_much_later_than_core(tmp_path: Path, absence_s: float) -> None:
    path, clock = tmp_path / "voice.sock", FakeClock()

    with (
        client_of(path, clock) as client,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as core,
    ):
        began_s = clock()
        while clock() < began_s + absence_s:
            assert not client.connect(0.0)
            clock.pass_time(0.01)
        core.bind(str(path))
        core.listen()
        while not client.connect(0.0):
            clock.pass_time(0.01)

    late_s = clock() - began_s - absence_s
    assert late_s <= min(max(absence_s / 4, 0.1), 5.0) + 0.05


def test_a_program_does_not_knock_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    knocks: list[float] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *_: refuse(knocks, clock))

    with client_of(tmp_path / "voice.sock", clock) as client:
        for _ in range(6000):
            client.connect(0.0)
            clock.pass_time(0.01)

    assert 15 <= len(knocks) <= 40, "over a minute alone"


def refuse(knocks: list[float], clock: FakeClock) -> None:
    knocks.append(clock())
    raise ConnectionRefusedError


def test_a_program_alone_warns_once_and_not_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    with client_of(tmp_path / "voice.sock", clock) as client:
        for _ in range(200):
            client.connect(0.0)
            clock.pass_time(0.01)
        assert warnings_of(caplog) == []

        for _ in range(2000):
            client.connect(0.0)
            clock.pass_time(0.01)

    [warning] = warnings_of(caplog)
    assert "core does not answer" in warning


@pytest.mark.parametrize("is_connected", [True, False])
def test_another_thread_wakes_a_waiting_program(tmp_path: Path, *, is_connected: bool) -> None:
    path = tmp_path / "voice.sock"
    with (
        client_of(path) as client,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as core,
    ):
        if is_connected:
            core.bind(str(path))
            core.listen()
            assert client.connect(PATIENCE_S)
        waker = threading.Timer(0.02, client.wake)
        waker.start()

        # Without the wake, the test's own time limit would end this.
        if is_connected:
            assert client.receive(3600.0) is None
        else:
            assert not client.connect(3600.0)
        waker.join()


def test_a_wake_before_the_wait_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    with (
        client_of(path) as client,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as core,
    ):
        core.bind(str(path))
        core.listen()
        assert client.connect(PATIENCE_S)
        client.wake()
        client.wake()

        assert client.receive(3600.0) is None
        assert client.receive(0.0) is None


def test_a_wake_after_the_end_does_nothing(tmp_path: Path) -> None:
    with client_of(tmp_path / "voice.sock") as client:
        client.close()
        client.wake()


@contextmanager
def accepted(path: Path, client: Client) -> Iterator[socket.socket]:
    """The other end of a connected client, in the test's hands."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        assert client.connect(PATIENCE_S)
        peer, _ = listener.accept()
        with peer:
            yield peer


def test_a_core_that_does_not_read_never_blocks_a_program(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "voice.sock"
    ended = TrackEnded(1.0, "x" * 4000)
    with client_of(path) as client, accepted(path, client) as core:
        taken = 0
        while client.send(ended):
            taken += 1
            assert taken < 10 * MOST_UNREAD / 4000, "nothing bounds it"
        assert len(warnings_of(caplog)) == 1

        core.settimeout(PATIENCE_S)
        arrived = b""
        while arrived.count(b"\n") < taken:
            arrived += core.recv(65536)
            assert client.receive(0.0) is None  # which also sends what waits

    assert arrived == VOICE_EVENTS.encode(ended) * taken


def test_a_program_drops_a_bad_line_and_hears_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "voice.sock"
    with client_of(path) as client, accepted(path, client) as core:
        core.sendall(b"nonsense\n{}\n" + VOICE_ORDERS.encode(StopMusic()))

        assert client.receive(PATIENCE_S) == StopMusic()
    assert len(warnings_of(caplog)) == 1


def test_a_program_hangs_up_on_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    with client_of(path) as client, accepted(path, client) as core:
        filler = threading.Thread(target=fill, args=(core,))
        filler.start()

        with pytest.raises(LinkLost):
            client.receive(PATIENCE_S)
        filler.join()


def test_a_silent_core_is_waited_for_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    with client_of(path) as client, accepted(path, client) as core:
        core.sendall(b'{"kind": "StopM')  # half a line is no reason to wait longer

        assert client.receive(0.05) is None
        assert client.fileno() >= 0
