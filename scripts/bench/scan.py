"""How much memory and time a scan of the music takes: it comes and goes beside the others."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from scripts.bench.processes import peak_mb
from soulsync_edge.errors import Unavailable

ROOT = Path(__file__).parents[2]


def scan(folder: Path) -> dict[str, float]:
    """Return the seconds and the most MB that a scan of `folder` takes, from start to end.

    Raises:
        Unavailable: The scan failed; says how.
    """
    begun_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench.scan", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"the scan of {folder} failed: {done.stderr.strip()}")
    most_mb = json.loads(done.stdout.splitlines()[-1])["peak_mb"]
    return {"s": round(time.monotonic() - begun_s, 2), "peak_mb": most_mb}


def _scan_and_tell(folder: str) -> int:
    """Be the scan program, and say at its end how much memory it held at most.

    Its own process says so itself: what a parent is told of an ended child includes the memory
    of the parent it was started from.
    """
    from soulsync_edge.cli import main  # noqa: PLC0415  # only what the real program imports

    status = main(["scan", "--lines", folder])
    sys.stdout.flush()
    print(json.dumps({"peak_mb": peak_mb(os.getpid())}))
    return status


if __name__ == "__main__":
    sys.exit(_scan_and_tell(sys.argv[1]))
