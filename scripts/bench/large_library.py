"""What a library of thousands of files costs: its scan, and core meanwhile."""

import contextlib
import json
import math
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import mutagen
import numpy as np
import soundfile
from mutagen import id3

from scripts.bench.processes import memory
from soulsync_edge.adapters.settings_toml import TomlSettingsFile
from soulsync_edge.errors import Unavailable
from soulsync_edge.programs.demo_stage import free_port
from soulsync_edge.settings import Settings

ROOT = Path(__file__).parents[2]

_WITHIN_S = 600.0
_LOOK_EVERY_S = 0.05
_PER_FOLDER = 12
_TEMPLATES = 5  # of each format
_COVER_BYTES = 40_000
_SEED = 4

_FORMATS = {
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
}


def large_library(folder: Path, count: int) -> None:
    """Write `count` tagged files of four formats below `folder`, in albums of twelve."""
    chance = random.Random(_SEED)  # noqa: S311  # no secret
    templates = [
        _template(folder / f"{number}{ending}", number, chance)
        for ending in _FORMATS
        for number in range(_TEMPLATES)
    ]
    for number in range(count):
        album = folder / f"Artist {number // 120:03}" / f"Album {number // _PER_FOLDER:04}"
        album.mkdir(parents=True, exist_ok=True)
        template = templates[number % len(templates)]
        shutil.copyfile(template, album / f"{number % _PER_FOLDER:02} - {number}{template.suffix}")
    for template in templates:
        template.unlink()


def large_scan(count: int, scratch: Path) -> dict[str, Any]:
    """Return what core and its scan take for `count` files, at first and after a restart.

    Raises:
        Unavailable: Core did not get to the end of a scan; with its last words.
    """
    music = scratch / "music"
    music.mkdir()
    large_library(music, count)
    first = _once(scratch, music, count)
    again = _once(scratch, music, count)
    return {
        "scan_files": count,
        **{f"scan_{name}": value for name, value in first.items()},
        **{f"scan_again_{name}": value for name, value in again.items()},
    }


def _once(scratch: Path, music: Path, count: int) -> dict[str, float]:
    settings = Settings.model_validate(
        {
            "library": {"folder": str(music.resolve()), "listen": False},
            "web": {"host": "127.0.0.1", "port": free_port()},
        }
    )
    config, report = scratch / "soulsync.toml", scratch / "late.json"
    TomlSettingsFile(config).save(settings)
    places = ("--config", config, "--run-dir", scratch / "run", "--state-dir", scratch / "state")
    begun_s = time.monotonic()
    with _core([str(report), *map(str, places)]) as core, _Watched(core.pid) as watched:
        _await_end(core, count)
        took_s = time.monotonic() - begun_s
    turns = json.loads(report.read_text("ascii"))
    late_ms = sorted(late for at_s, late in turns if watched.begun_s <= at_s <= begun_s + took_s)
    return {
        "s": round(took_s, 2),
        "peak_mb": watched.most_mb,
        "core_late_ms_median": round(late_ms[len(late_ms) // 2], 2),
        "core_late_ms_p99": round(late_ms[math.ceil(0.99 * len(late_ms)) - 1], 2),
        "core_late_ms_most": round(late_ms[-1], 2),
    }


@contextlib.contextmanager
def _core(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.bench.probed_core", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as core:
        try:
            yield core
        finally:
            core.terminate()
            core.communicate()


def _await_end(core: subprocess.Popen[str], count: int) -> None:
    """Return once core says that it knows all tracks."""
    late = threading.Timer(_WITHIN_S, core.kill)
    late.start()
    said: list[str] = []
    try:
        if core.stderr is None:
            raise AssertionError("asked for a pipe, got none")
        for line in core.stderr:
            said.append(line)
            if f"the library has {count} tracks" in line:
                return
    finally:
        late.cancel()
    raise Unavailable("core did not come to the end of a scan:\n" + "".join(said[-15:]))


class _Watched:
    """Watches how much memory the scan and its reader hold, as children of core, in a block.

    Attributes:
        most_mb: The most at once: what both share counts twice.
        begun_s: When the scan was first seen, on the monotonic clock.
    """

    def __init__(self, pid: int) -> None:
        self.most_mb = 0.0
        self.begun_s = math.inf
        self._pid = pid
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(_LOOK_EVERY_S):
            held = [_rss_mb(pid) for pid in _descendants(self._pid)]
            if held:
                self.begun_s = min(self.begun_s, time.monotonic())
            self.most_mb = max(self.most_mb, round(sum(held), 1))


def _descendants(pid: int) -> list[int]:
    """Return all processes below `pid`, as of now."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(one) for task in tasks for one in (task / "children").read_text().split()]
    except OSError:
        return []
    return children + [each for child in children for each in _descendants(child)]


def _rss_mb(pid: int) -> float:
    try:
        return memory(pid).rss_mb
    except (OSError, ValueError):
        return 0.0  # it has just ended


def _template(path: Path, number: int, chance: random.Random) -> Path:
    """Write a piece of a few seconds with the tags and the cover people's files have."""
    container, coding = _FORMATS[path.suffix]
    rate_hz = 24_000
    time_s = np.arange(4 * rate_hz) / rate_hz
    tone = 0.2 * np.sin(2 * np.pi * (220 + 20 * number) * time_s)
    soundfile.write(path, tone, rate_hz, format=container, subtype=coding)
    words = {"title": f"Piece {number}", "artist": "Somebody", "album": "Something"}
    words |= {"genre": chance.choice(("Jazz", "Pop", "Ambient", "Rock")), "date": "1999"}
    if path.suffix == ".mp3":
        tags: Any = id3.ID3()
        frames: Any = id3
        names = dict(zip(words, ("TIT2", "TPE1", "TALB", "TCON", "TDRC"), strict=True))
        for name, word in words.items():
            tags.add(getattr(frames, names[name])(text=word))
        tags.add(frames.APIC(mime="image/jpeg", type=3, data=chance.randbytes(_COVER_BYTES)))
        tags.save(path)
    else:
        file: Any = mutagen.File(path)
        file.update(words)
        file.save()
    return path
