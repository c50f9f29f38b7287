"""Follows the trace of a running core, so that what happened can be waited for."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from soulsync_edge.domain.events import EstimateArrived, FaceObscured, NobodySeen
from soulsync_edge.errors import Unavailable
from soulsync_edge.wire.messages import TRACE, TraceLine

Line = TypeVar("Line")

WITHIN_S = 20.0
_READ_EVERY_S = 0.02


class Trace:
    """The lines of a trace in their order, each seen once.

    Times are taken from the lines, which their programs stamped: how often the file is read does
    not show in any figure.

    Args:
        path: Of the trace; it need not be there yet.
        check: Called while waiting; raises when waiting is in vain.
        words: Returns what to tell a person besides, when waiting was in vain.
    """

    def __init__(
        self, path: Path, check: Callable[[], object], words: Callable[[], str] = lambda: ""
    ) -> None:
        self._path = path
        self._check = check
        self._words = words
        self._read_bytes = 0
        self._waiting: list[TraceLine] = []
        self.looks_s: list[float] = []
        """When the eye took each picture that core has heard of, as far as lines were seen."""

    def next_of(
        self,
        kind: type[Line],
        is_it: Callable[[Line], bool] = lambda _line: True,
        *,
        within_s: float = WITHIN_S,
    ) -> Line:
        """Return the next line of this kind for which `is_it` holds, and pass over all before it.

        Raises:
            Unavailable: There was none within `within_s`, or `check` says so.
        """
        pause = threading.Event()
        until_s = time.monotonic() + within_s
        while True:
            while self._waiting:
                line = self._waiting.pop(0)
                if isinstance(line, EstimateArrived | NobodySeen | FaceObscured):
                    self.looks_s.append(line.at_s)
                if isinstance(line, kind) and is_it(line):
                    return line
            self._read()
            if self._waiting:
                continue
            self._check()
            if time.monotonic() > until_s:
                raise Unavailable(
                    f"core told of no {kind.__name__} within {within_s:g} s{self._words()}"
                )
            pause.wait(_READ_EVERY_S)

    def _read(self) -> None:
        """Take in the whole lines written since the last time."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read_bytes)
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._read_bytes += len(whole)
        self._waiting += [TRACE.decode(line) for line in whole.splitlines(keepends=True)]
