"""Runs in a program's place, in its sandbox, and prints as JSON what it could do there."""

import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import stat
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

FAMILIES = ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_ALG", "AF_VSOCK", "AF_BLUETOOTH")
IO_URING_SETUP = 425  # the same on every architecture
CLONE_NEWUSER = 0x10000000
PTRACE_ATTACH = 16
libc = ctypes.CDLL(None, use_errno=True)


def attempt(action: Callable[[], object]) -> str:
    """Return "done", or the name of the error that kept `action` from being done."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def can_make_a_file_in(folder: str) -> bool:
    path = Path(folder, ".soulsync-probe")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        return False
    path.unlink()
    return True


def can_write_to(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
    except OSError:
        return False
    return True


def look_around() -> tuple[list[str], list[str], list[str]]:
    """Return the folders and files that can be written, and the doors to other programs."""
    folders, files, doors = [], [], []
    for folder, names, entries in os.walk("/"):
        if folder == "/":
            names.remove("proc")  # no storage; what counts of it is read-only by another rule
        if can_make_a_file_in(folder):
            folders.append(folder)
        for path in (f"{folder.rstrip('/')}/{entry}" for entry in entries):
            try:
                mode = os.lstat(path).st_mode
            except OSError:
                continue
            if stat.S_ISREG(mode) and can_write_to(path):
                files.append(path)
            if stat.S_ISSOCK(mode):
                doors.append(path)
    return folders, files, doors


def open_socket(family: str) -> None:
    kinds = {
        "AF_PACKET": socket.SOCK_RAW,
        "AF_NETLINK": socket.SOCK_RAW,
        "AF_ALG": socket.SOCK_SEQPACKET,
    }
    socket.socket(getattr(socket, family), kinds.get(family, socket.SOCK_STREAM)).close()


def links() -> list[str]:
    """Return the network interfaces of this process's own network."""
    return [line.split(":")[0].strip() for line in lines_of("/proc/self/net/dev") if ":" in line]


def lines_of(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def main() -> None:
    status = dict(line.split(":\t", 1) for line in lines_of("/proc/self/status") if ":\t" in line)
    folders, files, doors = look_around()
    write_and_execute = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    report = {
        "sockets": {family: attempt(partial(open_socket, family)) for family in FAMILIES},
        "links": links(),
        "folders": folders,
        "files": files,
        "doors": doors,
        "calls": {
            "ptrace": attempt(lambda: call(libc.ptrace, PTRACE_ATTACH, os.getppid(), None, None)),
            "unshare": attempt(lambda: call(libc.unshare, CLONE_NEWUSER)),
            "mount": attempt(lambda: call(libc.mount, b"none", b"/", b"tmpfs", 0, None)),
            "io_uring": attempt(lambda: call(libc.syscall, IO_URING_SETUP, 1, None)),
            "code": attempt(lambda: mmap.mmap(-1, 4096, prot=write_and_execute)),
        },
        "core_limit": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "capabilities": int(status["CapEff"], 16),
        "no_new_privileges": status["NoNewPrivs"],
        "uid": os.getuid(),
        "reads": {path: attempt(Path(path).read_bytes) for path in sys.argv[1:]},
    }
    print(json.dumps(report))  # noqa: T201  # this is its result


main()
