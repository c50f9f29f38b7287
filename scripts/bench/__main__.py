"""Measures the appliance: `python -m scripts.bench`; the last line is one JSON object."""

import argparse
import dataclasses
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from scripts.bench import appliance, choosing, mood
from scripts.bench.appliance import QUICK, Scope, Set
from scripts.bench.figures import missed, say, say_heading, say_row
from scripts.bench.joins import FADE_S, joins
from scripts.bench.large_library import large_scan
from scripts.bench.libvlc import libvlc_alone
from scripts.bench.machine import load_1min, machine
from scripts.bench.scan import scan
from scripts.bench.tones import write_tones
from scripts.bench.video import RATE_HZ, write_video
from scripts.bench.vision import actor_frames, vision, without_chatter
from soulsync_edge.adapters.recorder_pulse import NullSinkRecorder
from soulsync_edge.cli import models_folder
from soulsync_edge.errors import SoulSyncError, Unavailable
from soulsync_edge.eye_ports import Pixels
from soulsync_edge.programs.eye_parts import keep_opencv_modest

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print a table as it goes, and the figures as JSON; return the exit status.

    0 done, whether or not targets were met; 69 something needed is missing.
    """
    options = _parser().parse_args(arguments)
    scope = QUICK if options.quick else Scope()
    keep_opencv_modest()
    begun_s = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        figures = _measured(scope, options.music, options.models)
    except SoulSyncError as error:
        sys.stderr.write(f"bench: {error}\n")
        return os.EX_UNAVAILABLE
    except KeyboardInterrupt:
        sys.stderr.write("bench: interrupted\n")
        return 128 + signal.SIGINT
    figures |= {
        "quick": options.quick,
        "targets_missed": missed(figures),
        "load_1min_at_end": load_1min(),
        "took_s": round(time.monotonic() - begun_s),
    }
    _say_end(figures)
    print(json.dumps(figures), flush=True)
    return 0


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """Treat a polite end like Ctrl-C, so that the programs under measurement end as well."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.bench",
        description="Measure the appliance; the last line is one JSON object.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="see that it measures, in a minute; few runs"
    )
    parser.add_argument(
        "--music", type=Path, default=ROOT / "build" / "demo-music", help="folder to play"
    )
    parser.add_argument("--models", type=Path, default=models_folder(), help="folder of the models")
    return parser


def _measured(scope: Scope, music: Path, models: Path) -> dict[str, Any]:
    if not any(music.glob("**/*.*")):
        raise Unavailable(f"there is no music in {music}; `make setup` renders some there")
    figures = machine()
    say_heading(
        f"{figures['processor']}, {figures['cores']} cores, Python {figures['python']}, "
        f"load {figures['load_1min']}"
    )
    frames = actor_frames(models, scope.pictures)
    figures |= _vision(models, frames)
    figures |= _mood(scope)
    figures |= _choosing(scope)
    with tempfile.TemporaryDirectory(prefix="soulsync-bench-") as scratch:
        folder = Path(scratch).resolve()
        video = folder / "actor.avi"
        write_video(video, frames)
        del frames
        figures |= _scan(music)
        figures |= _large_scan(scope, folder)
        tones = write_tones(folder / "tones")
        with NullSinkRecorder() as recorder:
            shared = Set(recorder, music, models, video)
            figures |= _starts(shared, scope)
            figures |= _skips(shared, scope)
            figures |= _first_sounds(shared, tones, scope)
            figures |= _libvlc(recorder, tones, scope)
            figures |= _joins(recorder, folder / "joins", scope)
    return figures


def _vision(models: Path, frames: list[Pixels]) -> dict[str, Any]:
    height_px, width_px = frames[0].shape[:2]
    say_heading(
        f"One frame, one thread: median of {len(frames)} pictures of the actor, "
        f"{width_px} x {height_px}"
    )
    with without_chatter():
        figures = vision(models, frames)
    say("find the face", figures["find_ms"], "ms")
    say("crop it", figures["crop_ms"], "ms")
    say("classify it", figures["classify_ms"], "ms")
    say("the whole, with choosing and checking the face", figures["frame_ms"], "ms", "frame_ms")
    say("the papers' way: Haar cascade, 48 x 48 float CNN", figures["paper_frame_ms"], "ms")
    return figures


def _mood(scope: Scope) -> dict[str, Any]:
    say_heading(f"Mood over time: {scope.mood_hours:g} h of a made-up stream at 4 Hz")
    figures = mood.compared(scope.mood_hours)
    say_row("", "false switches/h", "delay s", "right %")
    for name, words in (
        ("raw", "the label of each frame"),
        ("majority10", "majority of the last ten frames"),
        ("ours", "ours"),
    ):
        each = figures[name]
        say_row(words, each["false_switches_per_h"], each["delay_s"], each["right_pct"])
    return {"mood": figures}


def _choosing(scope: Scope) -> dict[str, Any]:
    figures = choosing.measured(scope.tracks)
    choosing.tell(figures)
    return {"choosing": dataclasses.asdict(figures)}


