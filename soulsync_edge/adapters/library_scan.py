"""The music folder as the librarian needs it: where it lies, did it change, and scans of it."""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path

from soulsync_edge.adapters.folder_place import disk_names, opened, said
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.errors import Unavailable
from soulsync_edge.wire.lines import LONGEST_LINE, LineError
from soulsync_edge.wire.messages import SCAN_LINES, FileSkipped, ScanFinished, TrackFound

SILENCE_S = 30.0
"""Seconds without a line after which a scan hangs; a working one writes every five."""

_SCAN = (sys.executable, "-m", "soulsync_edge", "scan", "--lines")


class ScannedFolder:
    """Folders on a disk or stick, scanned by a program of their own that may hang or die.

    Args:
        command: Scans the folder put after it, writing `SCAN_LINES`.
        silence_s: Seconds without a line after which a scan is ended.
    """

    def __init__(self, command: Sequence[str] = _SCAN, silence_s: float = SILENCE_S) -> None:
        self._command = tuple(command)
        self._silence_s = silence_s

    def whereabouts(self, folder: Path) -> tuple[str, int]:
        """Return the library's lasting name, and the number of the mount it lies on now.

        Blocks for as long as the disk does.

        Raises:
            Unavailable: The folder is not there, or may not be opened.
        """
        place = opened(folder, disk_names())
        return place.library, place.device

    def fingerprint(self, folder: Path) -> str:
        """Return a text that differs when files came, went or changed anywhere below `folder`.

        Looks at names, sizes and times, not into files: a file that was still being copied to the
        stick is read again when it is whole, and one that was locked when it is let be read.
        Blocks meanwhile.

        Raises:
            Unavailable: The folder cannot be read.
        """
        digest = hashlib.blake2b(digest_size=16)
        waiting = [str(folder)]
        while waiting:
            try:
                entries = sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name)
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    status = entry.stat(follow_symlinks=False)
                    times = (status.st_mtime_ns, status.st_ctime_ns)  # rights change the second
                    seen = b"%d %d %d\0" % (status.st_size, *times)
                    digest.update(os.fsencode(entry.path) + b"\0" + seen)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
            except (PermissionError, FileNotFoundError) as error:
                if not folder.is_dir():
                    raise _unreadable(folder, error) from error
                digest.update(b"locked or gone just now")
            except OSError as error:
                raise _unreadable(folder, error) from error
        return digest.hexdigest()

    async def scan(self, folder: Path) -> AsyncGenerator[Track | SkippedFile | None]:
        """Yield what a scan of `folder` finds, as it finds it; None says that it goes on.

        Ending without an error means that everything was looked at.

        Raises:
            Unavailable: The scan was cut short: it failed, died or hung.
        """
        program = await asyncio.create_subprocess_exec(
            *self._command,
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        if program.stdout is None:
            raise AssertionError("asked for a pipe, got none")
        try:
            while line := await self._next_line(program.stdout, folder):
                if not line.strip():
                    yield None
                    continue
                match SCAN_LINES.decode(line):
                    case TrackFound(track):
                        yield track
                    case FileSkipped(skipped):
                        yield skipped
                    case ScanFinished():
                        return
            status = await program.wait()
            raise Unavailable(f"the scan of {folder} was cut short ({_ending(status)})")
        except (LineError, ValueError) as error:
            raise Unavailable(
                f"the scan of {folder} wrote a line it should not: {error}"
            ) from error
        finally:
            with suppress(ProcessLookupError):
                program.kill()
            await program.wait()

    async def _next_line(self, lines: asyncio.StreamReader, folder: Path) -> bytes:
        try:
            async with asyncio.timeout(self._silence_s):
                return await lines.readline()
        except TimeoutError as error:
            raise Unavailable(
                f"the scan of {folder} said nothing for {self._silence_s:g} s; the stick may be "
                "damaged"
            ) from error


def _unreadable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(f"the library folder {folder} cannot be read: {said(error)}")


def _ending(status: int) -> str:
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"
