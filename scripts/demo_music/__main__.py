"""Makes the demo music: `python -m scripts.demo_music --out build/demo-music`."""

import argparse
import errno
import os
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import FrameType

from scripts.demo_music.shelf import Entry, Shelf, content_version, entries

_WORKERS = 2
_WHOLE_SIZE_MB = 80  # all files and a margin; `du -sm build/demo-music` after a run


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is missing and return the exit status.

    0 done, 69 a library is missing, 71 a renderer was killed, 73 the folder
    cannot be written, 74 the disk is full, 130 interrupted, 143 terminated.
    """
    options = _parser().parse_args(arguments)
    if options.list:
        return _list()
    folder: Path = options.out
    version = content_version()
    try:
        return _make(folder, version, options.only)
    except ModuleNotFoundError as error:
        return _fail(
            f"the library {error.name} is missing; `make setup` installs it.", os.EX_UNAVAILABLE
        )
    except OSError as error:
        return _explain(error, folder)
    except BrokenProcessPool:
        return _fail(
            "a renderer was stopped from outside, perhaps for lack of memory. "
            "Finished pieces are kept; run again to go on.",
            os.EX_OSERR,
        )
    except KeyboardInterrupt:
        return _fail(
            "interrupted. Finished pieces are kept; run again to go on.", 128 + signal.SIGINT
        )


def _parser() -> argparse.ArgumentParser:
    count = len(entries())
    parser = argparse.ArgumentParser(
        prog="python -m scripts.demo_music",
        description=f"Render the {count} demo pieces of SoulSync Edge, with tags and a truth file.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build/demo-music"),
        help="folder to fill (default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        type=int,
        nargs="+",
        choices=range(1, count + 1),
        metavar="N",
        help=f"render only these numbers, 1 to {count}, even if they are there",
    )
    parser.add_argument("--list", action="store_true", help="print the programme and stop")
    return parser


def _list() -> int:
    for entry in entries():
        piece = entry.piece
        mode = f"{piece.key} {piece.mode}"
        print(
            f"{entry.number:2d}  {entry.album:15s} {piece.title:24s} {piece.tempo_bpm:3d} BPM  "
            f"{mode:20s} valence {piece.valence:+.2f} arousal {piece.arousal:+.2f}"
        )
    return os.EX_OK


def _make(folder: Path, version: str, only: Sequence[int] | None) -> int:
    shelf = Shelf(folder, version)
    everything = [entry.number for entry in entries()]
    wanted = list(dict.fromkeys(only)) if only else shelf.missing(everything)
    if not wanted:
        if not shelf.has_truth:
            shelf.finish()
        print(f"demo music: already rendered, {len(shelf.done)} pieces in {folder}")
        return os.EX_OK
    folder.mkdir(parents=True, exist_ok=True)
    _render(shelf, folder, version, wanted)
    return os.EX_OK


def _render(shelf: Shelf, folder: Path, version: str, wanted: Sequence[int]) -> None:
    # One maths thread per process: two processes already fill two cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _terminate)
    from scripts.demo_music.encoding import can_write_mp3  # noqa: PLC0415  slow to load
    from scripts.demo_music.work import render_all  # noqa: PLC0415  slow to load

    has_mp3 = can_write_mp3()
    if not has_mp3:
        print("demo music: the installed libsndfile cannot write MP3; those pieces become FLAC.")
    listed = [entry for entry in entries(has_mp3=has_mp3) if entry.number in wanted]
    print(
        f"demo music: rendering {len(listed)} pieces into {folder} (about a minute for all of them)"
    )
    started_s = time.monotonic()
    # Long pieces first, so that both processes end together.
    longest_first = sorted(listed, key=_work, reverse=True)
    workers = min(_WORKERS, os.cpu_count() or 1)
    for count, rendered in enumerate(render_all(longest_first, folder, version, workers), 1):
        shelf.note(rendered)
        print(f"  [{count:2d}/{len(listed)}] {rendered.path}  {rendered.seconds:.0f} s", flush=True)
    shelf.finish()
    print(f"demo music: {len(shelf.done)} pieces in {folder}, {time.monotonic() - started_s:.0f} s")


def _work(entry: Entry) -> int:
    """Return roughly how long a piece takes to render: its number of parts."""
    return len(entry.piece.parts)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _explain(error: OSError, folder: Path) -> int:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _fail(
            f"the disk of {folder} is full. Free about {_WHOLE_SIZE_MB} MB and run again; "
            "finished pieces are kept.",
            os.EX_IOERR,
        )
    return _fail(
        f"cannot write to {folder}: {error.strerror or error}. Choose another folder with --out.",
        os.EX_CANTCREAT,
    )


def _fail(message: str, status: int) -> int:
    print(f"demo music: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
