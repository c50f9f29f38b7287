"""The listener: hears the files it is told to, one by one, behind everything that plays."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from soulsync_edge.adapters.features_audio import AudioAnalyst
from soulsync_edge.adapters.hearing.packing import packed
from soulsync_edge.adapters.heat import hottest_c
from soulsync_edge.adapters.sound_av import content_of
from soulsync_edge.domain.hearing import Analysis, FilePrint
from soulsync_edge.errors import MediaError
from soulsync_edge.programs.printing import let_go_of_stdout
from soulsync_edge.programs.time_limit import TooSlow, at_most
from soulsync_edge.wire.messages import (
    LISTEN_LINES,
    LISTEN_ORDERS,
    Identify,
    ListenLine,
    ListenOrder,
    TrackHeard,
    TrackIdentified,
    TrackUnheard,
)

FILE_LIMIT_S = 60.0
"""Seconds one file may take; many more than on an idle board, since all else goes first."""

MOST_C = 80.0
"""Above this many °C it rests: a Raspberry Pi 4 and 5 slow down from 80 °C on, and then the eye
would be slowed down too. Source: Raspberry Pi documentation, frequency management."""

NAP_S = 5.0
"""Seconds of rest after which an empty line says that it goes on."""

_NICE = 19
"""Behind everything; the kernel's order for disks follows it."""

_NICE_AT_ONCE = 10
"""Somebody waits, but music may play meanwhile."""

_SHARE_OF_MACHINE = 0.25


def run(models: Path, *, at_once: bool = False) -> int:
    """Answer each order on stdin with a line on stdout, until stdin ends; returns 0.

    Orders are `LISTEN_ORDERS`, answers `LISTEN_LINES`. An empty line says that it is ready, or
    goes on resting.

    Args:
        models: Folder of the models.
        at_once: Somebody waits for it: do not rest, nor stay behind everything else.

    Raises:
        ModelError: The affect model is missing, damaged, or made for other descriptors.
    """
    os.nice(_NICE_AT_ONCE if at_once else _NICE)
    _go_first_when_memory_runs_out()
    analyst = AudioAnalyst(models)
    pace = Pace(len(os.sched_getaffinity(0)), hottest_c, time.sleep, lambda: _write(b"\n"))
    with suppress(BrokenPipeError):  # whoever asked has gone
        _write(b"\n")
        for line in sys.stdin.buffer:
            before_s = time.process_time()
            _write(LISTEN_LINES.encode(answer(LISTEN_ORDERS.decode(line), analyst)))
            if not at_once:
                pace.rest(time.process_time() - before_s)
        return 0
    let_go_of_stdout()
    return 0


def answer(order: ListenOrder, analyst: AudioAnalyst, limit_s: float = FILE_LIMIT_S) -> ListenLine:
    """Return what came of an order, within `limit_s` seconds."""
    path = Path(order.path)
    try:
        with at_most(limit_s):
            if isinstance(order, Identify):
                return TrackIdentified(order.track_id, _identified(path, order.known))
            listened = analyst.listened(path)
            analysis = Analysis(packed(listened.descriptors), listened.sound)
            return TrackHeard(order.track_id, analysis)
    except MediaError as error:
        return TrackUnheard(order.track_id, str(error))
    except TooSlow:
        return TrackUnheard(order.track_id, f"{path.name} took longer than {limit_s:g} s")


class Pace:
    """Keeps the work to a quarter of the machine: after each piece of it comes a rest.

    Args:
        cores: How many the machine has.
        heat_c: Returns how hot it is, or None.
        sleep: Sleeps for some seconds.
        alive: Says that it goes on.
    """

    def __init__(
        self,
        cores: int,
        heat_c: Callable[[], float | None],
        sleep: Callable[[float], None],
        alive: Callable[[], None],
    ) -> None:
        share = min(1.0, cores * _SHARE_OF_MACHINE)  # of one core
        self._rest_per_work = 1 / share - 1
        self._heat_c = heat_c
        self._sleep = sleep
        self._alive = alive

    def rest(self, worked_s: float) -> None:
        """Rest after `worked_s` seconds of work on one core, and until the machine is cool."""
        left_s = worked_s * self._rest_per_work
        while left_s > 0:
            self._nap(min(left_s, NAP_S))
            left_s -= NAP_S
        while (heat_c := self._heat_c()) is not None and heat_c > MOST_C:
            self._nap(NAP_S)

    def _nap(self, seconds: float) -> None:
        self._sleep(seconds)
        self._alive()


def _identified(path: Path, known: FilePrint | None) -> FilePrint:
    try:
        status = path.stat()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MediaError(f"{path.name} cannot be read: {reason}") from error
    size_bytes, mtime_ns = status.st_size, status.st_mtime_ns
    if known is not None and (known.size_bytes, known.mtime_ns) == (size_bytes, mtime_ns):
        return known
    return FilePrint(size_bytes, mtime_ns, content_of(path))


def _go_first_when_memory_runs_out() -> None:
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
