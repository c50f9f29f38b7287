"""One container for all board tests: booted and provisioned once, with the real script."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.board.machine import CACHE, CHECKOUT, Appliance, Machine, free_port, render_tone, wheels

NEEDED = ("debootstrap", "systemd-nspawn", "nsenter")
TRACK_S = 600
"""Longer than all tests together, so that a track that ends is never the reason."""


@pytest.fixture(scope="session")
def board() -> Iterator[Appliance]:
    """A booted board with the checkout, settings and music on it; nothing provisioned yet."""
    assert os.geteuid() == 0, "the board tests boot a container: run sudo make test-all"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    assert not missing, f"{missing} not found: run scripts/system_packages.sh board-tests"

    CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    machine = Machine(folder, wheels())
    port = free_port()
    machine.write(
        "/etc/soulsync/soulsync.toml",
        f"""
        [camera]
        adapter = "actor"
        [player]
        output = "silent"
        [library]
        rescan_s = 1
        [web]
        port = {port}
        [privacy]
        trace_file = "/var/lib/soulsync/trace.jsonl"
        """,
    )
    probe = CHECKOUT / "tests/board/probe.py"
    machine.write("/usr/local/lib/probe.py", probe.read_text(encoding="utf-8"))
    for number, hertz in enumerate((220, 330, 440), start=1):
        render_tone(machine.root / f"media/soulsync/Tone {number}.wav", hertz, TRACK_S)
    machine.boot()
    try:
        yield Appliance(machine, port)
    finally:
        machine.power_off()
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=False)
