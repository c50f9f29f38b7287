"""The real programs on one machine, started, asked and listened to by their trace."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.bench.trace import WITHIN_S, Trace
from soulsync_edge.adapters.settings_toml import TomlSettingsFile
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import SkipRequested, TrackMoved, TrackStarted
from soulsync_edge.errors import Unavailable
from soulsync_edge.programs.demo_stage import free_port
from soulsync_edge.settings import Settings

clock = time.monotonic

ROOT = Path(__file__).parents[2]
NAMES = ("core", "eye", "voice")

PLAYED_S = 0.5
"""How far into a track counts as having played it; the voice tells once a second."""

_ASK_EVERY_S = 0.01
_ANSWER_WITHIN_S = 5.0
_STOP_WITHIN_S = 10.0
_LAST_WORDS = 15


@dataclass(frozen=True, slots=True)
class Skip:
    """A skip, from the wish to the track it led to; times on the monotonic clock.

    Attributes:
        asked_s: Just before the page was asked.
        decided_s: When core took the wish in.
        path: The file that was chosen.
        started_s: When the voice said that it plays.
    """

    asked_s: float
    decided_s: float
    path: str
    started_s: float


class Stage:
    """Core, eye and voice as processes over a scratch folder: a context manager.

    Nothing is started again: a program that ends is an error here, told with its last words.

    Args:
        music: The folder to play.
        camera: The camera's settings.
        environment: Where sound goes, on top of this process's own.
        models: Folder of the models.
        has_stamps: Let the voice write down when libVLC accepted each file.
    """

    def __init__(
        self,
        music: Path,
        camera: Mapping[str, object],
        environment: Mapping[str, str],
        models: Path,
        *,
        has_stamps: bool = False,
    ) -> None:
        self._music = music
        self._camera = dict(camera)
        self._environment = os.environ | environment
        self._models = models
        self._has_stamps = has_stamps
        self._port = free_port()
        self._stack = ExitStack()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = Path()
        self._trace: Trace | None = None
        self.began_s = 0.0
        """When the first program was started."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            scratch = tempfile.TemporaryDirectory(prefix="soulsync-bench-")
            self._folder = Path(stack.enter_context(scratch))
            self._trace = Trace(self._trace_file, self.check, self._words)
            config = self._folder / "soulsync.toml"
            TomlSettingsFile(config).save(self._settings())
            log = stack.enter_context((self._folder / "log.txt").open("wb"))
            commands = self._commands(config)
            self.began_s = clock()
            for name in NAMES:
                process = subprocess.Popen(
                    [sys.executable, "-m", *commands[name]],
                    cwd=ROOT,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
                stack.callback(_stopped, process)
                self._processes[name] = process
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def trace(self) -> Trace:
        """What core tells, from its start on."""
        if self._trace is None:
            raise ValueError("a stage has a trace once it was entered")
        return self._trace

    @property
    def _trace_file(self) -> Path:
        return self._folder / "trace.jsonl"

    @property
    def stamps(self) -> Path:
        """Where the voice writes when libVLC accepted each file."""
        return self._folder / "stamps.txt"

    def pid(self, name: str) -> int:
        """Return the process of one program."""
        return self._processes[name].pid

    def await_page(self) -> float:
        """Return when the page first answered with status 200, on the monotonic clock."""
        pause = threading.Event()
        until_s = clock() + WITHIN_S
        while clock() < until_s:
            try:
                with self._opened("/"):
                    return clock()
            except OSError:
                self.check()
                pause.wait(_ASK_EVERY_S)
        raise Unavailable(f"the page did not answer within {WITHIN_S:g} s{self._words()}")

    def skip(self) -> "Skip":
        """Ask the page for the next track, and return once that track has been playing a while."""
        asked_s = clock()
        with self._opened("/api/commands/next", {}):
            pass
        skip = self.trace.next_of(SkipRequested)
        play = self.trace.next_of(PlayTrack)
        started = self.trace.next_of(TrackStarted, lambda line: line.track_id == play.track_id)
        self.trace.next_of(
            TrackMoved,
            lambda line: line.track_id == play.track_id and line.position_s >= PLAYED_S,
        )
        return Skip(asked_s, skip.at_s, play.path, started.at_s)

    def check(self) -> None:
        """Make sure that all programs run.

        Raises:
            Unavailable: One has ended; with its last words.
        """
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise Unavailable(f"{name} ended with status {process.returncode}{self._words()}")

    def _settings(self) -> Settings:
        return Settings.model_validate(
            {
                "camera": self._camera,
                "library": {"folder": str(self._music.resolve())},
                "player": {"output": "pulse"},
                "web": {"host": "127.0.0.1", "port": self._port},
                "privacy": {"trace_file": str(self._trace_file)},
            }
        )

    def _commands(self, config: Path) -> dict[str, list[str]]:
        places = ["--run-dir", str(self._folder / "run")]
        state = ["--config", str(config), "--state-dir", str(self._folder / "state")]
        voice = ["soulsync_edge", "voice"]
        if self._has_stamps:
            voice = ["scripts.bench.stamped_voice", str(self.stamps)]
        return {
            "core": ["soulsync_edge", "core", *places, *state],
            "eye": ["soulsync_edge", "eye", *places, "--models", str(self._models)],
            "voice": [*voice, *places],
        }

    def _opened(self, path: str, body: dict[str, Any] | None = None) -> Any:
        address = f"http://127.0.0.1:{self._port}"
        request = urllib.request.Request(  # noqa: S310  # our own page
            address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Origin": address},
        )
        return urllib.request.urlopen(request, timeout=_ANSWER_WITHIN_S)  # noqa: S310  # as above

    def _words(self) -> str:
        log = (self._folder / "log.txt").read_text("utf-8", "replace").splitlines()
        return "; the programs' last words:\n" + "\n".join(log[-_LAST_WORDS:])


def _stopped(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
