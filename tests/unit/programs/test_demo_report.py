"""The demo's account of itself: what it may call right, and what it must not."""

import socket
from pathlib import Path

import pytest

from soulsync_edge.adapters.trace_file import TraceFile
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.events import (
    EstimateArrived,
    Event,
    NobodySeen,
    Tick,
    TrackStarted,
    VoiceFound,
)
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import catalogue_of
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import estimate_of
from soulsync_edge.programs.demo_report import Moment, follows, heard, story_of
from soulsync_edge.programs.demo_stage import check_port
from tests.strategies import a_track

SCRIPT = (Moment(0.0, "neutral"), Moment(12.0, "happy"), Moment(25.8, "nobody"))


def told(*labels: tuple[float, str]) -> list[str]:
    return follows(SCRIPT, tuple(Moment(t_s, label) for t_s, label in labels), within_s=3.5)


def test_the_script_told_in_order_and_in_time_is_right() -> None:
    assert told((0.0, "neutral"), (14.2, "happy"), (28.0, "nobody")) == []


def test_a_mood_that_was_not_acted_is_wrong() -> None:
    [problem] = told((0.0, "neutral"), (5.0, "angry"), (14.2, "happy"), (28.0, "nobody"))

    assert "neutral, angry, happy, nobody" in problem


def test_a_scene_that_was_not_told_is_wrong() -> None:
    assert told((0.0, "neutral"), (14.2, "happy"))


def test_where_nothing_was_acted_no_mood_is_wrong() -> None:
    assert follows((), (Moment(3.0, "happy"),), within_s=3.5) == []


@pytest.mark.parametrize("t_s", [11.0, 15.6])
def test_a_scene_told_too_early_or_too_late_is_wrong(t_s: float) -> None:
    [problem] = told((0.0, "neutral"), (t_s, "happy"), (28.0, "nobody"))

    assert "happy at 12.0 s" in problem


def recorded(path: Path) -> None:
    """Record: someone neutral, music from 3 s to 9 s, then nobody."""
    context = Context(catalogue=catalogue_of([a_track("t0", Affect(0, 0))]))
    shares = estimate_of(Emotion.NEUTRAL).probabilities
    story: list[Event] = [VoiceFound(100.0)]
    story += [EstimateArrived(100.0 + tick / 4, shares, 0.9, 1) for tick in range(1, 25)]
    story.insert(13, TrackStarted(103.0, "t0"))
    story += [NobodySeen(106.0 + tick / 4) for tick in range(1, 13)]
    story.append(Tick(109.0, 0))
    session = Session(has_eye=True)
    trace = TraceFile(path, session)
    for event in story:
        session, commands = step(session, event, context)
        trace.record(event, context, commands)
    trace.close()


def test_a_trace_tells_frames_faces_moods_and_what_played(tmp_path: Path) -> None:
    recorded(tmp_path / "trace.jsonl")

    story = story_of(tmp_path / "trace.jsonl", origin_s=100.0)

    assert (story.frames, story.faces) == (36, 24)
    assert [mood.label for mood in story.moods] == ["neutral", "nobody"]
    [(track, from_s, until_s, _)] = story.played
    assert (track.track_id, from_s, until_s) == ("t0", 103.0, 109.0)


@pytest.mark.parametrize(("rms_db", "count"), [(-30.0, 1), (-90.0, 0)])
def test_a_track_counts_as_heard_only_when_the_recording_is_not_silent(
    tmp_path: Path, rms_db: float, count: int
) -> None:
    recorded(tmp_path / "trace.jsonl")
    story = story_of(tmp_path / "trace.jsonl", origin_s=100.0)

    assert len(heard(story, lambda _from_s, _until_s: rms_db, 100.0)) == count


def test_a_port_that_is_taken_is_refused_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Unavailable, match="choose another with"):
            check_port("127.0.0.1", port)

    check_port("127.0.0.1", port)
