"""The store as it was a moment ago, for a look into it while core has it open."""

import os
import shutil
from pathlib import Path

from soulsync_edge.errors import Unavailable

_TRIES = 20
"""Core writes every few seconds at most, and a copy takes less."""


def copied_store(path: Path, scratch: Path) -> Path:
    """Return where the store at `path` is copied to, in the empty folder `scratch`.

    Core keeps everyone else out of the file itself. A copy made while it wrote is thrown away,
    and another one made.

    Raises:
        Unavailable: There is none, or it may not be read.
    """
    copy = scratch / path.name
    files = {path: copy, path.with_name(f"{path.name}-wal"): scratch / f"{copy.name}-wal"}
    try:
        for _ in range(_TRIES):
            before = [_seen(file) for file in files]
            for file, beside in files.items():
                beside.unlink(missing_ok=True)
                if file.exists():
                    shutil.copyfile(file, beside)
            if [_seen(file) for file in files] == before:
                break
        else:
            raise Unavailable(f"the store {path} is being written all the time; try again later")
    except OSError as error:
        raise Unavailable(
            f"the store {path} cannot be read: {os.strerror(error.errno or 0).lower()}"
        ) from error
    if not copy.exists():
        raise Unavailable(
            f"there is no store {path}; has the appliance run here? Else name a folder of music"
        )
    return copy


def _seen(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns
