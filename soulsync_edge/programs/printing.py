"""Lines for people and pipes on stdout."""

import os
import sys


def printable(text: str) -> str:
    """Return `text` without what would move a terminal's cursor or change its colours."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def let_go_of_stdout() -> None:
    """Let what Python still holds back for stdout go nowhere: whoever read it has gone.

    Without this it complains when it flushes at exit.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
