"""Playlists as M3U files."""

import os
import stat
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from soulsync_edge.domain.track import Track
from soulsync_edge.errors import Unavailable

ENDINGS = (".m3u", ".m3u8")
_MARK = b"#EXTM3U"


def check_target(file: Path) -> None:
    """Make sure that a playlist may be written to `file`: nothing but a playlist is replaced.

    Raises:
        Unavailable: It may not; the message says why.
    """
    try:
        folder, status = file.resolve().parent, _status(file)
        if not folder.is_dir():
            raise _failed(file, f"there is no folder {folder}; make it, or name another")
        if status is None:
            return
        if stat.S_ISDIR(status.st_mode):
            raise _failed(file, "it is a folder; name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise _failed(file, "it is no file; name one")
        if file.suffix.lower() not in ENDINGS and not _begins_as_playlist(file):
            raise _failed(file, "it is there already and no playlist; name another file")
    except (OSError, RuntimeError, ValueError) as error:  # also a ring of links, a NUL in a name
        raise _failed(file, _said(error)) from error


def write_m3u(file: Path, tracks: Sequence[Track], title: str) -> None:
    """Write `tracks` to `file` as an extended M3U playlist in UTF-8; it appears only when whole.

    Tracks below the folder of the playlist are named from there, so that both can be moved
    together; others by their absolute path. A name that UTF-8 or a line cannot hold is written as
    a `file:` address.

    Args:
        file: An older playlist there is replaced.
        tracks: In order; their paths are absolute.
        title: What the playlist is called.

    Raises:
        Unavailable: It cannot be written; the message says why.
    """
    check_target(file)
    file = file.resolve()
    lines = [_MARK, b"#PLAYLIST:" + _line(title)]
    for track in tracks:
        name = f"{track.artist} - {track.title}" if track.artist else track.title
        seconds = round(track.duration_s) or -1  # how M3U says that nobody knows
        lines += [b"#EXTINF:%d," % seconds + _line(name), _place(Path(track.path), file.parent)]
    unfinished = file.with_name(f".soulsync-{os.getpid()}.part")
    try:
        unfinished.write_bytes(b"\n".join(lines) + b"\n")
        unfinished.replace(file)
    except OSError as error:
        raise _failed(file, _said(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _place(path: Path, folder: Path) -> bytes:
    """Return how a playlist in `folder` names the file at `path`."""
    place = path.relative_to(folder) if path.is_relative_to(folder) else path
    text = os.fspath(place)
    # Surrogates stand for bytes that are no UTF-8.
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text):
        return path.as_uri().encode("ascii")
    # A line that began so would be a remark, or lose its spaces.
    return (f"./{text}" if text[0] in "# " else text).encode()


def _line(text: str) -> bytes:
    return " ".join(text.split()).encode(errors="replace")


def _status(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        return None


def _begins_as_playlist(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_MARK)) == _MARK


def _failed(file: Path, why: str) -> Unavailable:
    return Unavailable(f"the playlist {file} cannot be written: {why}")


def _said(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return (os.strerror(number) if number else str(error)).lower()
