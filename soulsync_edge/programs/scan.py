"""The scan: walks a music folder, reads tags, writes what it finds line by line, and ends."""

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from soulsync_edge.domain.affect import Quadrant
from soulsync_edge.domain.library import Found, FoundAgain, Stick, Unread
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.errors import Unavailable
from soulsync_edge.programs.music_walk import Met, files_below, walk
from soulsync_edge.programs.printing import counted, let_go_of_stdout, named_in_full, printable
from soulsync_edge.programs.progress_bar import ProgressBar
from soulsync_edge.wire.messages import (
    SCAN_LINES,
    SCAN_ORDERS,
    FileSkipped,
    FileUnread,
    ScanFinished,
    ScanGoesOn,
    ScanLine,
    StickEntered,
    TrackFound,
    TrackKnown,
)

logger = logging.getLogger(__name__)

QUIET_S = 5.0
"""Seconds after which an empty line says that the scan goes on, though it found nothing."""

_NICE = 10
"""Below everything that plays; the kernel's order for disks follows it."""


def run(folder: Path, *, as_lines: bool = False, has_known: bool = False) -> int:
    """Scan `folder` and write what it holds to stdout; returns the exit status.

    Args:
        folder: Everything below it is looked at; nothing is ever written there.
        as_lines: Write `SCAN_LINES` as they are found, for a program; else a summary at the end.
        has_known: Read `SCAN_ORDERS` from stdin first, until it ends: what need not be read again.

    Returns 0 when everything was looked at and 1 when the folder could not be read.
    """
    os.nice(_NICE)
    try:
        if as_lines:
            known = _known(sys.stdin.buffer) if has_known else {}
            _write_lines(walk(folder, known))
        else:
            _write_summary(folder)
    except Unavailable as error:
        logger.error("%s", error)  # noqa: TRY400  # a state of the world: no traceback for people
        return 1
    except BrokenPipeError:
        let_go_of_stdout()
        return 1
    return 0


def scanned(folder: Path) -> Iterator[Track | SkippedFile | None]:
    """Yield each track and each skipped file below `folder`; None says that it goes on.

    Raises:
        Unavailable: The folder cannot be read, or went away meanwhile.
    """
    for met in walk(folder):
        if isinstance(met, Found):
            yield met.track
        elif isinstance(met, Unread):
            yield met.skipped
        else:
            yield met if isinstance(met, SkippedFile) else None


def _known(orders: Iterable[bytes]) -> dict[str, str]:
    """Return the stamps of the tracks that need not be read again."""
    told = (SCAN_ORDERS.decode(line) for line in orders)
    return {order.track_id: order.stamp for order in told}


def _write_lines(walked: Iterable[Met | None]) -> None:
    """Write each find as a line, at once: the first track is to play before the scan ends."""
    tracks = skipped = 0
    last_s = time.monotonic()
    for met in walked:
        if met is not None:
            tracks += isinstance(met, Found | FoundAgain)
            skipped += isinstance(met, SkippedFile | Unread)
            _write(SCAN_LINES.encode(_line(met)))
        elif time.monotonic() - last_s < QUIET_S:
            continue
        else:
            _write(b"\n")
        last_s = time.monotonic()
    _write(SCAN_LINES.encode(ScanFinished(tracks, skipped)))


def _line(met: Met) -> ScanLine:
    match met:
        case Found(track, stamp):
            return TrackFound(track, stamp)
        case FoundAgain(track_id):
            return TrackKnown(track_id)
        case SkippedFile():
            return FileSkipped(met)
        case Unread(skipped):
            return FileUnread(skipped)
        case Stick():
            return StickEntered(met)
        case ScanProgress():
            return ScanGoesOn(met)


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _write_summary(folder: Path) -> None:
    quadrants: Counter[str] = Counter()
    skipped: list[SkippedFile] = []
    length_s = 0.0
    with ProgressBar("reading", lambda: files_below(folder)) as bar:
        for found in scanned(folder):
            if isinstance(found, Track):
                quadrants[found.affect.quadrant.value] += 1
                length_s += found.duration_s
            elif isinstance(found, SkippedFile):
                skipped.append(found)
            if found is not None:
                bar.advance()
    tracks, files = counted(quadrants.total(), "track"), counted(len(skipped), "file")
    print(f"{tracks}, {length_s / 60:.1f} minutes; {files} skipped")
    for quadrant in Quadrant:
        print(f"  {quadrants[quadrant.value]:5} {quadrant.value}")
    for file in skipped:
        print(f"skipped: {printable(named_in_full(Path(file.path), file.reason))}")
