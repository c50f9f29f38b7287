"""The scan: walks a music folder, reads tags, writes what it finds line by line, and ends."""

import errno
import logging
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from soulsync_edge.adapters.folder_place import Place, disk_names, opened, place_of, said
from soulsync_edge.adapters.tags_mutagen import MutagenTagReader
from soulsync_edge.domain.affect import Quadrant
from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.hints import Tags, placed_by_hints
from soulsync_edge.domain.track import SkippedFile, Track, track_id
from soulsync_edge.errors import MediaError, Unavailable
from soulsync_edge.programs.printing import let_go_of_stdout
from soulsync_edge.programs.progress_bar import ProgressBar
from soulsync_edge.programs.time_limit import TooSlow, at_most
from soulsync_edge.wire.messages import SCAN_LINES, FileSkipped, ScanFinished, TrackFound

logger = logging.getLogger(__name__)

PLAYED = frozenset(
    ".aac .aif .aifc .aiff .ape .flac .m4a .mp2 .mp3 .mpc "  # noqa: SIM905  # 19 lines otherwise
    ".oga .ogg .opus .spx .tta .wav .wave .wma .wv".split()
)
"""Endings of files that are looked into."""

COMPANIONS = frozenset(
    ".accurip .bmp .cue .db .gif .ini .jpeg .jpg .json .log .lrc "  # noqa: SIM905  # as above
    ".m3u .m3u8 .md5 .nfo .pls .png .sfv .tif .tiff .webp .xspf".split()
)
"""Endings of files that often lie beside music: passed over without a word."""

FILE_LIMIT_S = 2.0
"""Seconds one file may take; more is a damaged file or a dying stick."""

QUIET_S = 5.0
"""Seconds after which an empty line says that the scan goes on, though it found nothing."""

_NICE = 10
"""Below everything that plays; the kernel's idle order for disks follows it."""

_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN})
_MOST_FAULTS_IN_A_ROW = 3
"""Read errors one after another; a bad spot spoils one file, a pulled stick all that follow."""

Found = Track | SkippedFile


def run(folder: Path, *, as_lines: bool = False) -> int:
    """Scan `folder` and write what it holds to stdout; returns the exit status.

    Args:
        folder: Everything below it is looked at; nothing is ever written there.
        as_lines: Write `SCAN_LINES` as they are found, for a program; else a summary at the end.

    Returns 0 when everything was looked at and 1 when the folder could not be read.
    """
    os.nice(_NICE)
    try:
        if as_lines:
            _write_lines(scanned(folder))
        else:
            _write_summary(folder)
    except Unavailable as error:
        logger.error("%s", error)  # noqa: TRY400  # a state of the world: no traceback for people
        return 1
    except BrokenPipeError:
        let_go_of_stdout()
        return 1
    return 0


def scanned(folder: Path) -> Iterator[Found | None]:
    """Yield each track and each skipped file below `folder`; None says that it goes on.

    Links are not followed: one that stays inside leads to what is found anyway, and one that
    leaves the folder could make a stick show the machine's own files.

    Raises:
        Unavailable: The folder cannot be read, or went away meanwhile.
    """
    names = disk_names()
    place = opened(folder, names)
    yield from _Scan(folder.resolve(), names).everything(place)
    try:
        if place_of(folder, names) == place:
            return
    except OSError:
        logger.debug("the library folder %s was lost at the end", folder)
    raise Unavailable(f"the library folder {folder} went away while it was read")


def files_below(folder: Path) -> int:
    """Return of about how many files a scan of `folder` will tell; 0 where it cannot be read."""
    count = 0
    for _, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        count += sum(
            not name.startswith(".") and Path(name).suffix.lower() not in COMPANIONS
            for name in names
        )
    return count


