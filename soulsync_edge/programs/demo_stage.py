"""What stands in for systemd, the hub and a visitor while the demo runs."""

import contextlib
import json
import logging
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from soulsync_edge.errors import Unavailable

logger = logging.getLogger(__name__)

clock = time.monotonic

REVIVE_AFTER_S = 1.0
"""As `RestartSec` in the units."""

STOP_WITHIN_S = 5.0
READY_WITHIN_S = 10.0
ASK_EVERY_S = 0.5
ANSWER_WITHIN_S = 2.0


class Program:
    """One of our programs as a process, started again when it ends, as systemd would.

    Args:
        arguments: What follows `soulsync`.
        environment: Its environment.
        log: Where its log goes, a file descriptor.
    """

    def __init__(self, arguments: list[str], environment: Mapping[str, str], log: int) -> None:
        self.name = arguments[0]
        self.restarts = 0
        self._command = [sys.executable, "-m", "soulsync_edge", *arguments]
        self._environment = dict(environment)
        self._log = log
        self._ended_s: float | None = None
        self._process = self._started()

    @property
    def pid(self) -> int:
        """The process that runs now, or ran last."""
        return self._process.pid

    def revive(self) -> None:
        """Start the program again when it ended a moment ago."""
        if self._process.poll() is None:
            return
        if self._ended_s is None:
            self._ended_s = clock()
        if clock() - self._ended_s >= REVIVE_AFTER_S:
            self._ended_s = None
            self.restarts += 1
            self._process = self._started()

    def stop(self) -> None:
        """End it: politely, then not."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop within %.0f s; killed", self.name, STOP_WITHIN_S)
            self._process.kill()
            self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own interpreter and package
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            process_group=0,  # Ctrl-C is for the demo, which then ends its programs in order
        )


class PageProbe:
    """Asks the page again and again, as a visitor with a phone would.

    Args:
        address: Of the page, without a slash at the end.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._began_s = clock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask_again_and_again, name="visitor")
        self.ready_s: float | None = None
        """Seconds from the start to the first answer, or None before it."""
        self.problem = "it never answered"
        """What went wrong first, in words; empty while nothing did."""
        self.lines: frozenset[str] = frozenset()
        """How the room looks, what plays and what does not work, a line each, for people."""

    @property
    def is_ok(self) -> bool:
        """It answered, and has answered every time since."""
        return self.ready_s is not None and not self.problem

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def wait(self, seconds: float) -> None:
        """Let some time go by."""
        self._stop.wait(seconds)

    def _ask_again_and_again(self) -> None:
        while not self._stop.wait(0.1 if self.ready_s is None else ASK_EVERY_S):
            try:
                self._get("/")
                state = json.loads(self._get("/api/state"))
            except (OSError, ValueError, KeyError, HTTPException) as error:
                if self.ready_s is not None and not self.problem:
                    seconds = clock() - self._began_s
                    self.problem = f"after {seconds:.0f} s it said {error}"
                continue
            if self.ready_s is None:
                self.ready_s = round(clock() - self._began_s, 2)
                self.problem = ""
            self.lines = _told(state)

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(  # noqa: S310  # our own page
            self._address + path, timeout=ANSWER_WITHIN_S
        ) as answer:
            content: bytes = answer.read()
        return content


def open_broker(stack: ExitStack, folder: Path, topics: Path) -> int | None:
    """Start a broker on this machine alone, and someone who writes down every topic.

    Returns its port, or None when mosquitto is not installed; `stack` ends both.

    Args:
        stack: Ends them, in reverse.
        folder: Where the broker's settings lie.
        topics: Where every message's topic is written, a line each.
    """
    broker = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    listener = shutil.which("mosquitto_sub")
    if broker is None or listener is None:
        return None
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_dest none\n")
    _opened(stack, [broker, "-c", str(config)])
    _await_port(port)
    output = stack.enter_context(topics.open("wb"))
    _opened(stack, [listener, "-p", str(port), "-t", "#", "-F", "%t"], stdout=output.fileno())
    return port


def check_port(host: str, port: int) -> None:
    """Make sure that the page can have `port` on `host`; 0 stands for any free one.

    Raises:
        Unavailable: Someone else has it; says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"the page cannot have port {port} on {host}: {(error.strerror or '').lower()}; "
                "choose another with `soulsync demo --port N` or `make demo PORT=N`, or 0 for any"
            ) from error


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _opened(stack: ExitStack, command: list[str], stdout: int = subprocess.DEVNULL) -> None:
    process = subprocess.Popen(  # noqa: S603  # Debian's broker and its client
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )

    def end() -> None:
        process.terminate()
        process.wait()

    stack.callback(end)


def _await_port(port: int) -> None:
    """Return once someone listens on `port`, or after a while all the same."""
    until_s = clock() + READY_WITHIN_S
    knocking = threading.Event()
    while clock() < until_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        knocking.wait(0.05)


def _told(state: dict[str, Any]) -> frozenset[str]:
    """Return the page's state in lines for people; a line that is new is news."""
    music, track = state["music"], state["music"]["track"]
    lines = {state["room"]["sentence"]}
    if music["is_playing"] and track:
        lines.add(f"♪ {track['title']} ({track['why']})")
    faults = (part for part in state["parts"] if part["state"] == "fault")
    lines |= {f"! {part['title']}: {part['message']}" for part in faults}
    return frozenset(lines)
