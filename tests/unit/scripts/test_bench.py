"""`python -m scripts.bench --quick`: it measures all it promises, on the real programs."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.bench.tones import write_tones

ROOT = Path(__file__).parents[3]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def numbers(value: Any) -> Iterator[float]:
    """Yield every number in what JSON held."""
    if isinstance(value, dict):
        for each in value.values():
            yield from numbers(each)
    elif isinstance(value, list):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


@pytest.mark.libvlc
@pytest.mark.slow
@pytest.mark.sound
@pytest.mark.timeout(180)
def test_a_quick_run_prints_every_promised_figure_in_its_last_line(tmp_path: Path) -> None:
    write_tones(tmp_path / "music", count=4)

    done = bench("--quick", "--music", str(tmp_path / "music"))

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    measured = {
        name: figures[name]
        for name in (
            "find_ms",
            "crop_ms",
            "classify_ms",
            "frame_ms",
            "paper_frame_ms",
            "eye_cpu_pct",
            "rss_mb",
            "decide_ms_p95",
            "first_sound_ms_p95",
            "libvlc_first_sound_ms",
            "page_ready_s",
            "first_music_s",
            "scan",
            "scan_s",
            "scan_peak_mb",
            "scan_core_late_ms_p99",
            "scan_again_s",
        )
    }
    assert set(measured["rss_mb"]) == {"core", "eye", "voice", "total"}
    assert all(math.isfinite(number) and number > 0 for number in numbers(measured)), measured
    assert set(figures["mood"]) == {"raw", "majority10", "ours"}
    for way in figures["mood"].values():
        assert way["false_switches_per_h"] >= 0
        assert way["delay_s"] >= 0
    assert abs(figures["joins"]["apart_ms_median"]) < 100
    assert 0 <= figures["joins"]["fade_off_db_most"] < 6
    assert figures["looks_per_s"] == pytest.approx(4, abs=1)
    assert figures["quick"] is True
    # What a person reads stands above it, targets and all.
    assert "at most 20 ms" in done.stdout
    assert "Traceback" not in done.stderr


def test_without_music_it_says_what_to_do(tmp_path: Path) -> None:
    done = bench("--music", str(tmp_path))

    assert done.returncode == 69
    assert (
        done.stderr == f"bench: there is no music in {tmp_path}; `make setup` renders some there\n"
    )
