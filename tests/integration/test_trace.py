"""Recording and replaying: the same events give the same decisions."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soulsync_edge.adapters.trace_file import TraceFile
from soulsync_edge.cli import main
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import Event, Tick, VoiceFound
from soulsync_edge.domain.session import Context, Rules, Session
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import Catalogue, catalogue_of
from soulsync_edge.errors import Unavailable
from soulsync_edge.wire.messages import TRACE
from tests.strategies import a_track, catalogues, events

CATALOGUE = catalogue_of(a_track(f"t{number}", Affect(number / 9, 0)) for number in range(9))


def recorded(path: Path, story: Iterable[Event], catalogue: Catalogue = CATALOGUE) -> None:
    session, context = Session(volume_pct=31), Context(Rules(seed="trace"), catalogue)
    trace = TraceFile(path, session)
    for event in story:
        session, commands = step(session, event, context)
        trace.record(event, context, commands)
    trace.close()


QUIET_START: list[Event] = [VoiceFound(10.0), *(Tick(10.0 + second, 600) for second in range(1, 6))]


def test_a_replay_prints_the_decisions_and_agrees_with_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(tmp_path / "t.jsonl", QUIET_START)

    status = main(["replay", str(tmp_path / "t.jsonl")])

    said = capsys.readouterr().out.splitlines()
    assert status == 0
    assert said[0] == "     0.000 s  volume 31 %"
    assert said[1].startswith("     3.000 s  play “T")
    assert "by schedule (calm)" in said[1]


def test_a_decision_that_differs_is_pointed_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.jsonl"
    recorded(path, QUIET_START)
    lines = [TRACE.decode(line) for line in path.read_bytes().splitlines()]
    changed = [
        PlayTrack("t0", "/elsewhere", 0.0) if isinstance(line, PlayTrack) else line
        for line in lines
    ]
    path.write_bytes(b"".join(TRACE.encode(line) for line in changed))

    assert main(["replay", str(path)]) == 1
    assert "differs from what was recorded" in capsys.readouterr().out


def test_a_trace_cut_short_by_a_kill_replays_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    recorded(path, QUIET_START)
    path.write_bytes(path.read_bytes()[:-20])

    assert main(["replay", str(path)]) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no line ends here",
        b"not a trace\n",
        b'{"kind": "Tick"}\n',
        TRACE.encode(Tick(1.0, 600)),
        TRACE.encode(Session()) * 2,
        TRACE.encode(Session()) + TRACE.encode(PlayTrack("t0", "/t0", 0.0)),
        b"\x00\xff\n",
    ],
)
def test_what_is_no_trace_is_refused_in_words(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)

    assert main(["replay", str(path)]) == 65
    assert "is not a trace" in capsys.readouterr().err


def test_a_missing_trace_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "none")]) == 65
    assert "cannot be read" in capsys.readouterr().err


def test_a_trace_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Unavailable, match=r"choose another privacy\.trace_file"):
        TraceFile(tmp_path / "file" / "trace.jsonl", Session())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(events, max_size=30), catalogue=catalogues)
def test_any_story_replays_exactly(
    story: list[Event], catalogue: Catalogue, tmp_path: Path
) -> None:
    recorded(tmp_path / "t.jsonl", story, catalogue)

    assert main(["replay", str(tmp_path / "t.jsonl")]) == 0
