"""The folder of finished files: what belongs there, what is there, and the truth about it.

Only the standard library and the programme are needed here, so that finding
everything in place takes a moment and not the start of a synthesiser.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.demo_music import theory
from scripts.demo_music.piece import Piece
from scripts.demo_music.pieces import ALBUMS, PROGRAMME

TRUTH_NAME = "pieces.json"
_LEDGER_NAME = ".rendered.json"
_KINDS = ("flac", "ogg", "mp3")


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece's place: its number in the programme, its track on its album, its file kind."""

    number: int
    track: int
    tracks: int
    piece: Piece
    kind: str

    @property
    def album(self) -> str:
        return ALBUMS[self.piece.quadrant]

    @property
    def path(self) -> str:
        """The file's path inside the folder, with forward slashes."""
        return f"{self.album}/{self.track:02d} {self.piece.title}.{self.kind}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished file."""

    number: int
    path: str
    size_bytes: int
    seconds: float


def entries(programme: Sequence[Piece] = PROGRAMME, *, has_mp3: bool = True) -> list[Entry]:
    """Return the place of every piece; without an MP3 encoder, FLAC takes its place."""
    listed: list[Entry] = []
    for number, piece in enumerate(programme, 1):
        album = [other for other in programme if other.quadrant == piece.quadrant]
        kind = _KINDS[(number - 1) % len(_KINDS)]
        if kind == "mp3" and not has_mp3:
            kind = "flac"
        listed.append(Entry(number, album.index(piece) + 1, len(album), piece, kind))
    return listed


def content_version() -> str:
    """Return a digest of the code and scores that decide how the music sounds."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for source in sorted(root.rglob("*.py")):
        digest.update(source.relative_to(root).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


class Shelf:
    """A folder of rendered pieces and the ledger of what is finished in it.

    Files appear under their final name only when whole, and the ledger is
    written after them: whatever it lists with the right size is good, and an
    interrupted run goes on where it stopped.
    """

    def __init__(self, folder: Path, version: str) -> None:
        self._folder = folder
        self._version = version
        self._done: dict[int, Rendered] = {}
        self._outdated: set[str] = set()
        self._read_ledger()

    @property
    def done(self) -> tuple[Rendered, ...]:
        """The finished pieces of this version, in the programme's order."""
        return tuple(self._done[number] for number in sorted(self._done))

    @property
    def has_truth(self) -> bool:
        return (self._folder / TRUTH_NAME).is_file()

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Return which of the numbers still have to be rendered."""
        return [number for number in numbers if number not in self._done]

    def put(self, number: int, path: str, content: bytes, seconds: float) -> Rendered:
        """Write a finished file; it takes its name once it is whole. Used by the workers.

        Raises:
            OSError: the folder cannot be written, or the disk is full.
        """
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(target, content)
        return Rendered(number, path, len(content), seconds)

    def note(self, rendered: Rendered) -> None:
        """Remember a finished file."""
        earlier = self._done.get(rendered.number)
        if earlier is not None and earlier.path != rendered.path:
            self._outdated.add(earlier.path)
        self._done[rendered.number] = rendered
        self._write_ledger()

    def finish(self) -> None:
        """Remove files of earlier versions and leftovers, and write the truth about the rest."""
        current = {rendered.path for rendered in self._done.values()}
        for path in self._outdated - current:
            (self._folder / path).unlink(missing_ok=True)
        self._outdated.clear()
        for leftover in self._folder.glob("*/.*.part"):
            leftover.unlink(missing_ok=True)
        self._write_ledger()
        _write_whole(self._folder / TRUTH_NAME, _json(self.truth()))

    def truth(self) -> list[dict[str, str | int | float]]:
        """Return what each finished piece was composed to be."""
        return [_truth(rendered) for rendered in self.done]

    def _read_ledger(self) -> None:
        try:
            ledger = json.loads((self._folder / _LEDGER_NAME).read_text(encoding="utf-8"))
            listed = [Rendered(**row) for row in ledger["files"]]
            self._outdated = {str(path) for path in ledger["outdated"]}
            is_current = ledger["version"] == self._version
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return  # no ledger, or not one of ours: everything is rendered again
        for rendered in listed:
            if is_current and self._is_whole(rendered):
                self._done[rendered.number] = rendered
            else:
                self._outdated.add(rendered.path)

    def _is_whole(self, rendered: Rendered) -> bool:
        target = self._folder / rendered.path
        return target.is_file() and target.stat().st_size == rendered.size_bytes

    def _write_ledger(self) -> None:
        rows = [
            {
                "number": rendered.number,
                "path": rendered.path,
                "size_bytes": rendered.size_bytes,
                "seconds": rendered.seconds,
            }
            for rendered in self.done
        ]
        ledger = {"version": self._version, "files": rows, "outdated": sorted(self._outdated)}
        _write_whole(self._folder / _LEDGER_NAME, _json(ledger))


def _truth(rendered: Rendered) -> dict[str, str | int | float]:
    piece = PROGRAMME[rendered.number - 1]
    return {
        "path": rendered.path,
        "title": piece.title,
        "album": ALBUMS[piece.quadrant],
        "quadrant": piece.quadrant,
        "valence": piece.valence,
        "arousal": piece.arousal,
        "tempo_bpm": piece.tempo_bpm,
        "key": piece.key,
        "mode": piece.mode,
        "initial_key": theory.initial_key(piece.key, piece.mode),
        "seconds": rendered.seconds,
        "seed": piece.seed,
    }


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _write_whole(target: Path, content: bytes) -> None:
    """Write beside the target, then rename: nobody ever sees half a file."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
