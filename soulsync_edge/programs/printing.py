"""Lines for people and pipes on stdout."""

import os
import sys
from pathlib import Path

from soulsync_edge.domain.file_names import shown


def printable(text: str) -> str:
    """Return `text` without what would move a terminal's cursor or change its colours."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def counted(count: int, thing: str) -> str:
    """Return how many things there are: `1 file`, `2 files`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def named_in_full(path: Path, reason: str) -> str:
    """Return a `reason` that begins with the name of the file at `path`, with the whole path."""
    return f"{shown(path)}{reason.removeprefix(shown(path.name))}"


def let_go_of_stdout() -> None:
    """Let what Python still holds back for stdout go nowhere: whoever read it has gone.

    Without this it complains when it flushes at exit.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
