"""A progress bar for whoever waits at a terminal."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Self, TextIO, TypeVar

from soulsync_edge.ports import Clock

Item = TypeVar("Item")

_WIDTH = 30  # characters
_REDRAWN_S = 0.1  # often enough to look alive, seldom enough to cost nothing
_LEFT_AFTER_S = 2.0  # before that nobody can say how long it takes, and nobody needs to know
_CLEAR = "\x1b[K"  # the rest of the line


class ProgressBar:
    """A bar on a terminal while the block lasts; nothing where it would go elsewhere.

    Other lines may be written to the terminal meanwhile: they take the place of the bar, and it
    appears again below them.

    Args:
        doing: What takes so long: `reading`.
        total: Counts how much there is to do, about; asked only when a bar is drawn.
        stream: Where to draw it; stderr by default.
        clock: Tells when to draw it again.
    """

    def __init__(
        self,
        doing: str,
        total: Callable[[], int],
        stream: TextIO | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._doing = doing
        self._stream = sys.stderr if stream is None else stream
        self._is_drawn = self._stream.isatty()
        self._total = total() if self._is_drawn else 0
        self._clock = clock
        self._done = 0
        self._drawn_s = 0.0
        self._begun_s = clock()

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_drawn:
            self._stream.write(_CLEAR)
            self._stream.flush()

    def advance(self) -> None:
        """Count one more as done."""
        self._done += 1
        if self._clock() - self._drawn_s >= _REDRAWN_S:
            self._draw()

    def _draw(self) -> None:
        if not self._is_drawn:
            return
        self._drawn_s = self._clock()
        total = max(self._total, self._done, 1)
        full = _WIDTH * self._done // total
        bar = "#" * full + "." * (_WIDTH - full)
        said = f"{self._doing} [{bar}] {self._done} of {total}{self._time_left(total)}"
        self._stream.write(f"{said}{_CLEAR}\r")
        self._stream.flush()

    def _time_left(self, total: int) -> str:
        """Return about how long the rest takes, or nothing as long as that cannot be said."""
        spent_s = self._drawn_s - self._begun_s
        if spent_s < _LEFT_AFTER_S or not 0 < self._done < total:
            return ""
        left_s = round(spent_s / self._done * (total - self._done))
        return f", {left_s // 60}:{left_s % 60:02} left"


def with_progress(items: Sequence[Item], doing: str) -> Iterator[Item]:
    """Yield each of `items`, with a bar that shows how many are done."""
    with ProgressBar(doing, lambda: len(items)) as bar:
        for item in items:
            yield item
            bar.advance()
