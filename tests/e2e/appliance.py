"""The real programs on one machine, for tests: started, asked, killed, ended."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from soulsync_edge.adapters.settings_toml import TomlSettingsFile
from soulsync_edge.programs.demo_stage import Program, free_port
from soulsync_edge.settings import Settings

ANSWER_WITHIN_S = 30.0


class Appliance:
    """Core, eye and voice over one scratch folder; what died is started again, as by systemd."""

    def __init__(self, folder: Path, *, settings: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.music = folder / "music"
        self.port = free_port()
        self.trace = folder / "trace.jsonl"
        self.log = folder / "log.txt"
        self.config = folder / "soulsync.toml"
        values: dict[str, Any] = {
            "camera": {"adapter": "actor", "device": "3600"},
            "library": {"folder": str(self.music), "rescan_s": 1.0},
            "player": {"output": "silent"},
            "web": {"host": "127.0.0.1", "port": self.port},
            "privacy": {"trace_file": str(self.trace)},
        }
        for section, fields in (settings or {}).items():
            values[section] = values.get(section, {}) | fields
        self.values = values
        self.programs: dict[str, Program] = {}
        self._stop = threading.Event()

    def save_settings(self) -> None:
        TomlSettingsFile(self.config).save(Settings.model_validate(self.values))

    @contextmanager
    def running(
        self, *names: str, environment: dict[str, str] | None = None, models: Path | None = None
    ) -> Iterator[None]:
        """Run the named programs (all three by default) and keep them running."""
        self.save_settings()
        self._stop.clear()
        self.programs.clear()
        places = ["--run-dir", str(self.folder / "run")]
        state = ["--config", str(self.config), "--state-dir", str(self.folder / "state")]
        extra = {"core": state, "eye": ["--models", str(models)] if models else [], "voice": []}
        with ExitStack() as stack:
            log = stack.enter_context(self.log.open("ab"))
            for name in names or ("core", "eye", "voice"):
                arguments = [name, *places, *extra[name]]
                program = Program(arguments, os.environ | (environment or {}), log.fileno())
                stack.callback(program.stop)
                self.programs[name] = program
            keeper = threading.Thread(target=self._revive)
            keeper.start()
            stack.callback(keeper.join)
            stack.callback(self._stop.set)
            yield

    def get(self, path: str) -> bytes:
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(address, timeout=5) as answer:  # our own page
            content: bytes = answer.read()
        return content

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.get("/api/state"))
        return answer

    def command(self, name: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/commands/{name}",
            data=json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Origin": f"http://127.0.0.1:{self.port}",
            },
        )
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310  # our own page
            pass

    def until(
        self, is_so: Callable[[dict[str, Any]], bool], within_s: float = ANSWER_WITHIN_S
    ) -> dict[str, Any]:
        """Return the state once `is_so` holds for it; fail with the state and the log if late."""
        until_s = time.monotonic() + within_s
        state: dict[str, Any] | str = "no answer"
        pause = threading.Event()
        while time.monotonic() < until_s:
            try:
                state = self.state()
            except OSError as error:
                state = f"no answer: {error}"
            else:
                if is_so(state):
                    return state
            pause.wait(0.1)
        log = self.log.read_text("utf-8", "replace")[-3000:]
        raise AssertionError(f"not within {within_s} s; last: {state}\n{log}")

    def await_words(self, in_log: str, in_trace: str, within_s: float = ANSWER_WITHIN_S) -> str:
        """Return the log once it and the trace hold these words; fail with the log if late."""
        until_s = time.monotonic() + within_s
        pause = threading.Event()
        log = ""
        while time.monotonic() < until_s:
            log = self.log.read_text("utf-8", "replace")
            if in_log in log and self.trace.exists() and in_trace in self.trace.read_text("utf-8"):
                return log
            pause.wait(0.1)
        raise AssertionError(f"not within {within_s} s: {in_log!r} and {in_trace!r}\n{log[-3000:]}")

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        os.kill(self.programs[name].pid, number)

    def cut_power(self) -> None:
        """End everything at once, unheard, and leave nothing in the run folder."""
        self._stop.set()
        for program in self.programs.values():
            os.kill(program.pid, signal.SIGSTOP)
        for name in self.programs:
            self.kill(name)
        for file in (self.folder / "run").iterdir():
            file.unlink()

    def _revive(self) -> None:
        while not self._stop.wait(0.1):
            for program in self.programs.values():
                program.revive()


def is_playing(state: dict[str, Any]) -> bool:
    return bool(state["music"]["is_playing"])


def part(state: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in state["parts"] if entry["part"] == name)
    return found


def render_music(folder: Path, *, count: int = 4, seconds: float = 30.0) -> None:
    """Write short tones as FLAC files: music enough for a test."""
    folder.mkdir(parents=True, exist_ok=True)
    times = np.arange(int(22050 * seconds)) / 22050
    for number in range(count):
        tone = 0.2 * np.sin(2 * np.pi * 220 * (1 + number / 4) * times)
        beside = folder / f".{number}.part"
        soundfile.write(beside, tone, 22050, format="FLAC")
        beside.rename(folder / f"{number:02} Tone.flac")


def soulsync(*arguments: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the command line and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "soulsync_edge", *arguments],
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
