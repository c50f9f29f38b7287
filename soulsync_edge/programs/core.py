"""The program that decides: every part of it named once, in start order."""

import asyncio
import contextlib
import logging
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from soulsync_edge.adapters.library_scan import ScannedFolder
from soulsync_edge.adapters.player_link import LinkPlayer
from soulsync_edge.adapters.settings_toml import TomlSettingsFile
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.adapters.systemd import SystemdSupervisor
from soulsync_edge.adapters.trace_file import TraceFile
from soulsync_edge.adapters.web.app import make_app
from soulsync_edge.adapters.web.live import Live
from soulsync_edge.adapters.web.server import WebServer
from soulsync_edge.domain.commands import SetCamera
from soulsync_edge.domain.events import (
    EyeFound,
    EyeLost,
    Part,
    PartReported,
    VoiceFound,
    VoiceLost,
)
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.ports import Observer, Post, Store
from soulsync_edge.services.conductor import Conductor, Record
from soulsync_edge.services.heartbeat import Heartbeat
from soulsync_edge.services.inbox import Inbox
from soulsync_edge.services.lamp import Lamp
from soulsync_edge.services.librarian import Librarian
from soulsync_edge.services.memory import Memory, remembered
from soulsync_edge.services.settings_keeper import SettingsKeeper
from soulsync_edge.services.upkeep import Upkeep
from soulsync_edge.settings import Settings
from soulsync_edge.wire.link import LinkServer, sight_bytes_per_s
from soulsync_edge.wire.messages import (
    EYE_EVENTS,
    EYE_ORDERS,
    VOICE_EVENTS,
    VOICE_ORDERS,
    Configure,
    EyeEvent,
    EyeOrder,
    VoiceEvent,
    VoiceOrder,
)

logger = logging.getLogger(__name__)

clock = time.monotonic


@dataclass(frozen=True, slots=True)
class Links:
    """Core's ends of the links to the programs that touch the world."""

    eye: LinkServer[EyeEvent, EyeOrder]
    voice: LinkServer[VoiceEvent, VoiceOrder]


def run(*, config: Path, run_dir: Path, state_dir: Path) -> int:
    """Be core until SIGTERM or SIGINT; SIGHUP reads the settings again."""
    return asyncio.run(_core(config, run_dir, state_dir))


async def _core(config: Path, run_dir: Path, state_dir: Path) -> int:
    """Open every part in order, run the long-lived ones, and close them backwards."""
    loop = asyncio.get_running_loop()
    stop, hang_up = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, hang_up.set)
    supervisor = SystemdSupervisor()
    async with AsyncExitStack() as stack:
        inbox = Inbox(loop)
        stack.callback(inbox.close)
        post = inbox.post
        file = TomlSettingsFile(config)
        settings = _loaded(file, post)
        desk = SettingsKeeper(file, settings)
        worker = stack.enter_context(ThreadPoolExecutor(1, "disk"))
        store = _store(state_dir, post)
        stack.callback(store.close)
        session = remembered(store, settings, partial(_complain, post, Part.STORE))
        links = Links(_eye_link(run_dir, desk, post), _voice_link(run_dir, desk, post))
        conductor = Conductor(
            inbox,
            session,
            Context(rules=settings.rules(seed=secrets.token_hex(4))),
            player=LinkPlayer(links.voice.send),
            set_camera=lambda is_on: links.eye.send(SetCamera(is_on)),
            clock=clock,
            record=_recording(settings, session, post, stack),
        )
        librarian = Librarian(
            settings.library,
            music=ScannedFolder(),
            store=store,
            worker=worker,
            swap=conductor.swap_catalogue,
            post=post,
            clock=clock,
        )
        heartbeat = Heartbeat(post, clock, supervisor)
        conductor.add_observers([heartbeat.show, Memory(store, worker, post, clock).show])
        parts = _parts(conductor, desk, post)
        _live_by_settings(desk, conductor, librarian, links, parts)
        await stack.enter_async_context(links.voice)
        await stack.enter_async_context(links.eye)
        async with asyncio.TaskGroup() as tasks:
            long_lived = [
                tasks.create_task(conductor.run(), name="conductor"),
                tasks.create_task(heartbeat.run(), name="heartbeat"),
                tasks.create_task(librarian.run(), name="librarian"),
                tasks.create_task(_reloading(desk, hang_up, post), name="settings"),
                *(tasks.create_task(part.run(), name=f"upkeep of {part.name}") for part in parts),
            ]
            await parts[0].has_been_tried.wait()
            supervisor.ready()
            await stop.wait()
            supervisor.stopping()
            for task in reversed(long_lived):
                task.cancel()
    return 0


def _loaded(file: TomlSettingsFile, post: Post) -> Settings:
    """Return settings in any case; what is wrong with the file is said on the page too."""
    settings, complaint = file.load_or_fall_back()
    if complaint:
        _complain(post, Part.SETTINGS, complaint)
    return settings


def _complain(post: Post, part: Part, message: str) -> None:
    logger.error("%s", message)
    post(PartReported(clock(), part, is_ok=False, message=message))


def _store(state_dir: Path, post: Post) -> Store:
    """Return the store on disk, or one in memory when the disk fails: music needs neither."""
    try:
        return SqliteStore(state_dir / "soulsync.db")
    except Unavailable as error:
        _complain(post, Part.STORE, f"{error}; nothing is remembered until then")
        return SqliteStore(None)


