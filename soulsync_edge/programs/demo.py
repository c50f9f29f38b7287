"""The whole appliance on any laptop: real programs, a made-up face, and what is really heard."""

import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from soulsync_edge.adapters.recorder_pulse import NullSinkRecorder
from soulsync_edge.adapters.settings_toml import TomlSettingsFile
from soulsync_edge.domain.mood import MoodRules
from soulsync_edge.errors import Unavailable
from soulsync_edge.programs.demo_report import HeardTrack, Moment, Story, follows, heard, story_of
from soulsync_edge.programs.demo_stage import PageProbe, Program, check_port, free_port, open_broker
from soulsync_edge.settings import Settings

clock = time.monotonic

SHORTEST_S = 20.0
DAY_S = 86400.0
LATE_S = 2.0
"""How much later than its dwell a mood may be told: the time smoothing takes."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person at the terminal asked for.

    Attributes:
        seconds: How long to run; None until Ctrl-C.
        report: Where to write what happened, or None.
        camera: A device, a video or a folder of pictures; None for the actor.
        music: The folder to play.
        port: Of the page; 0 takes a free one.
        host: The address the page listens on.
        models: Folder of the models.
    """

    seconds: float | None
    report: Path | None
    camera: str | None
    music: Path
    port: int
    host: str
    models: Path


def run(wishes: Wishes) -> int:
    """Run the appliance until the time is up or Ctrl-C; return 0 when all of it worked.

    Raises:
        Unavailable: Something the demo needs is missing; the message says what to do.
    """
    if wishes.seconds is not None and not SHORTEST_S <= wishes.seconds <= DAY_S:
        raise Unavailable(
            f"--seconds must be at least {SHORTEST_S:.0f} and at most a day, got {wishes.seconds:g}"
        )
    _check_report(wishes.report)
    _check_camera(wishes.camera)
    check_port(wishes.host, wishes.port)
    if not any(wishes.music.glob("**/*.*")):
        raise Unavailable(f"there is no music in {wishes.music}; `make setup` renders some there")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="soulsync-demo-"))
        demo = Demo(wishes, Path(scratch))
        with ExitStack() as running:
            try:
                demo.open(running)
                demo.live()
            except KeyboardInterrupt:
                _say("stopping")
            report = demo.report()  # while the recording can still be heard
        return demo.tell(report)