class _Scan:
    """One walk through a folder."""

    def __init__(self, root: Path, names: Mapping[int, str]) -> None:
        self._root = root
        self._names = names
        self._reader = MutagenTagReader()
        self._faults_in_a_row = 0

    def everything(self, place: Place) -> Iterator[Found | None]:
        """Yield what is found from the root down, folder by folder, in order of names."""
        waiting = [(self._root, place)]
        while waiting:
            folder, place = waiting.pop()
            yield None
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                yield self._failed(folder, error)
                continue
            below = []
            for entry in entries:
                path = Path(entry.path)
                if entry.name.startswith("."):  # hidden; also the `._` twins macOS leaves
                    yield None
                elif entry.is_dir(follow_symlinks=False):
                    below.append(path)
                else:
                    yield self._looked_at(path, entry, place)
            waiting += [(path, self._place_of(path, place)) for path in reversed(below)]

    def _place_of(self, folder: Path, above: Place) -> Place:
        """Return where `folder` lies: with the one above it, unless something is mounted here."""
        try:
            same = folder.stat().st_dev == above.device
            return above if same else place_of(folder, self._names)
        except OSError:
            return above  # it cannot be listed either, which is said then

    def _looked_at(self, path: Path, entry: os.DirEntry[str], place: Place) -> Found | None:
        ending = path.suffix.lower()
        if ending in COMPANIONS:
            return None
        if entry.is_symlink():
            is_inside = Path(os.path.realpath(path)).is_relative_to(self._root)
            return None if is_inside else _skipped(path, "is a link that leaves the library folder")
        if not entry.is_file(follow_symlinks=False):
            return _skipped(path, "is no file but a pipe, socket or device")
        if ending not in PLAYED:
            return _skipped(path, "is no music this appliance can play")
        return self._read(path, place)

    def _read(self, path: Path, place: Place) -> Found:
        try:
            with at_most(FILE_LIMIT_S):
                tags = self._reader.read(path)
        except TooSlow:
            return _skipped(path, f"took longer than {FILE_LIMIT_S:g} s to read")
        except MediaError as error:
            if isinstance(error.__cause__, OSError):
                return self._failed(path, error.__cause__)
            self._faults_in_a_row = 0
            return SkippedFile(shown(path), str(error))
        self._faults_in_a_row = 0
        return track_of(path, self._root, place, tags)

    def _failed(self, path: Path, error: OSError) -> SkippedFile:
        """Return `path` as skipped for `error`; raises `Unavailable` when the stick is gone."""
        if error.errno in {errno.EACCES, errno.EPERM, errno.ENOENT}:
            return _skipped(path, f"cannot be opened: {said(error)}")
        self._faults_in_a_row += 1
        if error.errno in _GONE or self._faults_in_a_row >= _MOST_FAULTS_IN_A_ROW:
            raise Unavailable(
                f"the library folder {self._root} stopped answering: {said(error)}"
            ) from error
        return _skipped(path, f"cannot be read: {said(error)}")


def track_of(path: Path, root: Path, place: Place, tags: Tags) -> Track:
    """Return the track at `path`, below `root`; its name fills in what its tags leave out."""
    folders = [shown(part) for part in path.relative_to(root).parts[:-1]]
    artist, title = name_parts(shown(path.stem))
    if not artist and folders:
        artist = folders[-1].partition(" - ")[0] if " - " in folders[-1] else ""
    placed = placed_by_hints(tags, folders)
    return Track(
        track_id=track_id(place.disk, os.fsencode(path.relative_to(place.top))),
        path=str(path),
        title=tags.title or title,
        artist=tags.artist or ("" if tags.title else artist),
        album=tags.album,
        duration_s=tags.duration_s,
        affect=placed.affect,
        affect_spread=placed.spread,
        affect_source=placed.source,
    )


_NUMBER = re.compile(
    r"(?:\d-)?(?:\d{1,3}\s+[-\u2013]\s+|\d{1,3}[.)_-]\s*(?=\D)|0\d\s+)(?=[^\s.)_-])"
)
"""A track number before a name: `03 - `, `03.`, `1-03 `, `03_`, `03 `; not the 99 of a title."""


def name_parts(stem: str) -> tuple[str, str]:
    """Return artist (or nothing) and title from a file name without its ending.

    Knows `03 - Title`, `Artist - Title` and both together.
    """
    name = stem.replace("_", " ") if " " not in stem else stem
    name = " ".join(_NUMBER.sub("", name.strip(), count=1).split()) or stem
    artist, dash, title = name.partition(" - ")
    return (artist, title) if dash and artist and title else ("", name)


def _write_lines(finds: Iterable[Found | None]) -> None:
    """Write each find as a line, at once: the first track is to play before the scan ends."""
    tracks = skipped = 0
    last_s = time.monotonic()
    for found in finds:
        if isinstance(found, Track):
            tracks += 1
            _write(SCAN_LINES.encode(TrackFound(found)))
        elif isinstance(found, SkippedFile):
            skipped += 1
            _write(SCAN_LINES.encode(FileSkipped(found)))
        elif time.monotonic() - last_s < QUIET_S:
            continue
        else:
            _write(b"\n")
        last_s = time.monotonic()
    _write(SCAN_LINES.encode(ScanFinished(tracks, skipped)))


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
    print(f"{quadrants.total()} tracks, {length_s / 60:.1f} minutes; {len(skipped)} files skipped")
    for quadrant in Quadrant:
        print(f"  {quadrants[quadrant.value]:5} {quadrant.value}")
    for file in skipped:
        print(f"skipped {file.path}: {file.reason}")


def _skipped(path: Path, why: str) -> SkippedFile:
    return SkippedFile(shown(path), f"{shown(path.name)} {why}")
