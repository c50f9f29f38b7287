"""What happened in a demo, told from its trace and from what was recorded, not from claims."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.track import Track
from soulsync_edge.programs.replay import turns

HEARD_ABOVE_DB = -60.0
"""RMS relative to full scale; the noise of a silent sink is far below, quiet music far above."""

Loudness = Callable[[float, float], float]
"""Returns the RMS in dB of full scale between two times on the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A label from a moment on.

    Attributes:
        t_s: Seconds since the actor's script began.
        label: A class, `unsure` or `nobody`.
    """

    t_s: float
    label: str


@dataclass(frozen=True, slots=True)
class HeardTrack:
    """A track that was recorded while it played, and was not silent.

    Attributes:
        title: Its title.
        from_s: When it began, in seconds since the script began.
        seconds: How long it played.
        rms_db: How loud the recording is meanwhile, RMS in dB of full scale.
        why: Why it was chosen.
    """

    title: str
    from_s: float
    seconds: float
    rms_db: float
    why: str


@dataclass(frozen=True, slots=True)
class Story:
    """What a trace tells.

    Attributes:
        frames: How many pictures the eye has spoken about.
        faces: In how many of them it found a face.
        moods: How the room looked, change by change; without the moments of being unsure.
        unsure_s: How long someone was there and it was not clear how they look.
        played: What the voice said it played: track, start, end and why.
    """

    frames: int
    faces: int
    moods: tuple[Moment, ...]
    unsure_s: float
    played: tuple[tuple[Track, float, float, str], ...]


def story_of(trace: Path, origin_s: float) -> Story:
    """Return what `trace` tells, with times counted from `origin_s` on the monotonic clock.

    Raises:
        OSError: The file cannot be read.
        LineError: It is no trace.
    """
    frames = faces = 0
    moods: list[Moment] = []
    unsure_s, unsure_since_s = 0.0, None
    played: list[tuple[Track, float, float, str]] = []
    started: tuple[Track, float, str] | None = None
    event: ev.Event | None = None
    for turn in turns(trace):
        event, before, after = turn.event, turn.before, turn.after
        frames += isinstance(
            event, ev.EstimateArrived | ev.NobodySeen | ev.FaceObscured | ev.RoomDark
        )
        faces += isinstance(event, ev.EstimateArrived | ev.FaceObscured)
        if after.mood.word != before.mood.word:
            if unsure_since_s is not None:
                unsure_s += event.at_s - unsure_since_s
            unsure_since_s = event.at_s if after.mood.word == "unsure" else None
            if after.mood.word not in {"unsure", moods[-1].label if moods else ""}:
                # The first face is on stage before the script begins to count.
                moods.append(Moment(max(round(event.at_s - origin_s, 2), 0.0), after.mood.word))
        now = after.playing.track_id if after.playing and after.playing.is_heard else None
        if started is not None and now != started[0].track_id:
            played.append((started[0], started[1], event.at_s, started[2]))
            started = None
        if started is None and now is not None and after.playing is not None:
            started = (turn.context.catalogue.by_id[now], event.at_s, after.playing.why)
    if started is not None and event is not None:
        played.append((started[0], started[1], event.at_s, started[2]))
    return Story(frames, faces, tuple(moods), round(unsure_s, 2), tuple(played))


def heard(story: Story, loudness: Loudness, origin_s: float) -> tuple[HeardTrack, ...]:
    """Return the tracks the recording holds, quiet ones left out."""
    tracks = []
    for track, from_s, until_s, why in story.played:
        if until_s - from_s < 1.0:
            continue  # too short to tell from what played before it
        rms_db = loudness(from_s, until_s)
        if rms_db > HEARD_ABOVE_DB:
            seconds = round(until_s - from_s, 1)
            begun_s = round(from_s - origin_s, 1)
            tracks.append(HeardTrack(track.title, begun_s, seconds, round(rms_db, 1), why))
    return tuple(tracks)


def follows(script: tuple[Moment, ...], moods: tuple[Moment, ...], within_s: float) -> list[str]:
    """Return what is wrong with `moods` as an account of `script`: nothing, when all is well.

    The same labels in the same order, no more and no fewer, each at most `within_s` after its
    scene began and not before. How late is counted from the scene, or from zero for the first.
    Without a script, as with a camera or a video, every mood is right.
    """
    if not script:
        return []
    told, acted = [mood.label for mood in moods], [scene.label for scene in script]
    if told != acted:
        return [f"the moods told ({', '.join(told)}) are not those acted ({', '.join(acted)})"]
    return [
        f"{scene.label} at {scene.t_s:.1f} s was told {mood.t_s - scene.t_s:+.1f} s off"
        for scene, mood in zip(script, moods, strict=True)
        if not 0.0 <= mood.t_s - scene.t_s <= within_s
    ]
