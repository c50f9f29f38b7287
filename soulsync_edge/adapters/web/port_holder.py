"""Who holds a port, as far as /proc tells."""

import contextlib
from pathlib import Path

from soulsync_edge.adapters.proc_holder import PROC, first_holder

_LISTENING = "0A"  # tcp state in /proc/net/tcp, see Linux Documentation/networking/proc_net_tcp


def holder_of(port: int, proc: Path = PROC) -> str:
    """Return the program listening on `port` as `name (process 123)`; empty when not known.

    Programs of other users are known to root alone.
    """
    inodes = _listening_inodes(port, proc)
    if not inodes:
        return ""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    return first_holder(lambda opened: str(opened.readlink()) in wanted, proc) or ""


def _listening_inodes(port: int, proc: Path) -> set[str]:
    """Return the socket inodes that listen on `port`."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                    inodes.add(rest[5])
    return inodes
