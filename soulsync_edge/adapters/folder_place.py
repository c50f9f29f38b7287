"""Which stick or disk a folder lies on, so that a track keeps its name wherever that is mounted."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from soulsync_edge.domain.library import Stick
from soulsync_edge.errors import Unavailable

_BY_UUID = Path("/dev/disk/by-uuid")
_MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a folder lies.

    Attributes:
        disk: Name of its file system where the machine knows one, else the folder's own path.
        top: The folder that paths are counted from to name a track.
        library: Names this folder of this file system: the same after a restart and a remount.
        device: The mount it lies on now; another number means that something else is there.
    """

    disk: str
    top: Path
    library: str
    device: int


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the kernel's table of mounts.

    Attributes:
        point: Where it is mounted.
        inside: Which folder of its file system is seen there; `/` for all of it.
        source: The device, as whoever mounted it wrote it.
    """

    point: Path
    inside: str
    source: str


def disk_names(by_uuid: Path = _BY_UUID) -> dict[int, str]:
    """Return the UUID of each file system by its device number; empty where there are none."""
    names: dict[int, str] = {}
    try:
        for entry in os.scandir(by_uuid):
            names[entry.stat().st_rdev] = entry.name
    except OSError:
        # A container has no such folder, and a stick may be pulled while it is listed.
        return names
    return names


def mounts(table: Path = _MOUNTS) -> list[Mount]:
    """Return what is mounted where, oldest first; empty where the kernel does not tell.

    Source: proc_pid_mountinfo(5).
    """
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        before, _, after = line.partition(b" - ")
        fields, about = before.split(b" "), after.split(b" ")
        if len(fields) > 4 and len(about) > 1:  # noqa: PLR2004  # the fields read below
            inside, point = map(_plain, fields[3:5])
            found.append(Mount(Path(point), inside, _plain(about[1])))
    return found


def place_of(folder: Path, names: Mapping[int, str], table: Path = _MOUNTS) -> Place:
    """Return where `folder` lies; `names` are the file systems' names by device number.

    Raises:
        OSError: The folder is not there.
    """
    folder = folder.resolve(strict=True)
    device = folder.stat().st_dev
    if (name := names.get(device)) is not None:
        top = folder
        while top != top.parent and top.parent.stat().st_dev == device:
            top = top.parent
    elif (seen := _by_its_source(folder, names, table)) is not None:
        name, top = seen
    else:
        return Place(str(folder), folder, f"folder {folder}", device)
    return Place(name, top, f"disk {name} {folder.relative_to(top)}", device)


def opened(folder: Path, names: Mapping[int, str]) -> Place:
    """Return where `folder` lies, after a try to open it; `names` as in `place_of`.

    Raises:
        Unavailable: It is not there, or may not be opened.
    """
    try:
        place = place_of(folder, names)
        os.scandir(folder).close()
    except (OSError, RuntimeError, ValueError) as error:  # also a ring of links, a NUL in a name
        raise Unavailable(
            f"the library folder {folder} cannot be opened: {said(error)}; plug the stick in, or "
            "set another folder"
        ) from error
    return place


def sticks_at(folder: Path, names: Mapping[int, str], table: Path = _MOUNTS) -> tuple[Stick, ...]:
    """Return what lies at `folder` and is mounted below it, by where; `names` as in `place_of`.

    Raises:
        Unavailable: The folder is not there, or may not be opened.
    """
    place = opened(folder, names)
    root = Path(os.path.realpath(folder))
    sticks = {root: stick_of(root, place)}
    for mount in mounts(table):
        hides = any(part.startswith(".") for part in mount.point.parts[len(root.parts) :])
        if mount.point == root or hides or not mount.point.is_relative_to(root):
            continue
        try:
            sticks[mount.point] = stick_of(mount.point, opened(mount.point, names))
        except Unavailable:
            continue  # pulled just now
    return tuple(sticks[point] for point in sorted(sticks))


def stick_of(folder: Path, place: Place) -> Stick:
    """Return the stick that `place` says lies at `folder`."""
    return Stick(place.library, str(folder), place.device)


def said(error: Exception) -> str:
    """Return what the system says about `error`, without numbers and names."""
    number = error.errno if isinstance(error, OSError) else None
    return (os.strerror(number) if number else str(error)).lower()


def _by_its_source(folder: Path, names: Mapping[int, str], table: Path) -> tuple[str, Path] | None:
    """Return name and top of a file system that has no device number of its own, as Btrfs."""
    around = [mount for mount in mounts(table) if folder.is_relative_to(mount.point)]
    if not around:
        return None
    # The innermost; of several at one point, the last hides the others.
    mount = max(reversed(around), key=lambda mount: len(mount.point.parts))
    if not mount.source.startswith("/"):
        return None  # no device: memory, an overlay, a share
    try:
        name = names.get(Path(mount.source).stat().st_rdev)
    except (OSError, ValueError):
        return None
    if name is None:
        return None
    return name + mount.inside.rstrip("/"), mount.point


def _plain(field: bytes) -> str:
    """Return a field of the table without its escapes for spaces and the like."""
    raw = re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code.group(1), 8)]), field)
    return os.fsdecode(raw)
