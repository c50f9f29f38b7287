"""Which stick or disk a folder lies on, so that a track keeps its name wherever that is mounted."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from soulsync_edge.errors import Unavailable

_BY_UUID = Path("/dev/disk/by-uuid")


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


def place_of(folder: Path, names: Mapping[int, str]) -> Place:
    """Return where `folder` lies; `names` are the file systems' names by device number.

    Raises:
        OSError: The folder is not there.
    """
    folder = folder.resolve(strict=True)
    device = folder.stat().st_dev
    if (name := names.get(device)) is None:
        return Place(str(folder), folder, f"folder {folder}", device)
    top = folder
    while top != top.parent and top.parent.stat().st_dev == device:
        top = top.parent
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


def said(error: Exception) -> str:
    """Return what the system says about `error`, without numbers and names."""
    number = error.errno if isinstance(error, OSError) else None
    return (os.strerror(number) if number else str(error)).lower()
