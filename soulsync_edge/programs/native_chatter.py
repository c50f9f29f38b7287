"""Keeps native libraries from writing to the terminal while they load."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hushed() -> Iterator[None]:
    """Let nothing reach stderr meanwhile, unless someone asked to hear more.

    MediaPipe and LiteRT write about delegates and drivers straight to file descriptor 2 and heed
    no variable that would stop them. What goes wrong comes as an exception
    and is not lost. Our own log lines are: log nothing inside.
    """
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
