"""`scripts.bench.trace`: what core writes is seen once, in order, and waited for."""

from pathlib import Path

import pytest

from scripts.bench.stamped_voice import read_stamps
from scripts.bench.trace import Trace
from soulsync_edge.domain.events import NobodySeen, SkipRequested, Tick
from soulsync_edge.errors import Unavailable
from soulsync_edge.wire.messages import TRACE, TraceLine


def write(path: Path, *lines: TraceLine) -> None:
    with path.open("ab") as file:
        file.writelines(TRACE.encode(line) for line in lines)


def never_in_vain() -> None:
    """Let the trace go on waiting."""


def test_lines_are_returned_once_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    trace = Trace(path, never_in_vain)
    write(path, Tick(1.0, 0), NobodySeen(1.2), SkipRequested(1.5), Tick(2.0, 0))

    assert trace.next_of(SkipRequested).at_s == 1.5
    assert trace.next_of(Tick).at_s == 2.0
    assert trace.looks_s == [1.2]


def test_what_is_written_while_waiting_is_found(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    write(path, Tick(1.0, 0))
    waits = []

    def write_while_waiting() -> None:
        waits.append(path)
        # Half a line first: it must not be taken for a whole one.
        line = TRACE.encode(Tick(2.0, 0))
        half = line[:10] if len(waits) == 1 else line[10:]
        with path.open("ab") as file:
            file.write(half)

    trace = Trace(path, write_while_waiting)

    assert trace.next_of(Tick, lambda tick: tick.at_s >= 2.0).at_s == 2.0
    assert len(waits) == 2


def test_waiting_in_vain_ends_and_says_for_what(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "none.jsonl", never_in_vain, lambda: "; last words")

    with pytest.raises(Unavailable, match=r"no SkipRequested within 0 s; last words"):
        trace.next_of(SkipRequested, within_s=0.0)


def test_waiting_ends_at_once_when_it_is_checked_to_be_in_vain(tmp_path: Path) -> None:
    def voice_is_gone() -> None:
        raise Unavailable("voice ended with status 1")

    trace = Trace(tmp_path / "none.jsonl", voice_is_gone)

    with pytest.raises(Unavailable, match="voice ended"):
        trace.next_of(Tick)


def test_stamps_keep_paths_with_spaces_and_any_bytes(tmp_path: Path) -> None:
    stamps = tmp_path / "stamps.txt"
    stamps.write_bytes(b"12.25 /music/01 A song.flac\n13.5 /music/\xff.mp3\n")

    assert read_stamps(stamps) == [
        (12.25, "/music/01 A song.flac"),
        (13.5, "/music/\udcff.mp3"),
    ]
