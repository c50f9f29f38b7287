"""Writes the traces again after what they hold got new fields: `python -m tests.renewed_traces`.

Fields that are missing take their defaults, ones that are gone are dropped, and what the events
lead to is decided anew. Where another track is chosen than before, it takes its place in what the
voice said of it.
"""

import dataclasses
import json
import sys
import types
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from soulsync_edge.domain.commands import Command, PlayTrack
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.step import step
from soulsync_edge.programs.replay import decisions
from soulsync_edge.wire.context_changes import ContextChanged, context_after
from soulsync_edge.wire.messages import TRACE, TraceLine

TRACES = Path(__file__).parent / "traces"
KINDS: dict[str, Any] = {kind.__name__: kind for kind in get_args(TraceLine)}
COMMANDS = {kind.__name__ for kind in get_args(Command)}


def renew(trace: Path) -> None:
    """Write `trace`, and the text beside it, as the appliance of today would."""
    session, context = Session(), Context()
    written: list[bytes] = []
    now_called: dict[str, str] = {}
    chosen = ""
    for raw in trace.read_bytes().splitlines():
        body = json.loads(raw)
        kind = body.pop("kind")
        if kind in COMMANDS:
            if kind == PlayTrack.__name__ and chosen:
                now_called[body["track_id"]] = chosen
            continue
        if kind.startswith("Track"):
            body["track_id"] = now_called.get(body["track_id"], body["track_id"])
        whole = {"kind": kind} | _whole(KINDS[kind], body)
        line = TRACE.decode(json.dumps(whole).encode())
        written.append(TRACE.encode(line))
        if isinstance(line, Session):
            session = line
        elif isinstance(line, Context | ContextChanged):
            context = context_after(context, line)
        elif not isinstance(line, Command):
            session, commands = step(session, line, context)
            played = [one.track_id for one in commands if isinstance(one, PlayTrack)]
            chosen = played[-1] if played else ""
            written.extend(TRACE.encode(command) for command in commands)
    trace.write_bytes(b"".join(written))
    told = "".join(f"{line}\n" for line, _ in decisions(trace))
    trace.with_suffix(".txt").write_text(told)


def _whole(kind: Any, body: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON object of a `kind` with all its fields and no others."""
    hints = get_type_hints(kind)
    whole = {}
    for field in dataclasses.fields(kind):
        if field.name in body:
            whole[field.name] = _inner(hints[field.name], body[field.name])
        elif field.default is not dataclasses.MISSING:
            whole[field.name] = json.loads(json.dumps(field.default, default=_plain))
        else:
            sys.exit(
                f"{kind.__name__}.{field.name} has no default; write it into the trace by hand"
            )
    return whole


def _inner(hint: Any, raw: Any) -> Any:
    origin = get_origin(hint)
    if raw is None:
        return None
    if origin in {Union, types.UnionType}:
        [hint] = [member for member in get_args(hint) if member is not type(None)]
        return _inner(hint, raw)
    if origin in {tuple, frozenset} and get_args(hint)[1:] in {(), (...,)}:
        return [_inner(get_args(hint)[0], member) for member in raw]
    return _whole(hint, raw) if dataclasses.is_dataclass(hint) else raw


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


if __name__ == "__main__":
    for path in sorted(TRACES.glob("*.jsonl")):
        renew(path)
