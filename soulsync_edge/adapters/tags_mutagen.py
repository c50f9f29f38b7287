"""Tags of music files, read with mutagen."""

import errno
import io
import math
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import mutagen
from mutagen.asf import ASFTags
from mutagen.id3 import ID3
from mutagen.mp4 import MP4Tags

from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.hints import Tags
from soulsync_edge.errors import MediaError

MOST_READ = 16 * 1024 * 1024
"""Bytes of one file that are read for its tags; only huge pictures ask for more."""

_LONGEST_TEXT = 300
"""Characters of a title or name that are kept: more fits no page and no broker."""

_MOST_TEXTS = 16
"""Genres or moods of one file that are kept."""

_SLOWEST_BPM, _FASTEST_BPM = 20.0, 400.0
"""Beats per minute; anything outside is a slip of whoever tagged, or a zero for unknown."""

_MOST_GAIN_DB = 40.0
"""No music is this far from -18 LUFS: what lies beyond is a slip."""

_R128_STEPS_PER_DB = 256.0
_R128_BELOW_DB = 5.0
"""R128 gains count in 256ths of a dB towards -23 LUFS, 5 dB below what ReplayGain aims at.
Source: RFC 7845, section 5.2.1; ReplayGain 2.0 specification."""

_BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""They would let a title turn the words around it on a page."""

_Names = Mapping[str, tuple[str, ...]]

_ID3: _Names = {
    "title": ("TIT2",),
    "artist": ("TPE1", "TPE2"),
    "album": ("TALB",),
    "genres": ("TCON",),
    "moods": ("TMOO", "TXXX:MOOD", "TXXX:Mood", "TXXX:mood"),
    "tempo": ("TBPM", "TXXX:BPM", "TXXX:bpm"),
    "key": ("TKEY", "TXXX:INITIALKEY", "TXXX:initialkey", "TXXX:KEY", "TXXX:key"),
    "year": ("TDRC", "TDOR", "TXXX:YEAR", "TXXX:year"),
    "gain": ("TXXX:replaygain_track_gain", "TXXX:REPLAYGAIN_TRACK_GAIN", "RVA2:track"),
}
_MP4: _Names = {
    "title": ("\xa9nam",),
    "artist": ("\xa9ART", "aART"),
    "album": ("\xa9alb",),
    "genres": ("\xa9gen",),
    "moods": ("----:com.apple.iTunes:MOOD", "----:com.apple.iTunes:mood"),
    "tempo": ("tmpo", "----:com.apple.iTunes:BPM"),
    "key": (
        "----:com.apple.iTunes:initialkey",
        "----:com.apple.iTunes:INITIALKEY",
        "----:com.apple.iTunes:KEY",
    ),
    "year": ("\xa9day",),
    "gain": (
        "----:com.apple.iTunes:replaygain_track_gain",
        "----:com.apple.iTunes:REPLAYGAIN_TRACK_GAIN",
    ),
}
_ASF: _Names = {
    "title": ("Title",),
    "artist": ("Author", "WM/AlbumArtist"),
    "album": ("WM/AlbumTitle",),
    "genres": ("WM/Genre",),
    "moods": ("WM/Mood",),
    "tempo": ("WM/BeatsPerMinute",),
    "key": ("WM/InitialKey",),
    "year": ("WM/Year", "WM/OriginalReleaseYear"),
    "gain": ("replaygain_track_gain", "REPLAYGAIN_TRACK_GAIN"),
}
_NAMED: _Names = {  # Vorbis comments and APE tags: free names, upper and lower case alike
    "title": ("title",),
    "artist": ("artist", "albumartist", "album artist"),
    "album": ("album",),
    "genres": ("genre",),
    "moods": ("mood",),
    "tempo": ("bpm", "tempo"),
    "key": ("initialkey", "key"),
    "year": ("date", "year", "originaldate"),
    "gain": ("replaygain_track_gain",),
    "r128": ("r128_track_gain",),
}


class _TooMuchError(Exception):
    """The tags of a file hold more than is worth reading."""


class _Frugal(io.FileIO):
    """A file of which at most `MOST_READ` bytes are read; a pipe or device is not waited for.

    Attributes:
        size: Bytes in the file.

    Raises:
        MediaError: It is no regular file.
    """

    def __init__(self, path: Path) -> None:
        # As text: mutagen takes its first guess at the format from the name of the open file.
        super().__init__(os.fspath(path), "rb", opener=_open_without_waiting)
        self._left = MOST_READ
        status = os.fstat(self.fileno())
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise MediaError(f"{shown(path.name)} is not a file")
        self.size = status.st_size

    def read(self, size: int | None = -1, /) -> bytes:
        rest = max(self.size - self.tell(), 0)
        wanted = rest if size is None or size < 0 else min(size, rest)
        if wanted > self._left:
            raise _TooMuchError
        self._left -= wanted
        return super().read(wanted) or b""


class MutagenTagReader:
    """A `TagReader` for all that mutagen knows: MP3, FLAC, Ogg, Opus, MP4, WAV, AIFF, WMA, APE.

    Tags larger than `MOST_READ` are left unread, and such a file says nothing about itself.
    """

    def read(self, path: Path) -> Tags:
        try:
            with closing(_Frugal(path)) as file:
                if not file.size:
                    raise MediaError(f"{shown(path.name)} is empty")
                return _read(path, file)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise MediaError(f"{shown(path.name)} cannot be read: {reason.lower()}") from error


def _open_without_waiting(name: str, flags: int) -> int:
    # Opening a pipe to read would block until someone writes to it.
    return os.open(name, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _read(path: Path, file: _Frugal) -> Tags:
    try:
        music: Any = mutagen.File(file)
    except (_TooMuchError, MemoryError):  # a picture or a frame that unpacks to all there is
        return Tags()
    except Exception as error:
        # Damaged files make mutagen raise far more than its own errors (struct, index, value,
        # memory ...), and a stick's read errors may come wrapped in them.
        if (cause := _io_error(error)) is not None:
            raise cause from error
        raise MediaError(f"{shown(path.name)} is damaged, or no music") from error
    if music is None:
        raise MediaError(f"{shown(path.name)} is no music this appliance can play")
    return _tags_of(music)


def _io_error(error: BaseException) -> OSError | None:
    """Return the read error of the device behind `error`, or None when it has another cause."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in {errno.EIO, errno.ENODEV, errno.ENXIO}:
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _tags_of(music: Any) -> Tags:  # a mutagen file
    tags, names = music.tags, _names_for(music.tags)
    duration_s = float(getattr(music.info, "length", 0.0) or 0.0)
    return Tags(
        title=_first(_texts(tags, names["title"])),
        artist=", ".join(_texts(tags, names["artist"])[:3]),
        album=_first(_texts(tags, names["album"])),
        genres=_texts(tags, names["genres"]),
        moods=_texts(tags, names["moods"]),
        tempo_bpm=_tempo_bpm(_texts(tags, names["tempo"])),
        key=_first(_texts(tags, names["key"]))[:20],
        duration_s=duration_s if math.isfinite(duration_s) and duration_s > 0 else 0.0,
        year=_year(_texts(tags, names["year"])),
        replay_gain_db=_replay_gain_db(
            _texts(tags, names["gain"]), _texts(tags, names.get("r128", ()))
        ),
    )


