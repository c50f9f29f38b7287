"""A `TagReader` in a process of its own, since a read from a dying stick cannot be called back."""

import os
import resource
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from soulsync_edge.adapters.tags_mutagen import MOST_READ
from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.hints import Tags
from soulsync_edge.errors import MediaError
from soulsync_edge.ports import TagReader

FILE_LIMIT_S = 2.0
"""Seconds one file may take; more is a damaged file or a dying stick.

What the reader waits for a processor others have does not count: that is no fault of the file.
"""

PATIENCE_S = 20.0
"""Seconds one file may take with such waits: core gives up a scan that is silent for 30."""

_MOST_MEMORY = 4 * MOST_READ
"""Bytes that reading one file may take: what is read of it, the tags made of that, and copies."""

_Answer = tuple[Tags, str, int | None]
"""The tags; or why there are none, and the number of the system's error behind that."""


class TooSlow(Exception):  # noqa: N818  # a fact of the file, and what its name says
    """A file took longer than it may."""


class WatchedTagReader:
    """A `TagReader` that gives up a file that hangs, or eats all time or memory.

    The process that reads is made at the first file and after each it died or was killed of. It
    is a copy of this one: to be used where there is one thread.

    Args:
        reader: Reads; in the other process.
        limit_s: Seconds that one file may take, but for waits for a processor.
        patience_s: Seconds that one file may take with them.
    """

    def __init__(
        self, reader: TagReader, limit_s: float = FILE_LIMIT_S, patience_s: float = PATIENCE_S
    ) -> None:
        self._reader = reader
        self._limit_s = limit_s
        self._patience_s = patience_s
        self._process: tuple[int, Connection] | None = None
        self._ending: list[int] = []

    def read(self, path: Path) -> Tags:
        """Return the tags of the file at `path`.

        Raises:
            MediaError: As the reader's; where the system is to blame, from that `OSError`.
            TooSlow: It took longer than it may.
        """
        process, link = self._process or self._begin()
        try:
            begun = _Turns.of(process)
            link.send_bytes(os.fsencode(path))
            if not self._is_answered(link, process, begun):
                self.close()
                raise TooSlow
            answer: _Answer = link.recv()
        except (EOFError, OSError):
            self.close()
            # From nothing: what broke is our pipe, and not the disk.
            raise MediaError(f"{shown(path.name)} brought the reading of tags down") from None
        tags, why, number = answer
        if number is not None:
            raise MediaError(why) from OSError(number, os.strerror(number))
        if why:
            raise MediaError(why)
        return tags

    def close(self) -> None:
        """End the process; one that the disk holds back ends when that lets go."""
        if self._process is None:
            return
        (number, link), self._process = self._process, None
        link.close()
        os.kill(number, signal.SIGKILL)
        self._ending = [
            one for one in (*self._ending, number) if os.waitpid(one, os.WNOHANG)[0] == 0
        ]

    def _is_answered(self, link: Connection, process: int, begun: "_Turns") -> bool:
        """Return whether the process answers in the time it has, while others let it run."""
        begun_s = time.monotonic()
        left_s = self._limit_s
        while not link.poll(left_s):
            took_s = time.monotonic() - begun_s
            now = _Turns.of(process)
            left_s = self._limit_s - (took_s - (now.waited_s - begun.waited_s))
            # The wait that is going on is counted only when it ends.
            is_held_up = now.is_waiting and now.ran_s - begun.ran_s < self._limit_s
            if took_s >= self._patience_s or (left_s <= 0 and not is_held_up):
                return link.poll(0)  # this process may have been held up as well
            left_s = max(left_s, self._limit_s / 10)
        return True

    def _begin(self) -> tuple[int, Connection]:
        ours, theirs = Pipe()
        number = os.fork()
        if not number:
            try:
                ours.close()
                _serve(self._reader, theirs)
            finally:
                os._exit(0)  # nothing of the other process is to be finished here
        theirs.close()
        self._process = number, ours
        return self._process


@dataclass(frozen=True, slots=True)
class _Turns:
    """What a process got of the processors.

    Attributes:
        ran_s: Seconds it has run.
        waited_s: Seconds it could have run, had others not.
        is_waiting: It would run now, or does.
    """

    ran_s: float = 0.0
    waited_s: float = 0.0
    is_waiting: bool = False

    @classmethod
    def of(cls, number: int) -> "_Turns":
        """Return what the process `number` got; nothing where the system does not say.

        Source: Linux, Documentation/scheduler/sched-stats.rst; the state: proc_pid_stat(5).
        """
        about = Path("/proc", str(number))
        try:
            ran_ns, waited_ns, _ = (about / "schedstat").read_text(encoding="ascii").split()
            state = (about / "stat").read_bytes().rpartition(b") ")[2][:1]
        except (OSError, ValueError):
            return cls()
        return cls(int(ran_ns) / 1e9, int(waited_ns) / 1e9, state == b"R")


def _serve(reader: TagReader, link: Connection) -> None:
    """Answer each path with what a file there says, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends whoever asks, and thereby this
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):  # else a reader of our output would wait for this process too
        os.dup2(nowhere, standard)
    _bound_memory()
    with suppress(EOFError, OSError):
        while True:
            link.send(_answer(reader, Path(os.fsdecode(link.recv_bytes()))))


def _answer(reader: TagReader, path: Path) -> _Answer:
    try:
        return reader.read(path), "", None
    except MediaError as error:
        cause = error.__cause__
        return Tags(), str(error), cause.errno if isinstance(cause, OSError) else None
    except MemoryError:
        return Tags(), f"{shown(path.name)} holds more than fits the memory", None


def _bound_memory() -> None:
    """Let this process grow by `_MOST_MEMORY` and no more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + _MOST_MEMORY
    with suppress(OSError, ValueError):  # where it may not be set, or a lower one holds already
        # Not setrlimit: its name is among the calls the sandbox of core forbids.
        resource.prlimit(0, resource.RLIMIT_AS, (most, most))
