"""The appliance as a person has it: how soon it is there, how quickly it answers, what it costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.bench.figures import middle, p95
from scripts.bench.processes import Memory, cpu_s, memory
from scripts.bench.stage import NAMES, Skip, Stage, clock
from scripts.bench.stamped_voice import read_stamps
from scripts.bench.tones import await_silence, onset_s, tone_after_s
from scripts.bench.trace import WITHIN_S
from soulsync_edge.adapters.recorder_pulse import NullSinkRecorder
from soulsync_edge.domain.events import EstimateArrived, Tick, TrackStarted
from soulsync_edge.errors import Unavailable

SAME_TONE_HZ = 20.0


@dataclass(frozen=True, slots=True)
class Scope:
    """How often and how long to measure.

    Attributes:
        pictures: How many for the parts of perception, at 4 a second of the actor's script.
        starts: Starts of all three programs.
        skips: Skips over the music, for the time from decision to `play()`.
        tones: Skips over the tones, for the time to the first sound.
        look_s: How long the eye's processor time is counted, at least.
        play_s: How long a track plays before memory is read.
        mood_hours: Length of the streams for the smoothing comparison.
        files: Files of the large library.
        tracks: Tracks among which one is chosen.
        joins: Tracks that follow another, within an album and by a cross-fade.
    """

    pictures: int = 240
    starts: int = 5
    skips: int = 40
    tones: int = 24
    look_s: float = 30.0
    play_s: float = 10.0
    mood_hours: float = 4.0
    files: int = 20_000
    tracks: int = 100_000
    joins: int = 5


QUICK = Scope(
    pictures=32,
    starts=1,
    skips=3,
    tones=3,
    look_s=4.0,
    play_s=1.0,
    mood_hours=0.25,
    files=300,
    tracks=2_000,
    joins=1,
)  # enough to see that it measures, too little to believe


@dataclass(frozen=True, slots=True)
class Set:
    """What all runs of the appliance share.

    Attributes:
        recorder: Hears what is played.
        music: The folder to play.
        models: Folder of the models.
        video: What the eye looks at.
    """

    recorder: NullSinkRecorder
    music: Path
    models: Path
    video: Path

    def stage(self, *, has_stamps: bool = False) -> Stage:
        """Return the programs over the music, with the eye on the video."""
        camera = {"adapter": "file", "device": str(self.video)}
        return Stage(
            self.music, camera, self.recorder.environment, self.models, has_stamps=has_stamps
        )

    def tone_stage(self, tones: Path) -> Stage:
        """Return the programs over the tones, with the actor before the eye."""
        camera = {"adapter": "actor", "device": "3600"}
        return Stage(tones, camera, self.recorder.environment, self.models)


def starts(of: Set, count: int) -> dict[str, Any]:
    """Return how soon after its start the appliance is of use.

    Each start is a first one: no settings of before, the music not known yet, everything in the
    disk's cache. The page counts from the start of core, music from the start of the first
    program; all three start at once, as systemd does it.
    """
    page_s, told_s, heard_s = [], [], []
    for _ in range(count):
        with of.stage() as stage:
            page_s.append(stage.await_page() - stage.began_s)
            started = stage.trace.next_of(TrackStarted)
            told_s.append(started.at_s - stage.began_s)
            sound_s = onset_s(of.recorder, stage.began_s, within_s=WITHIN_S)
            heard_s.append(sound_s - stage.began_s)
        await_silence(of.recorder, clock(), within_s=WITHIN_S)
    return {
        "page_ready_s": middle(page_s, 2),
        "first_music_s": middle(heard_s, 2),
        "first_track_started_s": middle(told_s, 2),
        "starts": {
            "page_ready_s": _rounded(page_s),
            "track_started_s": _rounded(told_s),
            "first_sound_s": _rounded(heard_s),
        },
    }


def skips(of: Set, scope: Scope) -> dict[str, Any]:
    """Return how quickly a skip reaches libVLC, and what the programs cost meanwhile.

    From `SkipRequested`, as core takes the wish in, until libVLC's `play()` has returned in the
    voice; core records a trace meanwhile, which costs it one write.

    The eye looks at a video of the actor, so that no picture is made inside it. Processor time is
    counted from the first skip on, memory read while the track after the last one plays.
    """
    with of.stage(has_stamps=True) as stage:
        stage.trace.next_of(TrackStarted)
        stage.trace.next_of(EstimateArrived)
        counted = _counted(stage)
        made = [stage.skip() for _ in range(scope.skips)]
        load = counted(scope.look_s)
        _await(stage, clock() + scope.play_s)
        held = {name: memory(stage.pid(name)) for name in NAMES}
        accepted_s = _accepted_s(made, stage.stamps)
    pairs = list(zip(made, accepted_s, strict=True))
    decide_ms = [(at_s - skip.decided_s) * 1e3 for skip, at_s in pairs]
    return {
        "decide_ms_p95": round(p95(decide_ms), 2),
        "decide_ms_median": middle(decide_ms, 2),
        "request_to_play_ms_p95": round(p95([(at_s - s.asked_s) * 1e3 for s, at_s in pairs]), 2),
        "track_started_ms_p95": round(p95([(s.started_s - s.decided_s) * 1e3 for s in made]), 1),
        "eye_cpu_pct": load.cpu_pct["eye"],
        "cpu_pct": load.cpu_pct,
        "looks_per_s": load.looks_per_s,
        **_memory_figures(held),
    }


def first_sounds(of: Set, tones: Mapping[str, float], scope: Scope) -> dict[str, Any]:
    """Return how long a skip takes to be heard, and what the eye costs that makes its pictures.

    Each skip is made in silence, and what is heard then is checked to be the tone of the file
    that was chosen. Heard is what reaches the sink, never dated too early and at most 10 ms too
    late; a sound card adds its own buffer.

    Raises:
        Unavailable: Nothing was heard, or something else.
    """
    folder = Path(next(iter(tones))).parent
    with of.tone_stage(folder) as stage:
        stage.trace.next_of(TrackStarted)
        stage.trace.next_of(EstimateArrived)
        heard_s = onset_s(of.recorder, stage.began_s, within_s=WITHIN_S)
        counted = _counted(stage)
        took_ms = []
        for _ in range(scope.tones):
            await_silence(of.recorder, heard_s, within_s=WITHIN_S)
            skip = stage.skip()
            heard_s = onset_s(of.recorder, skip.decided_s, within_s=WITHIN_S)
            _check_tone(tone_after_s(of.recorder, heard_s), tones[skip.path])
            took_ms.append((heard_s - skip.decided_s) * 1e3)
        load = counted(scope.look_s)
        eye = memory(stage.pid("eye"))
    return {
        "first_sound_ms_p95": round(p95(took_ms), 1),
        "first_sound_ms_median": middle(took_ms, 1),
        "eye_with_actor": {"cpu_pct": load.cpu_pct["eye"], "rss_mb": eye.rss_mb},
    }


@dataclass(frozen=True, slots=True)
class _Load:
    """What the programs did over a while.

    Attributes:
        cpu_pct: Share of one core by program.
        looks_per_s: How often the eye looked.
    """

    cpu_pct: dict[str, float]
    looks_per_s: float


def _counted(stage: Stage) -> Callable[[float], _Load]:
    """Begin to count processor time.

    Returns a function that waits until so many seconds are over since then, if they are not yet,
    and returns what was counted.
    """
    begun_s = clock()
    before_s = {name: cpu_s(stage.pid(name)) for name in NAMES}

    def counted(least_s: float) -> _Load:
        _await(stage, begun_s + least_s)
        length_s = clock() - begun_s
        used_s = {name: cpu_s(stage.pid(name)) - before_s[name] for name in NAMES}
        looks = sum(at_s >= begun_s for at_s in stage.trace.looks_s)
        shares = {name: round(100 * used_s[name] / length_s, 2) for name in NAMES}
        return _Load(shares, round(looks / length_s, 2))

    return counted


def _await(stage: Stage, at_s: float) -> None:
    """Return once core has ticked at `at_s` or later: within a second of it."""
    within_s = max(at_s - clock(), 0.0) + WITHIN_S
    stage.trace.next_of(Tick, lambda tick: tick.at_s >= at_s, within_s=within_s)


def _accepted_s(skips: Sequence[Skip], stamps: Path) -> list[float]:
    """Return when libVLC accepted the file of each skip.

    Raises:
        Unavailable: It is not written down for one of them.
    """
    noted = read_stamps(stamps)
    found = []
    for skip in skips:
        after = (at_s for at_s, path in noted if path == skip.path and at_s >= skip.decided_s)
        at_s = next(after, None)
        if at_s is None:
            raise Unavailable(f"the voice noted no play() of {skip.path} after the skip to it")
        found.append(at_s)
    return found


def _check_tone(heard_hz: float, meant_hz: float) -> None:
    if abs(heard_hz - meant_hz) > SAME_TONE_HZ:
        raise Unavailable(
            f"a skip to the tone of {meant_hz:g} Hz was answered by one of {heard_hz:g} Hz"
        )


def _memory_figures(held: Mapping[str, Memory]) -> dict[str, Any]:
    """Return resident memory by program and in all, and PSS where the kernel tells it."""
    rss = {name: each.rss_mb for name, each in held.items()}
    pss = {name: each.pss_mb for name, each in held.items()}
    told = [value for value in pss.values() if value is not None]
    in_all = round(sum(told), 1) if len(told) == len(pss) else None
    return {
        "rss_mb": rss | {"total": round(sum(rss.values()), 1)},
        "pss_mb": pss | {"total": in_all},
    }


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 2) for value in values]
