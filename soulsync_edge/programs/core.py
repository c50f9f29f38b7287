"""The program that decides: every part of it named once, in start order."""

import asyncio
import os
import secrets
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from soulsync_edge.adapters.library_scan import ScannedFolder
from soulsync_edge.adapters.listening_program import ListeningProgram
from soulsync_edge.adapters.player_link import LinkPlayer
from soulsync_edge.adapters.settings_toml import TomlSettingsFile
from soulsync_edge.adapters.store_lost import LostStore
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.adapters.systemd import SystemdSupervisor
from soulsync_edge.adapters.trace_file import TraceFile
from soulsync_edge.domain.commands import SetCamera
from soulsync_edge.domain.events import Part
from soulsync_edge.domain.session import Context
from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.ports import Store
from soulsync_edge.programs.core_links import Links, eye_link, voice_link
from soulsync_edge.programs.core_parts import parts_of
from soulsync_edge.programs.machine_run import run_of_machine
from soulsync_edge.services.conductor import Conductor
from soulsync_edge.services.heartbeat import Heartbeat
from soulsync_edge.services.inbox import Inbox
from soulsync_edge.services.librarian import Librarian
from soulsync_edge.services.listening import Listening, Places
from soulsync_edge.services.memory import Memory
from soulsync_edge.services.recorder import Recorder
from soulsync_edge.services.settings_keeper import SettingsKeeper
from soulsync_edge.services.taste_keeper import TasteKeeper
from soulsync_edge.services.trial_keeper import TrialKeeper
from soulsync_edge.services.troubles import Troubles
from soulsync_edge.services.upkeep import Upkeep
from soulsync_edge.settings import Settings
from soulsync_edge.wire.link_server import LinkError, sight_bytes_per_s
from soulsync_edge.wire.messages import Configure

clock = time.monotonic


def run(*, config: Path, run_dir: Path, state_dir: Path, models: Path) -> int:
    """Be core until SIGTERM or SIGINT; SIGHUP reads the settings again.

    Raises:
        Unavailable: The run folder cannot be used, or another core uses it.
    """
    os.umask(0o077)  # what is remembered and traced is nobody else's to read
    try:
        return asyncio.run(_core(config, run_dir, state_dir, models))
    except LinkError as error:
        raise Unavailable(str(error)) from error


async def _core(config: Path, run_dir: Path, state_dir: Path, models: Path) -> int:
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
        of_settings = Troubles(Part.SETTINGS, post, clock)
        of_store = Troubles(Part.STORE, post, clock)
        file = TomlSettingsFile(config)
        settings, complaint = file.load_or_fall_back()
        of_settings.tell("file", complaint)
        desk = SettingsKeeper(file, settings, partial(of_settings.tell, "file"))
        store = _store(state_dir)
        stack.callback(store.close)
        worker = stack.enter_context(ThreadPoolExecutor(1, "disk"))  # ends before the store does
        memory = Memory(
            store,
            worker,
            partial(of_store.tell, "choices"),
            clock,
            run=run_of_machine(run_dir),
        )
        stack.callback(memory.close)
        taste = TasteKeeper(store, worker, partial(of_store.tell, "taste"), clock)
        stack.callback(taste.close)
        trials = TrialKeeper(store, worker, partial(of_store.tell, "trials"), clock)
        stack.callback(trials.close)
        links = Links(eye_link(run_dir, desk, post), voice_link(run_dir, desk, post))
        recorder = Recorder(
            TraceFile, lambda: conductor.state()[0], partial(of_settings.tell, "trace")
        )
        stack.callback(recorder.close)
        conductor = Conductor(
            inbox,
            replace(
                memory.session_at_start(settings),
                taste=taste.taste_at_start(),
                trials=trials.trials_at_start(),
            ),
            Context(rules=settings.rules(seed=secrets.token_hex(4))),
            player=LinkPlayer(links.voice.send),
            set_camera=lambda is_on: links.eye.send(SetCamera(is_on)),
            clock=clock,
            record=recorder.record,
        )
        recorder.start(settings)
        desk.on_change(frozenset({"privacy"}), recorder.apply)
        listening = Listening(
            settings.library,
            ear=ListeningProgram(models),
            open_places=partial(_places, models),
            store=store,
            worker=worker,
            swap=conductor.swap_catalogue,
            refine=conductor.refine_catalogue,
            playing=lambda: _playing(conductor),
            post=post,
            tell=partial(of_store.tell, "sounds"),
            clock=clock,
        )
        librarian = Librarian(
            settings.library,
            music=ScannedFolder(),
            store=store,
            worker=worker,
            swap=listening.show,
            settle=listening.settle,
            post=post,
            tell=partial(of_store.tell, "tracks"),
            clock=clock,
        )
        heartbeat = Heartbeat(post, clock, supervisor)
        conductor.add_observers([heartbeat.show, memory.show, taste.show, trials.show])
        parts = parts_of(conductor, desk, post)
        _live_by_settings(desk, conductor, librarian, listening, links, parts)
        await stack.enter_async_context(links.voice)
        await stack.enter_async_context(links.eye)
        async with asyncio.TaskGroup() as tasks:
            long_lived = [
                tasks.create_task(conductor.run(), name="conductor"),
                tasks.create_task(heartbeat.run(), name="heartbeat"),
                tasks.create_task(librarian.run(), name="librarian"),
                tasks.create_task(listening.run(), name="listening"),
                tasks.create_task(_reloading(desk, hang_up, of_settings), name="settings"),
                *(tasks.create_task(part.run(), name=f"upkeep of {part.name}") for part in parts),
            ]
            page, *_ = parts
            await page.has_been_tried.wait()
            supervisor.ready()
            await stop.wait()
            supervisor.stopping()
            for task in reversed(long_lived):
                task.cancel()
    return 0


def _store(state_dir: Path) -> Store:
    """Return the store on disk, or one that refuses when the disk fails: music needs neither."""
    try:
        return SqliteStore(state_dir / "soulsync.db")
    except Unavailable as error:
        return LostStore(
            f"{error}. Until that is mended and the appliance is started again, nothing is "
            "remembered, and the camera stays closed after every start"
        )


def _playing(conductor: Conductor) -> str | None:
    """Return which track plays."""
    playing = conductor.state()[0].playing
    return None if playing is None else playing.track_id


def _places(models: Path) -> Places:
    """Return who places music; numpy is met here, and not before there is something to place."""
    from soulsync_edge.adapters.music_places import MusicPlaces

    return MusicPlaces(models)


def _live_by_settings(
    desk: SettingsKeeper,
    conductor: Conductor,
    librarian: Librarian,
    listening: Listening,
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
        listening.apply(settings.library)

    page, broker, panel = parts
    desk.on_change(frozenset({"mood", "shifting", "player"}), rules)
    desk.on_change(frozenset({"camera", "panel"}), eye)
    desk.on_change(frozenset({"player"}), voice)
    desk.on_change(frozenset({"library"}), library)
    desk.on_change(frozenset({"mqtt"}), broker.apply)
    desk.on_change(frozenset({"panel"}), panel.apply)
    desk.on_change(frozenset({"web"}), page.apply)


async def _reloading(desk: SettingsKeeper, hang_up: asyncio.Event, troubles: Troubles) -> None:
    """Read the settings again at every SIGHUP, until cancelled."""
    while True:
        await hang_up.wait()
        hang_up.clear()
        try:
            await desk.reload()
        except (ConfigError, Unavailable) as error:
            troubles.tell("file", f"{error}\nThe settings from before stay in force.")
