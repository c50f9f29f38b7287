"""The page with what it needs around it: standing still for unit tests, running for the others."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Route

from soulsync_edge.adapters.web.app import make_app
from soulsync_edge.adapters.web.live import Live
from soulsync_edge.adapters.web.server import WebServer
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.events import EstimateArrived, Event, EyeFound, Tick, VoiceFound
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track, catalogue_of
from soulsync_edge.fakes import FakeClock, FakePlayer, FakeSettingsFile, estimate_of
from soulsync_edge.services.conductor import Conductor
from soulsync_edge.services.inbox import Inbox
from soulsync_edge.services.settings_keeper import SettingsKeeper
from soulsync_edge.settings import Settings, WebSettings

T = TypeVar("T")

LONGEST_WAIT_S = 20.0


def some_music(count: int = 3) -> Catalogue:
    """Return a catalogue of `count` tracks and one skipped file."""
    tracks = [
        Track(
            track_id=f"{number:020x}",
            path=f"/media/soulsync/{number}.flac",
            title=f"Piece {number}",
            artist="Quartet" if number % 2 else "",
            album="Blue Hours",
            duration_s=187.0,
            affect=Affect(0.7, 0.4),
            affect_spread=Spread(0.2, 0.2),
            affect_source="its mood tag",
        )
        for number in range(count)
    ]
    skipped = SkippedFile("/media/soulsync/old/broken.mp3", "it is damaged")
    return catalogue_of(tracks, [skipped])


def routes_of(app: FastAPI) -> list[Route]:
    """Return every route there is, those inside included routers too."""
    return list(_leaves(app.routes))


def _leaves(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    for route in routes:
        if (inside := getattr(route, "original_router", None)) is not None:
            yield from _leaves(inside.routes)
        else:
            assert isinstance(route, Route), f"{route} is of a kind not known here"
            yield route


class StillHouse:
    """The application over a state the test sets; remembers what was posted."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.session = Session()
        self.context = Context(catalogue=some_music())
        self.clock = FakeClock()
        self.posted: list[Event] = []
        self.file = FakeSettingsFile(settings)
        self.desk = SettingsKeeper(self.file, self.file.settings)
        self.live = Live(self.state)
        self.app = make_app(
            state=self.state,
            post=self.posted.append,
            clock=self.clock,
            desk=self.desk,
            live=self.live,
        )

    def state(self) -> tuple[Session, Context]:
        return self.session, self.context

    def browser(self) -> TestClient:
        """Return a client that asks as a browser on our own page does."""
        return TestClient(
            self.app,
            base_url="http://localhost",
            headers={"Origin": "http://localhost"},
            follow_redirects=False,
        )


class RunningHouse(AbstractContextManager["RunningHouse"]):
    """The page served on loopback over a real conductor, on a loop in a thread of its own."""

    def __init__(self, catalogue: Catalogue | None = None, names: tuple[str, ...] = ()) -> None:
        self.clock = FakeClock()
        self.player = FakePlayer(self.post, self.clock)
        self.file = FakeSettingsFile(Settings(web=WebSettings(names=names)))
        self.posted: list[Event] = []
        self.port = 0
        self._context = Context(catalogue=some_music() if catalogue is None else catalogue)
        self._changed = threading.Condition()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live_on()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_up.wait(LONGEST_WAIT_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join(LONGEST_WAIT_S)
        assert not self._thread.is_alive()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, event: Event) -> None:
        """Let `event` happen."""
        self.inbox.post(event)

    def someone_cheerful(self) -> None:
        """Let eye and voice connect and someone who looks cheerful be seen for some seconds."""
        self.post(EyeFound(self.clock()))
        self.post(VoiceFound(self.clock()))
        self.someone_looks(Emotion.HAPPY)

    def someone_looks(self, emotion: Emotion, seconds: float = 8.0) -> None:
        for _ in range(int(seconds * 4)):
            self.clock.pass_time(0.25)
            estimate = estimate_of(emotion)
            self.post(EstimateArrived(self.clock(), estimate.probabilities, 0.9, 1))
            # The inbox keeps only the newest of several sights, so a tick goes between them.
            self.wait_until(self._has_drained)
        self.post(Tick(self.clock(), 600))

    def wait_until(self, claim: Callable[[], bool]) -> None:
        """Wait until `claim` holds; it is tried after every event."""
        with self._changed:
            assert self._changed.wait_for(claim, LONGEST_WAIT_S)

    def wait_for_post(self, kind: type[T]) -> T:
        """Return the first event of this kind that the page posted, waiting for it if need be."""
        self.wait_until(lambda: any(isinstance(event, kind) for event in list(self.posted)))
        return next(event for event in self.posted if isinstance(event, kind))

    @property
    def session(self) -> Session:
        return self.conductor.state()[0]

    def on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` where the page is served, and return what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(LONGEST_WAIT_S)

    def stop_server(self) -> None:
        """Take the server away; the conductor goes on."""
        self.on_loop(self._stop())

    def start_server(self) -> None:
        """Serve again, at the same port."""
        self.on_loop(self._start())

    def _has_drained(self) -> bool:
        return self.session.now_s == self.clock()

    async def _live_on(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self.inbox = Inbox(self.loop)
        self.conductor = Conductor(
            self.inbox,
            replace(Session(), volume_pct=60),
            self._context,
            player=self.player,
            set_camera=lambda _is_on: None,
            clock=self.clock,
        )
        self.desk = SettingsKeeper(self.file, self.file.settings)
        self.live = Live(self.conductor.state)
        self.conductor.add_observers([self.live.show, self._note_change])
        conducting = asyncio.create_task(self.conductor.run())
        await self._start()
        self._is_up.set()
        await self._end.wait()
        if self._server is not None:
            await self._stop()
        conducting.cancel()

    async def _start(self) -> None:
        app = make_app(
            state=self.conductor.state,
            post=self._post_from_page,
            clock=self.clock,
            desk=self.desk,
            live=self.live,
        )
        self._server: WebServer | None = WebServer(app, self.live, "127.0.0.1", self.port)
        await self._server.__aenter__()
        self.port = self._server.port

    async def _stop(self) -> None:
        assert self._server is not None
        server, self._server = self._server, None
        await server.__aexit__(None, None, None)

    def _post_from_page(self, event: Event) -> None:
        with self._changed:
            self.posted.append(event)
            self._changed.notify_all()
        self.inbox.post(event)

    def _note_change(self, before: Session, after: Session) -> None:  # noqa: ARG002  # an observer
        with self._changed:
            self._changed.notify_all()
