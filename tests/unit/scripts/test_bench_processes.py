"""`scripts.bench.processes`: what the kernel counts for a process."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.bench.processes import cpu_s, memory, peak_mb

ROOT = Path(__file__).parents[3]

CHILD = """
import os
from scripts.bench.processes import memory, peak_mb
before = memory(os.getpid())
held = b"x" * 50_000_000
during = memory(os.getpid())
del held
print(during.rss_mb - before.rss_mb, peak_mb(os.getpid()) - before.rss_mb)
"""


def test_a_process_that_computes_uses_processor_time() -> None:
    before_s = cpu_s(os.getpid())
    until_s = time.process_time() + 0.1
    while time.process_time() < until_s:
        pass

    assert cpu_s(os.getpid()) - before_s == pytest.approx(0.1, abs=0.05)


def test_memory_that_is_filled_is_counted_and_not_forgotten_by_the_peak() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=ROOT, capture_output=True, text=True, check=True
    )

    grown_mb, peak_grown_mb = map(float, done.stdout.split())
    assert grown_mb == pytest.approx(50, abs=5)
    assert peak_grown_mb == pytest.approx(50, abs=5)


def test_shared_pages_count_less_in_pss() -> None:
    held = memory(os.getpid())

    assert held.pss_mb is not None
    assert 0 < held.pss_mb <= held.rss_mb + 0.5
    assert peak_mb(os.getpid()) >= held.rss_mb - 0.5
