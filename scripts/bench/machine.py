"""What the figures were taken on."""

import ctypes
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from soulsync_edge.adapters.player_vlc import LIBRARY

_LIBRARIES = ("ai-edge-litert", "fastapi", "mediapipe", "numpy", "opencv-python-headless")


def machine() -> dict[str, Any]:
    """Return the machine, what runs on it and how busy it is, in words and numbers."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_mb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES} | {"libvlc": _libvlc_version()},
        "load_1min": load_1min(),
    }


def load_1min() -> float:
    """Return how many tasks ran or wanted to run, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    """Return what the processor is called; boards tell their own name instead."""
    for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Model"}:
            return value.strip()
    return platform.machine()


def _libvlc_version() -> str:
    ask = ctypes.CDLL(LIBRARY).libvlc_get_version
    ask.restype = ctypes.c_char_p
    answer: bytes = ask()
    return answer.decode().split()[0]
