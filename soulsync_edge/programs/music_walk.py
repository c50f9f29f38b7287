"""A walk through a music folder: what lies there, read or known, and how far it has got."""

import errno
import hashlib
import os
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from soulsync_edge.adapters import tags_mutagen
from soulsync_edge.adapters.folder_place import (
    Place,
    disk_names,
    opened,
    place_of,
    said,
    stick_of,
)
from soulsync_edge.adapters.tags_mutagen import MutagenTagReader
from soulsync_edge.domain import hints
from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.hints import Tags, placed_by_hints
from soulsync_edge.domain.library import Found, FoundAgain, Stick, Unread
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.track import SkippedFile, Track, track_id
from soulsync_edge.errors import MediaError, Unavailable
from soulsync_edge.ports import Clock
from soulsync_edge.programs.tag_reading import FILE_LIMIT_S, TooSlow, WatchedTagReader

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

PROGRESS_S = 0.5
"""Seconds between two words on how far the walk has got."""

_RATE_OVER_S = 10.0
"""Seconds over which the present rate is measured."""

_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN})
_MOST_FAULTS_IN_A_ROW = 3
"""Read errors one after another; a bad spot spoils one file, a pulled stick all that follow."""

Met = Found | FoundAgain | SkippedFile | Unread | Stick | ScanProgress


def walk(
    folder: Path, known: Mapping[str, str] | None = None, clock: Clock = time.monotonic
) -> Iterator[Met | None]:
    """Yield what lies below `folder`; None says that it goes on.

    Before what lies on a stick comes that `Stick`. Links are not followed: one that stays inside
    leads to what is found anyway, and one that leaves the folder could make a stick show the
    machine's own files.

    Args:
        folder: Everything below it is looked at, and nothing written.
        known: Stamps of tracks by `track_id`: a file with that stamp is not read.
        clock: Paces and measures progress.

    Raises:
        Unavailable: The folder cannot be read, or something in it went away meanwhile.
    """
    names = disk_names()
    place = opened(folder, names)
    one = _Walk(folder.resolve(), names, known or {}, clock)
    try:
        yield from one.everything(place)
    finally:
        one.close()
    one.check_places()


def files_below(folder: Path) -> int:
    """Return of about how many files a walk will tell; 0 where the folder cannot be read."""
    return sum(_files_in_each(folder))


def _files_in_each(folder: Path) -> Iterator[int]:
    """Yield of about how many files in each folder below `folder` a walk will tell."""
    for _, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield sum(
            not name.startswith(".") and Path(name).suffix.lower() not in COMPANIONS
            for name in names
        )