def _eye_link(run_dir: Path, desk: SettingsKeeper, post: Post) -> LinkServer[EyeEvent, EyeOrder]:
    def found() -> None:
        link.send(Configure(desk.settings.eye.model_dump_json()))
        post(PartReported(clock(), Part.EYE, is_ok=True, message=""))
        post(EyeFound(clock()))

    def lost() -> None:
        message = "the eye program stopped; it is being restarted"
        post(PartReported(clock(), Part.EYE, is_ok=False, message=message))
        post(EyeLost(clock()))

    link = LinkServer(
        run_dir / "eye.sock",
        EYE_EVENTS,
        EYE_ORDERS,
        on_found=found,
        on_lost=lost,
        on_message=post,
        most_bytes_per_s=sight_bytes_per_s(desk.settings.camera.rate_hz),
    )
    return link


def _voice_link(
    run_dir: Path, desk: SettingsKeeper, post: Post
) -> LinkServer[VoiceEvent, VoiceOrder]:
    def found() -> None:
        link.send(Configure(desk.settings.player.model_dump_json()))
        post(PartReported(clock(), Part.VOICE, is_ok=True, message=""))
        post(VoiceFound(clock()))

    def lost() -> None:
        message = "the sound program stopped; it is being restarted"
        post(PartReported(clock(), Part.VOICE, is_ok=False, message=message))
        post(VoiceLost(clock()))

    link = LinkServer(
        run_dir / "voice.sock",
        VOICE_EVENTS,
        VOICE_ORDERS,
        on_found=found,
        on_lost=lost,
        on_message=post,
    )
    return link


def _recording(
    settings: Settings, session: Session, post: Post, stack: AsyncExitStack
) -> Record | None:
    """Return what keeps a trace, if one is asked for and can be written."""
    if not settings.privacy.trace_file:
        return None
    try:
        trace = TraceFile(Path(settings.privacy.trace_file), session)
    except Unavailable as error:
        _complain(post, Part.STORE, str(error))
        return None
    stack.callback(trace.close)
    return trace.record


def _parts(conductor: Conductor, desk: SettingsKeeper, post: Post) -> list[Upkeep]:
    """Return the parts that come and go by themselves, the page first."""
    settings = desk.settings

    @contextlib.asynccontextmanager
    async def page(settings: Settings) -> AsyncIterator[Awaitable[object]]:
        live = Live(conductor.state)
        app = make_app(state=conductor.state, post=post, clock=clock, desk=desk, live=live)
        server = WebServer(app, live, settings.web.host, settings.web.port)
        async with _watching(conductor, live.show), server as served:
            yield served

    @contextlib.asynccontextmanager
    async def broker(settings: Settings) -> AsyncIterator[Awaitable[object]]:
        from soulsync_edge.adapters.mqtt_paho import PahoHub

        hub = PahoHub(settings.mqtt, conductor.state, post, clock)
        async with hub, _watching(conductor, hub.show):
            yield asyncio.Event().wait()

    @contextlib.asynccontextmanager
    async def panel(settings: Settings) -> AsyncIterator[Awaitable[object]]:
        from soulsync_edge.adapters.button_gpiozero import GpioButton
        from soulsync_edge.adapters.light_gpiozero import GpioLight

        with contextlib.ExitStack() as pins:
            light = GpioLight(settings.panel.light_pin)
            pins.callback(light.close)
            button = GpioButton(settings.panel.button_pin, settings.panel.hold_s, post, clock)
            pins.callback(button.close)
            async with _watching(conductor, Lamp(light).show):
                yield asyncio.Event().wait()

    upkeep = partial(Upkeep, settings=settings, post=post, clock=clock)
    return [
        upkeep(Part.PAGE, page, is_on=lambda _settings: True),
        upkeep(Part.BROKER, broker, is_on=lambda settings: settings.mqtt.is_on),
        upkeep(Part.BUTTON, panel, is_on=lambda settings: settings.panel.is_on),
    ]


@contextlib.asynccontextmanager
async def _watching(conductor: Conductor, observer: Observer) -> AsyncIterator[None]:
    """Let `observer` see every change while it is open."""
    conductor.add_observers([observer])
    try:
        yield
    finally:
        conductor.remove_observer(observer)


def _live_by_settings(
    desk: SettingsKeeper,
    conductor: Conductor,
    librarian: Librarian,
    links: Links,
    parts: list[Upkeep],
) -> None:
    """Say which part lives by which section, so that a change reaches it and nothing else."""

    async def rules(settings: Settings) -> None:
        conductor.swap_rules(settings.rules(seed=secrets.token_hex(4)))

    async def eye(settings: Settings) -> None:
        links.eye.most_bytes_per_s = sight_bytes_per_s(settings.camera.rate_hz)
        links.eye.send(Configure(settings.eye.model_dump_json()))

    async def voice(settings: Settings) -> None:
        links.voice.send(Configure(settings.player.model_dump_json()))

    async def library(settings: Settings) -> None:
        librarian.apply(settings.library)

    page, broker, panel = parts
    desk.on_change(frozenset({"mood", "shifting"}), rules)
    desk.on_change(frozenset({"camera", "panel"}), eye)
    desk.on_change(frozenset({"player"}), voice)
    desk.on_change(frozenset({"library"}), library)
    desk.on_change(frozenset({"mqtt"}), broker.apply)
    desk.on_change(frozenset({"panel"}), panel.apply)
    desk.on_change(frozenset({"web"}), page.apply)


async def _reloading(desk: SettingsKeeper, hang_up: asyncio.Event, post: Post) -> None:
    """Read the settings again at every SIGHUP, until cancelled."""
    while True:
        await hang_up.wait()
        hang_up.clear()
        try:
            await desk.reload()
        except (ConfigError, Unavailable) as error:
            _complain(post, Part.SETTINGS, f"{error}\nThe settings from before stay in force.")
        else:
            post(PartReported(clock(), Part.SETTINGS, is_ok=True, message=""))
