"""Replays a trace: the same events, the same decisions, printed for people."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from soulsync_edge.domain.commands import (
    Command,
    PlayTone,
    PlayTrack,
    SetCamera,
    SetVolume,
    StopMusic,
)
from soulsync_edge.domain.events import Event
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.step import step
from soulsync_edge.wire.context_changes import ContextChanged, context_after
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
    begun_s: float | None = None
    for turn in turns(trace):
        begun_s = turn.event.at_s if begun_s is None else begun_s
        at = f"{turn.event.at_s - begun_s:10.3f} s  "
        if turn.after.mood.word != turn.before.mood.word:
            yield f"{at}mood: {turn.before.mood.word} -> {turn.after.mood.word}", True
        if turn.before.resume is not None and _goes_on(turn):
            yield f"{at}{_title(turn.after, turn.context)} goes on: {_why(turn.after)}", True
        is_same = turn.decided == turn.recorded
        for command in turn.decided or ((None,) if not is_same else ()):
            yield at + _words(command, turn.after, turn.context), is_same


@dataclass(frozen=True, slots=True)
class Turn:
    """One event of a trace, decided again.

    Attributes:
        event: What happened.
        before: The session before it.
        after: The session after it.
        context: What it was judged by.
        recorded: The commands the trace says it led to.
        decided: The commands it leads to now.
    """

    event: Event
    before: Session
    after: Session
    context: Context
    recorded: tuple[Command, ...]
    decided: tuple[Command, ...]


def turns(trace: Path) -> Iterator[Turn]:
    """Yield every event of `trace` with what it led to, then and now.

    Raises:
        OSError: The file cannot be read.
        LineError: As `decisions` raises it.
    """
    lines = _lines(trace)
    session = _session_in(next(lines, None))
    context = Context()
    turn: Turn | None = None
    for line in lines:
        if isinstance(line, Session):
            raise LineError("a second session begins in it")
        if isinstance(line, Context | ContextChanged):
            context = context_after(context, line)
        elif isinstance(line, PlayTrack | StopMusic | SetVolume | PlayTone | SetCamera):
            if turn is None:
                raise LineError("a command stands before the first event")
            turn = replace(turn, recorded=(*turn.recorded, line))
        else:
            if turn is not None:
                yield turn
            after, decided = step(session, line, context)
            turn = Turn(line, session, after, context, (), decided)
            session = after
    if turn is not None:
        yield turn


def _session_in(first: TraceLine | None) -> Session:
    if not isinstance(first, Session):
        raise LineError("it is empty" if first is None else "it does not begin with a session")
    return first


def _lines(trace: Path) -> Iterator[TraceLine]:
    with trace.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield TRACE.decode(line)


def _goes_on(turn: Turn) -> bool:
    """Return whether what the voice played all along is taken as the appliance's own."""
    is_ordered = any(isinstance(command, PlayTrack) for command in turn.decided)
    playing = turn.after.playing
    return turn.after.resume is None and playing is not None and playing.is_heard and not is_ordered


def _title(session: Session, context: Context) -> str:
    track_id = session.playing.track_id if session.playing else ""
    track = context.catalogue.by_id.get(track_id)
    return f"“{track.title}”" if track else track_id


def _why(session: Session) -> str:
    return session.playing.why if session.playing else ""


def _words(command: Command | None, session: Session, context: Context) -> str:
    match command:
        case PlayTrack():
            how = ", ".join(_how(command))
            return f"play {_title(session, context)}{how and f' ({how})'}: {_why(session)}"
        case PlayTone():
            return "play a tone"
        case SetVolume():
            return f"volume {command.volume_pct} %"
        case SetCamera():
            return "open the camera" if command.is_on else "close the camera"
        case StopMusic():
            within = f" within {command.fade_s:g} s" if command.fade_s else ""
            return f"stop{within}: {session.is_silent_for or 'no track'}"
        case None:
            return "nothing"
    assert_never(command)


def _how(order: PlayTrack) -> Iterator[str]:
    """Yield in words what is special about how a track is to be played."""
    if order.start_s:
        yield f"from {order.start_s:.1f} s"
    if order.is_seamless:
        yield "without a gap"
    if order.fade_s:
        yield f"fading over {order.fade_s:g} s"
    if order.gain_db:
        yield f"{order.gain_db:+.1f} dB"
