"""Replays a trace: the same events, the same decisions, printed for people."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from soulsync_edge.domain.commands import Command, PlayTrack, SetCamera, SetVolume, StopMusic
from soulsync_edge.domain.events import Event
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.step import step
from soulsync_edge.wire.lines import LineError
from soulsync_edge.wire.messages import TRACE, TraceLine


def run(trace: Path) -> int:
    """Print the decisions of `trace`; return 0 when they equal the recorded ones.

    Returns 1 when a decision differs from the recorded one (the rules have changed since), and
    65 when the file is no trace.
    """
    differing = 0
    try:
        for line, is_as_recorded in decisions(trace):
            sys.stdout.write(line + "\n")
            if not is_as_recorded:
                sys.stdout.write("  differs from what was recorded\n")
                differing += 1
    except BrokenPipeError:
        return 0
    except OSError as error:
        sys.stderr.write(f"{trace} cannot be read: {error.strerror}\n")
        return 65
    except LineError as error:
        sys.stderr.write(f"{trace} is not a trace, or was made by another version: {error}\n")
        return 65
    if differing:
        sys.stderr.write(f"{differing} decisions differ from what was recorded\n")
    return 1 if differing else 0


def decisions(trace: Path) -> Iterator[tuple[str, bool]]:
    """Yield each decision in words, and whether the trace recorded the same.

    Raises:
        OSError: The file cannot be read.
        LineError: A line is no trace line; one cut short at the very end is forgiven, since that
            is what a power cut leaves.
    """
    session, context = Session(), Context()
    begun_s: float | None = None
    for turn in _turns(trace):
        session = turn.session or session
        context = turn.context or context
        event = turn.event
        before = session
        session, commands = step(session, event, context)
        begun_s = event.at_s if begun_s is None else begun_s
        at = f"{event.at_s - begun_s:10.3f} s  "
        if session.mood.word != before.mood.word:
            yield f"{at}mood: {before.mood.word} -> {session.mood.word}", True
        is_same = commands == turn.commands
        for command in commands or ((None,) if not is_same else ()):
            yield at + _words(command, session, context), is_same


@dataclass(slots=True)
class _Turn:
    """An event, what was set before it, and the commands recorded after it."""

    event: Event
    session: Session | None
    context: Context | None
    commands: tuple[Command, ...] = ()


def _turns(trace: Path) -> Iterator[_Turn]:
    session: Session | None = None
    context: Context | None = None
    turn: _Turn | None = None
    for line in _lines(trace):
        if isinstance(line, Session):
            session = line
        elif isinstance(line, Context):
            context = line
        elif isinstance(line, PlayTrack | StopMusic | SetVolume | SetCamera):
            if turn is None:
                raise LineError("a command stands before the first event")
            turn.commands += (line,)
        else:
            if turn is not None:
                yield turn
            turn, session, context = _Turn(line, session, context), None, None
    if turn is not None:
        yield turn


def _lines(trace: Path) -> Iterator[TraceLine]:
    with trace.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield TRACE.decode(line)


def _words(command: Command | None, session: Session, context: Context) -> str:
    match command:
        case PlayTrack():
            track = context.catalogue.by_id.get(command.track_id)
            name = f"“{track.title}”" if track else command.track_id
            begin = f" from {command.start_s:.1f} s" if command.start_s else ""
            why = session.playing.why if session.playing else ""
            return f"play {name}{begin}: {why}"
        case SetVolume():
            return f"volume {command.volume_pct} %"
        case SetCamera():
            return "open the camera" if command.is_on else "close the camera"
        case StopMusic():
            return f"stop: {session.is_silent_for or 'no track'}"
        case None:
            return "nothing"
    assert_never(command)