class _Walk:
    """One walk through a folder."""

    def __init__(
        self, root: Path, names: Mapping[int, str], known: Mapping[str, str], clock: Clock
    ) -> None:
        self._root = root
        self._names = names
        self._known = known
        self._reading = _reading()
        self._reader = WatchedTagReader(MutagenTagReader())
        self._faults_in_a_row = 0
        self._places: dict[Path, Place] = {}
        self._progress = _Progress(root, clock)

    def close(self) -> None:
        self._reader.close()

    def everything(self, place: Place) -> Iterator[Met | None]:
        """Yield what is found from the root down, folder by folder, in order of names."""
        self._places[self._root] = place
        waiting = [(self._root, self._root)]  # each with the top of its stick
        entered = None
        while waiting:
            folder, top = waiting.pop()
            if top != entered:
                entered = top
                yield stick_of(top, self._places[top])
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
                    yield self._looked_at(path, entry, top)
                    yield self._progress.so_far()
            waiting += [(path, self._top_of(path, top)) for path in reversed(below)]

    def check_places(self) -> None:
        """Raise `Unavailable` unless every stick that was met is still there."""
        for folder, place in self._places.items():
            try:
                if place_of(folder, self._names) == place:
                    continue
            except OSError:
                pass
            raise Unavailable(f"the library folder {folder} went away while it was read")

    def _top_of(self, folder: Path, above: Path) -> Path:
        """Return the top of the stick `folder` lies on: another one if it is mounted here."""
        try:
            if folder.stat().st_dev == self._places[above].device:
                return above
            place = place_of(folder, self._names)
        except OSError:
            return above  # it cannot be listed either, which is said then
        known = self._places[above]
        if (place.disk, place.top) == (known.disk, known.top):
            return above  # a part of it with a number of its own, as Btrfs has
        self._places[folder] = place
        return folder

    def _looked_at(self, path: Path, entry: os.DirEntry[str], top: Path) -> Met | None:
        ending = path.suffix.lower()
        if ending in COMPANIONS:
            return None
        self._progress.done += 1
        if entry.is_symlink():
            is_inside = Path(os.path.realpath(path)).is_relative_to(self._root)
            return None if is_inside else _skipped(path, "is a link that leaves the library folder")
        if not entry.is_file(follow_symlinks=False):
            return _skipped(path, "is no file but a pipe, socket or device")
        if ending not in PLAYED:
            return _skipped(path, "is no music this appliance can play")
        return self._recognised(path, entry, self._places[top])

    def _recognised(self, path: Path, entry: os.DirEntry[str], place: Place) -> Met:
        """Return the track at `path`, read only if it is not known as it is."""
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            return self._failed(path, error)
        stamp = f"{status.st_size:x}-{status.st_mtime_ns:x}-{self._reading}"
        name = track_id(place.disk, os.fsencode(path.relative_to(place.top)))
        return FoundAgain(name) if self._known.get(name) == stamp else self._read(path, name, stamp)

    def _read(self, path: Path, name: str, stamp: str) -> Met:
        try:
            tags = self._reader.read(path)
        except TooSlow:
            return Unread(_skipped(path, f"took longer than {FILE_LIMIT_S:g} s to read"))
        except MediaError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno is not None:
                return self._failed(path, error.__cause__)
            self._faults_in_a_row = 0
            return SkippedFile(shown(path), str(error))
        self._faults_in_a_row = 0
        return Found(track_of(path, self._root, name, tags), stamp)

    def _failed(self, path: Path, error: OSError) -> SkippedFile | Unread:
        """Return `path` as skipped for `error`; raises `Unavailable` when the stick is gone."""
        if error.errno in {errno.EACCES, errno.EPERM}:
            return _skipped(path, f"cannot be opened: {said(error)}")
        if error.errno == errno.ENOENT:
            self._check_listed(path)
            return Unread(_skipped(path, f"cannot be opened: {said(error)}"))
        self._faults_in_a_row += 1
        if error.errno in _GONE or self._faults_in_a_row >= _MOST_FAULTS_IN_A_ROW:
            raise Unavailable(
                f"the library folder {self._root} stopped answering: {said(error)}"
            ) from error
        return Unread(_skipped(path, f"cannot be read: {said(error)}"))

    def _check_listed(self, path: Path) -> None:
        """Raise `Unavailable` when what was listed is gone: a stick was pulled, or files moved.

        What is listed still, but cannot be found, has a name its file system cannot handle.
        """
        try:
            if any(entry.name == path.name for entry in os.scandir(path.parent)):
                return
        except OSError:
            pass
        raise Unavailable(f"the library folder {self._root} changed while it was read")


class _Progress:
    """How far a walk has got; what there is to do is counted folder by folder on the way."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.done = 0
        self._total = 0
        self._uncounted: Iterator[int] | None = _files_in_each(root)
        self._clock = clock
        self._lately = deque([(clock(), 0)])

    def so_far(self) -> ScanProgress | None:
        """Return how far it is, now and then; counts on meanwhile."""
        if self._uncounted is not None:
            if (more := next(self._uncounted, None)) is None:
                self._uncounted = None
            else:
                self._total += more
        now_s = self._clock()
        if now_s < self._lately[-1][0] + PROGRESS_S:
            return None
        self._lately.append((now_s, self.done))
        while self._lately[1][0] < now_s - _RATE_OVER_S:
            self._lately.popleft()
        since_s, before = self._lately[0]
        rate_hz = (self.done - before) / (now_s - since_s)
        total = None if self._uncounted is not None else max(self._total, self.done)
        left_s = None if total is None or not rate_hz else (total - self.done) / rate_hz
        return ScanProgress(self.done, total, rate_hz, left_s)


def track_of(path: Path, root: Path, name: str, tags: Tags) -> Track:
    """Return the track at `path`, below `root`; its name fills in what its tags leave out."""
    folders = [shown(part) for part in path.relative_to(root).parts[:-1]]
    artist, title = name_parts(shown(path.stem))
    if not artist and folders:
        artist = folders[-1].partition(" - ")[0] if " - " in folders[-1] else ""
    placed = placed_by_hints(tags, folders)
    return Track(
        track_id=name,
        path=str(path),
        title=tags.title or title,
        artist=tags.artist or ("" if tags.title else artist),
        album=tags.album,
        duration_s=tags.duration_s,
        affect=placed.affect,
        affect_spread=placed.spread,
        affect_source=placed.source,
        year=tags.year,
        replay_gain_db=tags.replay_gain_db,
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


def _reading() -> str:
    """Name the way files are read: another one, and what was read before is read again."""
    digest = hashlib.blake2b(version("mutagen").encode(), digest_size=4)
    for source in (__file__, hints.__file__, tags_mutagen.__file__):
        digest.update(Path(source).read_bytes())
    return digest.hexdigest()


def _skipped(path: Path, why: str) -> SkippedFile:
    return SkippedFile(shown(path), f"{shown(path.name)} {why}")
