"""Peak memory of processes, as the kernel counts it (Linux)."""

from pathlib import Path

import psutil


def peak_mib(pid: int) -> float:
    """Peak resident size of a process and of the largest-ever of its living children, summed, MiB.

    Shared pages count in each, so PostgreSQL's sum is an upper bound.
    """
    family = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return sum(_high_water_kib(one) for one in family) / 1024


def _high_water_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0
