"""Tells one run of the machine, from power to power, from the next."""

import secrets
from pathlib import Path


def run_of_machine(run_dir: Path) -> str:
    """Return the name of this run of the machine; empty when it has none.

    It lies in the run folder, which a restart of the programs leaves as it is and one of the
    machine empties. The kernel's own boot id is out of core's sight (ProcSubset=pid in its unit).
    """
    file = run_dir / "run"
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(secrets.token_hex(8), "ascii")
        return file.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