class Demo:
    """One run of the demo: stage, programs, probes, account.

    Args:
        wishes: What was asked for.
        folder: Where everything it writes lies; removed afterwards.
    """

    def __init__(self, wishes: Wishes, folder: Path) -> None:
        self._wishes = wishes
        self._folder = folder
        self._trace = folder / "trace.jsonl"
        self._log = folder / "log.txt"
        self._seen_topics = folder / "topics.txt"
        self._port = wishes.port or free_port()
        # The script begins when the programs have had time to start, so that it is seen whole.
        self._origin_s = clock() + 5.0
        self._recorder: NullSinkRecorder | None = None
        self._has_broker = False
        self._programs: list[Program] = []
        self._probe = PageProbe(f"http://127.0.0.1:{self._port}")

    def open(self, stack: ExitStack) -> None:
        """Start broker, recorder and programs; `stack` ends them in reverse."""
        broker_port = open_broker(stack, self._folder, self._seen_topics)
        self._has_broker = broker_port is not None
        environment = dict(os.environ)
        if self._wishes.report is not None:
            self._recorder = stack.enter_context(NullSinkRecorder())
            environment |= self._recorder.environment
        config = self._folder / "soulsync.toml"
        TomlSettingsFile(config).save(self._settings(broker_port))
        places = ["--run-dir", str(self._folder / "run")]
        core = ["core", "--config", str(config), "--state-dir", str(self._folder / "state")]
        models = ["--models", str(self._wishes.models)]
        log = stack.enter_context(self._log.open("wb"))
        for arguments in ([*core, *places], ["eye", *models, *places], ["voice", *places]):
            program = Program(arguments, environment, log.fileno())
            stack.callback(program.stop)
            self._programs.append(program)
        stack.enter_context(self._probe)
        _say(f"The page:  http://{_shown_host(self._wishes.host)}:{self._port}/")
        _say(f"The music: {self._wishes.music}")
        _say(f"The eyes:  {self._eyes()}")

    def live(self) -> None:
        """Keep the programs running and tell what happens, until the time is up."""
        end_s = None if self._wishes.seconds is None else self._origin_s + self._wishes.seconds
        told: frozenset[str] = frozenset()
        while end_s is None or clock() < end_s:
            for program in self._programs:
                program.revive()
            lines = self._probe.lines
            for line in sorted(lines - told):
                at_s = clock() - self._origin_s
                # Until the script begins there is no time to tell, only that things are starting.
                _say(f"{at_s:6.1f} s  {line}" if at_s >= 0 else f"{'start':>8}  {line}")
            told = lines or told
            self._probe.wait(0.2)

    def report(self) -> dict[str, Any]:
        """Return what happened so far, from the trace, the recording, the broker and the page."""
        try:
            story = story_of(self._trace, self._origin_s)
        except (OSError, ValueError) as error:
            return {"problems": [f"core left no trace: {error}"]}
        return self._report(story)

    def tell(self, report: dict[str, Any]) -> int:
        """Say what happened, write the report if asked, and return 0 when all of it worked."""
        for line in _summary(report):
            _say(line)
        if self._wishes.report is not None:
            text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
            self._wishes.report.write_text(text, "utf-8")
            _say(f"Written to {self._wishes.report}")
        if not report["problems"]:
            return 0
        _say("The programs' last words:\n" + "\n".join(_lines(self._log)[-30:]))
        return 1

    def _settings(self, broker_port: int | None) -> Settings:
        wishes = self._wishes
        camera = {"adapter": "actor", "device": self._script_device()}
        if wishes.camera is not None:
            is_device = wishes.camera.startswith("/dev/")
            camera = {"adapter": "v4l2" if is_device else "file", "device": wishes.camera}
        mqtt = {"is_on": True, "host": "127.0.0.1", "port": broker_port, "publish_mood": True}
        return Settings.model_validate(
            {
                "camera": camera,
                "library": {"folder": str(wishes.music.resolve())},
                "player": {"output": "pulse" if self._recorder else "auto"},
                "web": {"host": wishes.host, "port": self._port},
                "privacy": {"trace_file": str(self._trace)},
                **({"mqtt": mqtt} if broker_port is not None else {}),
            }
        )

    def _script_device(self) -> str:
        seconds = self._wishes.seconds or DAY_S
        return f"{seconds:.3f}@{self._origin_s:.3f}"

    def _eyes(self) -> str:
        if self._wishes.camera is not None:
            return self._wishes.camera
        device = next(iter(sorted(Path("/dev").glob("video*"))), None)
        offer = f" (a camera is here: `make demo CAMERA={device}` uses it)" if device else ""
        return f"a made-up face that plays a script{offer}"

    def _script(self) -> tuple[Moment, ...]:
        if self._wishes.camera is not None or self._wishes.seconds is None:
            return ()
        from soulsync_edge.adapters.camera_actor import demo_script

        return tuple(
            Moment(scene.t_s, scene.label.value if scene.label else "nobody")
            for scene in demo_script(self._wishes.seconds)
        )

    def _report(self, story: Story) -> dict[str, Any]:
        tracks: tuple[HeardTrack, ...] = ()
        if self._recorder is not None:
            tracks = heard(story, self._recorder.rms_db, self._origin_s)
        topics = Counter(_lines(self._seen_topics))
        script, moods = self._script(), story.moods
        report: dict[str, Any] = {
            "seconds": self._wishes.seconds,
            "frames": story.frames,
            "faces": story.faces,
            "script": [asdict(moment) for moment in script],
            "moods": [asdict(moment) for moment in moods],
            "unsure_s": story.unsure_s,
            "tracks_heard": [asdict(track) for track in tracks],
            "heard_rms_db": max((track.rms_db for track in tracks), default=None),
            "mqtt_messages": sum(topics.values()),
            "mqtt_topics": dict(sorted(topics.items())),
            "page_ok": self._probe.is_ok,
            "page_ready_s": self._probe.ready_s,
            "restarts": sum(program.restarts for program in self._programs),
        }
        report["problems"] = self._problems(
            report, follows(script, moods, MoodRules().dwell_s + LATE_S)
        )
        return report

    def _problems(self, report: dict[str, Any], off_script: list[str]) -> list[str]:
        problems = list(off_script)
        if not report["frames"]:
            problems.append("the eye saw no frame")
        if not report["page_ok"]:
            problems.append(f"the page did not always answer: {self._probe.problem}")
        if self._recorder is not None and not report["tracks_heard"]:
            problems.append("no track was heard in the recording")
        if self._has_broker and not report["mqtt_messages"]:
            problems.append("a listener at the broker saw no message")
        if report["restarts"]:
            problems.append(f"programs had to be restarted {report['restarts']} times")
        return problems


def _check_camera(camera: str | None) -> None:
    """Refuse a camera that is not there before anything starts."""
    try:
        is_there = camera is None or Path(camera).exists()
    except (OSError, ValueError):
        is_there = False
    if not is_there:
        raise Unavailable(f"there is no {camera}; name a camera device or a video file")


def _check_report(report: Path | None) -> None:
    """Refuse a report that could not be written when the demo is over."""
    if report is not None and not report.resolve().parent.is_dir():
        raise Unavailable(f"the folder of the report {report} does not exist; make it first")


def _summary(report: dict[str, Any]) -> list[str]:
    """Return the report in words."""
    wrong = [f"Not as it should be: {problem}" for problem in report["problems"]]
    if "frames" not in report:
        return wrong
    moods = " → ".join(mood["label"] for mood in report["moods"]) or "none"
    return [
        "",
        f"Looked at {report['frames']} pictures and found a face in {report['faces']}",
        f"Moods told: {moods}",
        *(
            f"Heard “{track['title']}” for {track['seconds']} s at {track['rms_db']} dB: "
            f"{track['why']}"
            for track in report["tracks_heard"]
        ),
        f"A listener at the broker saw {report['mqtt_messages']} messages",
        f"The page {'answered every time' if report['page_ok'] else 'did not always answer'}",
        *wrong,
    ]


def _shown_host(host: str) -> str:
    return "127.0.0.1" if host in {"", "0.0.0.0", "127.0.0.1"} else host  # noqa: S104  # compared, not bound


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8", "replace").splitlines() if path.exists() else []


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
