"""What a process costs, as the kernel counts it."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MB = 1e6
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process holds.

    Attributes:
        rss_mb: Resident memory in MB (10^6 bytes), pages shared with others counted in full.
        pss_mb: The same, shared pages divided among all who share them, this program too; None
            when the kernel does not tell, as of a process that may not be dumped unless we are
            root.
    """

    rss_mb: float
    pss_mb: float | None


def cpu_s(pid: int) -> float:
    """Return the processor time the process has used so far, all its threads, in seconds.

    Source: utime and stime in proc_pid_stat(5).
    """
    stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    after_name = stat.rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_PER_S


def memory(pid: int) -> Memory:
    """Return what the process holds now.

    Source: VmRSS in proc_pid_status(5), Pss in proc_pid_smaps_rollup(5).
    """
    process = Path(f"/proc/{pid}")
    try:
        pss_mb = _field_mb(process / "smaps_rollup", "Pss")
    except PermissionError:
        pss_mb = None
    return Memory(_field_mb(process / "status", "VmRSS"), pss_mb)


def peak_mb(pid: int) -> float:
    """Return the most resident memory the process ever held, in MB.

    Source: VmHWM in proc_pid_status(5).
    """
    return _field_mb(Path(f"/proc/{pid}/status"), "VmHWM")


def _field_mb(path: Path, name: str) -> float:
    for line in path.read_text("ascii", "replace").splitlines():
        if line.startswith(f"{name}:"):
            return round(int(line.split()[1]) * _KIB / _MB, 1)
    raise ValueError(f"{path} does not tell {name}")