def _names_for(tags: Any) -> _Names:  # some kind of mutagen tags
    for kind, names in ((ID3, _ID3), (MP4Tags, _MP4), (ASFTags, _ASF)):
        if isinstance(tags, kind):
            return names
    return _NAMED


def _texts(tags: Any, names: Iterable[str]) -> tuple[str, ...]:  # some kind of mutagen tags
    """Return the texts under the first of `names` that holds any."""
    for name in names:
        value = None if tags is None else tags.get(name)
        if value is None:
            continue
        if name == "TCON":
            value = value.genres  # resolves the numbers old taggers wrote
        elif hasattr(value, "text"):
            value = value.text
        elif hasattr(value, "gain"):
            value = value.gain  # of ID3's own relative volume, in dB
        many = value if isinstance(value, list | tuple) else [value]
        if texts := tuple(filter(None, map(_clean, _flat(many)))):
            return texts[:_MOST_TEXTS]
    return ()


def _flat(values: Iterable[Any]) -> Iterable[str]:  # texts, bytes and what mutagen wraps them in
    for value in values:
        text = bytes(value).decode(errors="replace") if isinstance(value, bytes) else str(value)
        yield from text.split("\0")  # how ID3 and APE write several in one


def _clean(text: str) -> str:
    """Return `text` fit for a page: one line, no control characters, not too long."""
    shown = "".join(
        " " if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char
        for char in text[: _LONGEST_TEXT * 4]
        if char not in _BIDI_CONTROLS
    )
    return " ".join(shown.split())[:_LONGEST_TEXT]


def _first(texts: tuple[str, ...]) -> str:
    return texts[0] if texts else ""


def _tempo_bpm(texts: tuple[str, ...]) -> float | None:
    if not (number := re.search(r"\d+(?:[.,]\d+)?", _first(texts))):
        return None
    tempo_bpm = float(number.group().replace(",", "."))
    return tempo_bpm if _SLOWEST_BPM <= tempo_bpm <= _FASTEST_BPM else None


def _year(texts: tuple[str, ...]) -> int | None:
    """Return the year of a date, however it is written: `1999-05-01`, `01/05/1999`, `19990501`."""
    found = re.search(r"(?<!\d)(1\d{3}|20\d{2})(?:\d{4})?(?!\d)", _first(texts))
    return int(found.group(1)) if found else None


def _replay_gain_db(gain: tuple[str, ...], r128: tuple[str, ...]) -> float | None:
    """Return the gain towards -18 LUFS, from a ReplayGain in dB or an R128 gain."""
    if (gain_db := _number(gain)) is None and (steps := _number(r128)) is not None:
        gain_db = steps / _R128_STEPS_PER_DB + _R128_BELOW_DB
    return gain_db if gain_db is not None and abs(gain_db) <= _MOST_GAIN_DB else None


def _number(texts: tuple[str, ...]) -> float | None:
    """Return the number a text begins with, point or comma, with its sign."""
    found = re.match(r"\s*([+-]?\s*(?:\d{1,9}(?:[.,]\d{0,9})?|[.,]\d{1,9}))", _first(texts))
    return float(re.sub(r"\s", "", found.group(1)).replace(",", ".")) if found else None
