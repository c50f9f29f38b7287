"""Which program has something open, as far as /proc tells."""

import contextlib
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")


def first_holder(is_it: Callable[[Path], bool], proc: Path = PROC) -> str | None:
    """Return the first program with a file open that `is_it`, as `name (process 123)`.

    Programs of other users are known to root alone.

    Args:
        is_it: Told a link under `/proc/<process>/fd`; an `OSError` counts as no.
        proc: Where the processes are listed.
    """
    with contextlib.suppress(OSError):
        for process in proc.iterdir():
            if process.name.isdecimal() and _holds(process, is_it):
                return f"{_name_of(process)} (process {process.name})"
    return None


def _holds(process: Path, is_it: Callable[[Path], bool]) -> bool:
    with contextlib.suppress(OSError):  # it ended, or is not ours to look into
        for opened in (process / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                if is_it(opened):
                    return True
    return False


def _name_of(process: Path) -> str:
    with contextlib.suppress(OSError):
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    return "a program"
