"""How hot the machine is, as far as the kernel tells."""

import contextlib
from pathlib import Path

ZONES = Path("/sys/class/thermal")


def hottest_c(zones: Path = ZONES) -> float | None:
    """Return the temperature of the hottest part in °C, or None where nothing tells it."""
    found = []
    for zone in zones.glob("thermal_zone*/temp"):
        with contextlib.suppress(OSError, ValueError):  # a part that is switched off tells nothing
            found.append(int(zone.read_text(encoding="ascii")) / 1000)
    return max(found, default=None)