def _scan(music: Path) -> dict[str, Any]:
    say_heading(f"A scan of {sum(path.is_file() for path in music.glob('**/*'))} files")
    figures = scan(music)
    say("from start to end", figures["s"], "s")
    say("most memory meanwhile", figures["peak_mb"], "MB")
    return {"scan": figures}


def _large_scan(scope: Scope, scratch: Path) -> dict[str, Any]:
    say_heading(f"Core and its scan of {scope.files} tagged files, and the same after a restart")
    figures = large_scan(scope.files, scratch)
    say("from the start of core until all are known", figures["scan_s"], "s", "scan_s")
    say("most memory of the scan", figures["scan_peak_mb"], "MB", "scan_peak_mb")
    late = "scan_core_late_ms_p99"
    say("how late core's loop is meanwhile, p99", figures[late], "ms", late)
    say("the same at worst", figures["scan_core_late_ms_most"], "ms")
    say("after a restart, nothing changed", figures["scan_again_s"], "s")
    late = "scan_again_core_late_ms_p99"
    say("how late core's loop is then, p99", figures[late], "ms", late)
    return figures


def _starts(shared: Set, scope: Scope) -> dict[str, Any]:
    say_heading(f"From start: median of {scope.starts} first starts, disk cache warm")
    figures = appliance.starts(shared, scope.starts)
    say("the page answers", figures["page_ready_s"], "s", "page_ready_s")
    say("the voice says that a track plays", figures["first_track_started_s"], "s")
    say("the first music is heard", figures["first_music_s"], "s", "first_music_s")
    return figures


def _skips(shared: Set, scope: Scope) -> dict[str, Any]:
    say_heading(f"{scope.skips} skips, the eye looking at a video {RATE_HZ:g} times a second")
    figures = appliance.skips(shared, scope)
    say("decision to play() accepted, p95", figures["decide_ms_p95"], "ms", "decide_ms_p95")
    say("request to play() accepted, p95", figures["request_to_play_ms_p95"], "ms")
    say("the eye's share of a core", figures["eye_cpu_pct"], "%", "eye_cpu_pct")
    for name in ("core", "voice"):
        say(f"that of {name}", figures["cpu_pct"][name], "%")
    _say_memory(figures)
    return figures


def _say_memory(figures: Mapping[str, Any]) -> None:
    rss, pss = figures["rss_mb"], figures["pss_mb"]
    say("memory of the eye (RSS)", rss["eye"], "MB", "rss_mb.eye")
    for name in ("core", "voice"):
        say(f"memory of {name} (RSS)", rss[name], "MB")
    say("all three (sum of RSS)", rss["total"], "MB", "rss_mb.total")
    say("all three, shared pages divided (sum of PSS)", pss["total"], "MB")


def _first_sounds(shared: Set, tones: Mapping[str, float], scope: Scope) -> dict[str, Any]:
    say_heading(f"{scope.tones} skips to files that begin at once, as recorded; the actor on stage")
    figures = appliance.first_sounds(shared, tones, scope)
    say("decision to first sound, p95", figures["first_sound_ms_p95"], "ms", "first_sound_ms_p95")
    say("the same, median", figures["first_sound_ms_median"], "ms")
    actor = figures["eye_with_actor"]
    say("an eye that also makes its pictures: core share", actor["cpu_pct"], "%")
    say("and its memory (RSS)", actor["rss_mb"], "MB")
    return figures


def _libvlc(recorder: NullSinkRecorder, tones: Mapping[str, float], scope: Scope) -> dict[str, Any]:
    say_heading(f"libVLC alone, {scope.tones} skips over the same files")
    figures = libvlc_alone(recorder, list(tones), scope.tones)
    say("to play() accepted, p95", figures["libvlc_accept_ms_p95"], "ms")
    say("to first sound, p95", figures["libvlc_first_sound_ms_p95"], "ms")
    say("the same, median", figures["libvlc_first_sound_ms"], "ms")
    return figures


def _joins(recorder: NullSinkRecorder, folder: Path, scope: Scope) -> dict[str, Any]:
    say_heading(f"{scope.joins} tracks that follow another, as recorded")
    figures = joins(recorder, folder, scope.joins)
    say("within an album: apart, median", figures["apart_ms_median"], "ms")
    say("the same, most overlap (below 0)", figures["apart_ms_least"], "ms")
    say("the same, most apart", figures["apart_ms_most"], "ms")
    say("lost of an end by libVLC, at the most", figures["lost_ms_most"], "ms")
    say(
        f"a cross-fade of {FADE_S:g} s: off its level, at the most",
        figures["fade_off_db_most"],
        "dB",
        "joins.fade_off_db_most",
    )
    return {"joins": figures}


def _say_end(figures: Mapping[str, Any]) -> None:
    off = ", ".join(figures["targets_missed"]) or "none"
    say_heading(
        f"Targets missed: {off}. It took {figures['took_s']} s; load at the end "
        f"{figures['load_1min_at_end']}."
    )


if __name__ == "__main__":
    sys.exit(main())
