"""The music folder as the librarian needs it: where it lies, did it change, and scans of it."""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from soulsync_edge.adapters.folder_place import disk_names, said, sticks_at
from soulsync_edge.domain.library import Found, FoundAgain, Stick, Unread
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.track import SkippedFile
from soulsync_edge.errors import Unavailable
from soulsync_edge.wire.lines import LONGEST_LINE, LineError
from soulsync_edge.wire.messages import (
    SCAN_LINES,
    SCAN_ORDERS,
    FileSkipped,
    FileUnread,
    KnowTrack,
    ScanFinished,
    ScanGoesOn,
    StickEntered,
    TrackFound,
    TrackKnown,
)

T = TypeVar("T")

SILENCE_S = 30.0
"""Seconds without a line after which a scan hangs; a working one writes every five."""

_AT_ONCE = 20
"""Lines after which others get their turn on the loop: a millisecond or two of work."""

_SCAN = (sys.executable, "-m", "soulsync_edge", "scan", "--lines", "--known")

Met = Found | FoundAgain | SkippedFile | Unread | Stick | ScanProgress


class ScannedFolder:
    """Folders on a disk or stick, scanned by a program of their own that may hang or die.

    Args:
        command: Scans the folder put after it, reading `SCAN_ORDERS` and writing `SCAN_LINES`.
        silence_s: Seconds without a line after which a scan is ended.
    """

    def __init__(self, command: Sequence[str] = _SCAN, silence_s: float = SILENCE_S) -> None:
        self._command = tuple(command)
        self._silence_s = silence_s

    def whereabouts(self, folder: Path) -> tuple[Stick, ...]:
        """Return what lies at `folder` and is mounted below it.

        Blocks for as long as the disk does.

        Raises:
            Unavailable: The folder is not there, or may not be opened.
        """
        return sticks_at(folder, disk_names())

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

    async def scan(
        self, folder: Path, known: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Met | None]:
        """Yield what a scan of `folder` finds, as it finds it; None says that it goes on.

        Ending without an error means that everything was looked at.

        Args:
            folder: Where to look.
            known: Stamps by `track_id`: a file that still has it is not read again.

        Raises:
            Unavailable: The scan was cut short: it failed, died or hung.
        """
        program = await asyncio.create_subprocess_exec(
            *self._command,
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        if program.stdin is None or program.stdout is None:
            raise AssertionError("asked for pipes, got none")
        try:
            await self._tell(program.stdin, known or {}, folder)
            count = 0
            while line := await self._next_line(program.stdout, folder):
                count += 1
                if not count % _AT_ONCE:
                    await asyncio.sleep(0)  # what is in the pipe already comes without a pause
                told = SCAN_LINES.decode(line) if line.strip() else None
                if isinstance(told, ScanFinished):
                    return
                yield None if told is None else _met(told)
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

    async def _tell(
        self, orders: asyncio.StreamWriter, known: Mapping[str, str], folder: Path
    ) -> None:
        """Tell the scan what it need not read again; one that has died says so by its end."""
        with suppress(ConnectionError):
            for number, (track_id, stamp) in enumerate(known.items(), start=1):
                orders.write(SCAN_ORDERS.encode(KnowTrack(track_id, stamp)))
                if not number % _AT_ONCE:
                    await self._in_time(orders.drain(), folder)
                    await asyncio.sleep(0)
            await self._in_time(orders.drain(), folder)
        orders.close()
        with suppress(ConnectionError):
            await self._in_time(orders.wait_closed(), folder)

    async def _next_line(self, lines: asyncio.StreamReader, folder: Path) -> bytes:
        return await self._in_time(lines.readline(), folder)

    async def _in_time(self, what: Awaitable[T], folder: Path) -> T:
        try:
            async with asyncio.timeout(self._silence_s):
                return await what
        except TimeoutError as error:
            raise Unavailable(
                f"the scan of {folder} said nothing for {self._silence_s:g} s; the stick may be "
                "damaged"
            ) from error


def _met(
    told: TrackFound | TrackKnown | FileSkipped | FileUnread | StickEntered | ScanGoesOn,
) -> Met:
    match told:
        case TrackFound(track, stamp):
            return Found(track, stamp)
        case TrackKnown(track_id):
            return FoundAgain(track_id)
        case FileSkipped(skipped):
            return skipped
        case FileUnread(skipped):
            return Unread(skipped)
        case StickEntered(stick):
            return stick
        case ScanGoesOn(progress):
            return progress


def _unreadable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(f"the library folder {folder} cannot be read: {said(error)}")


def _ending(status: int) -> str:
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"
