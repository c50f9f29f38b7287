"""Recording and replaying: the same events give the same decisions."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soulsync_edge.adapters.trace_file import TraceFile
from soulsync_edge.cli import main
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import (
    Event,
    MusicSwitched,
    SkipRequested,
    SoundTestRequested,
    Tick,
    TrackMoved,
    VoiceFound,
)
from soulsync_edge.domain.preference import Tally
from soulsync_edge.domain.session import Context, NowPlaying, Resume, Rules, Session
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.step import step
from soulsync_edge.domain.taste import MOST_ARTISTS, MOST_REGARDS, ArtistTally, Regard, Taste
from soulsync_edge.domain.track import Catalogue, catalogue_of
from soulsync_edge.errors import Unavailable
from soulsync_edge.programs.replay import turns
from soulsync_edge.wire.messages import TRACE
from tests.strategies import a_track, catalogues, events

CATALOGUE = catalogue_of(a_track(f"t{number}", Affect(number / 9, 0)) for number in range(9))


def recorded(
    path: Path,
    story: Iterable[Event],
    catalogue: Catalogue = CATALOGUE,
    session: Session = Session(volume_pct=31),  # noqa: B008  # frozen
) -> None:
    context = Context(Rules(seed="trace"), catalogue)
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


def test_the_trace_of_the_run_before_is_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    recorded(path, QUIET_START)
    crashed = path.read_bytes()

    recorded(path, [VoiceFound(1.0)])

    assert (tmp_path / "t.jsonl.prev").read_bytes() == crashed
    assert len(path.read_bytes()) < len(crashed)
    assert main(["replay", str(tmp_path / "t.jsonl.prev")]) == 0


def test_only_the_newest_trace_before_is_kept(tmp_path: Path) -> None:
    for number in range(3):
        recorded(tmp_path / "t.jsonl", [VoiceFound(float(number))])

    assert sorted(file.name for file in tmp_path.iterdir()) == ["t.jsonl", "t.jsonl.prev"]
    assert b'"at_s": 1.0' in (tmp_path / "t.jsonl.prev").read_bytes()


def test_a_trace_emptied_by_a_power_cut_is_replaced_and_the_one_before_stays(
    tmp_path: Path,
) -> None:
    recorded(tmp_path / "t.jsonl", QUIET_START)
    recorded(tmp_path / "t.jsonl", QUIET_START)
    (tmp_path / "t.jsonl").write_bytes(b"")

    recorded(tmp_path / "t.jsonl", [VoiceFound(1.0)])

    assert main(["replay", str(tmp_path / "t.jsonl")]) == 0
    assert main(["replay", str(tmp_path / "t.jsonl.prev")]) == 0


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    recorded(path.with_name("elsewhere"), QUIET_START)
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"SQLite format 3\0" * 100),
        lambda path: path.write_bytes(TRACE.encode(VoiceFound(1.0))),
        lambda path: path.write_bytes(b"x" * 3_000_000),
        Path.mkdir,
        _pipe,
        _link,
    ],
)
@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.prev"])
def test_a_file_that_is_no_trace_is_never_touched(
    tmp_path: Path, name: str, make: Callable[[Path], object]
) -> None:
    make(tmp_path / name)
    before = (tmp_path / name).lstat()

    with pytest.raises(Unavailable, match=f"{name} is there already and is no trace"):
        TraceFile(tmp_path / "t.jsonl", Session())

    assert (tmp_path / name).lstat() == before


def test_a_trace_ends_at_its_limit_and_replays_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    trace = TraceFile(path, Session(), most_bytes=20_000)
    context, at_s = Context(), itertools.count()

    def record_for_ever() -> None:
        while True:
            trace.record(Tick(float(next(at_s)), 600), context, ())

    with pytest.raises(Unavailable, match=r"has grown to 0\.0191 MiB; to record on, clear"):
        record_for_ever()

    kept = len(list(turns(path)))
    assert path.stat().st_size <= 20_000
    assert kept == next(at_s) - 1
    trace.record(Tick(0.0, 600), context, ())
    assert len(list(turns(path))) == kept


def test_a_disk_that_fails_ends_the_trace(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from soulsync_edge.adapters.trace_file import TraceFile\n"
        "from soulsync_edge.domain.events import Tick\n"
        "from soulsync_edge.domain.session import Context, Session\n"
        "from soulsync_edge.errors import Unavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))\n"
        "trace = TraceFile(Path(sys.argv[1]), Session())\n"
        "try:\n"
        "    while True:\n"
        "        trace.record(Tick(1.0, 600), Context(), ())\n"
        "except Unavailable as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "t.jsonl")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "ends here: File too large; make room" in done.stdout


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(events, max_size=30), catalogue=catalogues)
def test_any_story_replays_exactly(
    story: list[Event], catalogue: Catalogue, tmp_path: Path
) -> None:
    recorded(tmp_path / "t.jsonl", story, catalogue)

    assert main(["replay", str(tmp_path / "t.jsonl")]) == 0


def test_a_replay_says_how_a_track_is_played_and_that_the_music_fades(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loud = Sound(120.0, 0, False, 0.5, loudness_lufs=-9.0, true_peak_dbtp=-0.5)  # noqa: FBT003  # in major
    catalogue = catalogue_of(replace(track, sound=loud) for track in CATALOGUE.tracks)
    recorded(
        tmp_path / "t.jsonl",
        [*QUIET_START, SkipRequested(20.0), SoundTestRequested(21.0), MusicSwitched(30.0, False)],  # noqa: FBT003  # off
        catalogue,
    )

    assert main(["replay", str(tmp_path / "t.jsonl")]) == 0

    _volume, first, skip, tone, stop = capsys.readouterr().out.splitlines()
    assert "” (-8.0 dB): " in first
    assert "” (fading over 0.3 s, -8.0 dB): " in skip
    assert tone == "    11.000 s  play a tone"
    assert stop == "    20.000 s  stop within 1 s: music is switched off"


def test_a_replay_says_that_the_music_goes_on_and_from_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playing = NowPlaying("t3", "it fitted", Affect(0.0, 0.0), 1.0, position_s=12.34)
    for may_be_heard in (True, False):
        session = Session(playing=playing, resume=Resume(40.0, may_be_heard))
        recorded(
            tmp_path / "t.jsonl", [VoiceFound(10.0), TrackMoved(11.0, "t3", 13.0)], session=session
        )
        assert main(["replay", str(tmp_path / "t.jsonl")]) == 0

    said = capsys.readouterr().out.splitlines()
    assert said[1] == "     1.000 s  “T3” goes on: it fitted"
    assert said[3] == "     0.000 s  play “T3” (from 12.3 s): it fitted"
    assert len(said) == 4


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    story=st.lists(st.tuples(events, st.integers(0, 2)), max_size=40),
    known=st.lists(st.builds(Context, catalogue=catalogues), min_size=3, max_size=3),
)
def test_a_story_with_music_that_comes_and_goes_replays_exactly(
    tmp_path: Path, story: list[tuple[Event, int]], known: list[Context]
) -> None:
    path = tmp_path / "t.jsonl"
    session = Session()
    trace = TraceFile(path, session)
    for event, which in story:
        session, commands = step(session, event, known[which])
        trace.record(event, known[which], commands)
    trace.close()

    told = list(turns(path))

    assert [turn.context for turn in told] == [known[which] for _, which in story]
    assert all(turn.decided == turn.recorded for turn in told)
    assert not told or told[-1].after == session


def test_a_library_that_is_placed_again_and_again_does_not_fill_the_trace(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    trace = TraceFile(path, Session())
    catalogue = catalogue_of(a_track(f"{number:020}", Affect(0, 0)) for number in range(2000))
    trace.record(Tick(0.0, 600), Context(catalogue=catalogue), ())
    whole = path.stat().st_size

    for number in range(1, 11):
        some = (
            replace(track, affect=Affect(number / 10, 0.0))
            for track in catalogue.tracks[: 200 * number]
        )
        catalogue = catalogue_of((*catalogue.tracks, *some))
        trace.record(Tick(float(number), 600), Context(catalogue=catalogue), ())
    trace.close()

    assert path.stat().st_size < 3 * whole  # it was eleven times as much
    assert [turn.context.catalogue for turn in turns(path)][-1] == catalogue


def test_a_trace_that_begins_with_a_taste_of_years_is_known_again(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    tally = Tally(0.123456789, 0.123456789, 738_000)
    taste = Taste(
        tuple(
            Regard(f"{number:020}", "T" * 60, "A" * 40, valence=0.123456789, tally=tally)
            for number in range(MOST_REGARDS)
        ),
        tuple(ArtistTally(f"{number:040}", tally) for number in range(MOST_ARTISTS)),
    )

    for _start in range(2):
        recorded(path, QUIET_START, session=Session(taste=taste))

    assert main(["replay", str(tmp_path / "t.jsonl.prev")]) == 0
