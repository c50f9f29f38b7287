"""A disk of our own over the kernel's FUSE, whose reads hang or fail when a test says so.

Source: linux/fuse.h, protocol 7.31.
"""

import ctypes
import errno
import os
import stat
import struct
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

_LOOKUP, _FORGET, _GETATTR, _OPEN, _READ = 1, 2, 3, 14, 15
_RELEASE, _FLUSH, _INIT, _OPENDIR, _READDIR, _RELEASEDIR = 18, 25, 26, 27, 28, 29
_INTERRUPT, _BATCH_FORGET = 36, 42
_ROOT = 1
_DIRECT = 1  # every read comes here, and none is answered from the cache
_READ_ONLY = 1


class FuseDisk:
    """A folder of files at `place`, read-only, for as long as it is mounted.

    Attributes:
        hanging: Names of files whose reads are never answered.
        failing: Names of files whose reads fail; "*" makes everything fail.
        mtime_s: When all files were written, in seconds since 1970.
    """

    def __init__(self, place: Path, files: Mapping[str, bytes]) -> None:
        self.hanging: set[str] = set()
        self.failing: set[str] = set()
        self.mtime_s = 1_700_000_000
        self._place = place
        self._names = ["", "", *sorted(files)]  # numbers as the kernel sees them: 1 is the root
        self._files = files
        self._link = -1

    def mount(self) -> bool:
        """Make the files appear; returns whether this machine lets us."""
        try:
            self._link = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        options = f"fd={self._link},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
        libc = ctypes.CDLL(None, use_errno=True)
        done: int = libc.mount(
            b"test", os.fsencode(self._place), b"fuse", _READ_ONLY, options.encode()
        )
        if done:
            os.close(self._link)
            return False
        threading.Thread(target=self._serve, daemon=True).start()
        return True

    def unmount(self) -> None:
        """Make them vanish, whoever has them open."""
        # By force: what waits for an answer gets an error now.
        subprocess.run(["umount", "--force", "--lazy", str(self._place)], check=True)
        link, self._link = self._link, -1
        with suppress(OSError):
            os.close(link)

    def _serve(self) -> None:
        link = self._link
        with suppress(OSError):
            while request := os.read(link, 1 << 18):
                _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
                if opcode in {_FORGET, _BATCH_FORGET, _INTERRUPT}:
                    continue
                answer = self._answered(opcode, node, request[40:])
                if answer is None:
                    continue
                error, body = (answer, b"") if isinstance(answer, int) else (0, answer)
                os.write(link, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)

    def _answered(self, opcode: int, node: int, body: bytes) -> bytes | int | None:
        """Return the answer, the number of an error, or None to give none at all."""
        if opcode == _INIT:
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, 1 << 16, 0, 0, 0, 1 << 16, 1, 0, 0, 0)
        if "*" in self.failing:
            return errno.EIO
        answers: dict[int, Callable[[int, bytes], bytes | int | None]] = {
            _LOOKUP: self._lookup,
            _GETATTR: lambda node, _: struct.pack("<QII", 0, 0, 0) + self._about(node),
            _OPEN: lambda _node, _: struct.pack("<QII", 0, _DIRECT, 0),
            _OPENDIR: lambda _node, _: struct.pack("<QII", 0, 0, 0),
            _READ: self._read,
            _READDIR: self._listed,
            _RELEASE: lambda _node, _: b"",
            _RELEASEDIR: lambda _node, _: b"",
            _FLUSH: lambda _node, _: b"",
        }
        answer = answers.get(opcode)
        return errno.ENOSYS if answer is None else answer(node, body)

    def _lookup(self, _node: int, body: bytes) -> bytes | int:
        name = os.fsdecode(body.rstrip(b"\0"))
        if name not in self._files:
            return errno.ENOENT
        node = self._names.index(name)
        return struct.pack("<QQQQII", node, 0, 0, 0, 0, 0) + self._about(node)

    def _about(self, node: int) -> bytes:
        is_root = node == _ROOT
        size = 0 if is_root else len(self._files[self._names[node]])
        mode = stat.S_IFDIR | 0o755 if is_root else stat.S_IFREG | 0o644
        times = (*[self.mtime_s] * 3, 0, 0, 0)
        return struct.pack(
            "<6Q10I", node, size, size // 512 + 1, *times[:3], *times[3:], mode, 1, 0, 0, 0, 4096, 0
        )

    def _read(self, node: int, body: bytes) -> bytes | int | None:
        _, offset, size = struct.unpack_from("<QQI", body)
        name = self._names[node]
        if name in self.hanging:
            return None
        return errno.EIO if name in self.failing else self._files[name][offset : offset + size]

    def _listed(self, _node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        listed = b""
        for node in range(max(offset, _ROOT) + 1, len(self._names)):
            name = os.fsencode(self._names[node])
            entry = struct.pack("<QQII", node, node, len(name), stat.S_IFREG >> 12) + name
            entry += bytes(-len(entry) % 8)
            if len(listed) + len(entry) > size:
                break
            listed += entry
        return listed
