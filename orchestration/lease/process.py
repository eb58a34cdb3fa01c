"""Names this process, so that others on this machine can tell whether it lives."""

import os
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PIDS = Path("/proc/self/ns/pid")


def this_process() -> str:
    """Machine, pid and start; '' where the kernel does not tell (others wait for the clock)."""
    machine, started = _machine(), _started(os.getpid())
    return f"{machine} {os.getpid()} {started}" if machine and started else ""


def is_dead(process: str) -> bool:
    """Whether it ran on this machine, since its last start, and does not any more."""
    machine, _, rest = process.partition(" ")
    pid, _, started = rest.partition(" ")
    return bool(started) and machine == _machine() and _started(int(pid)) != started


def _machine() -> str:
    """This boot of this kernel, and the pids that are seen here (a container has its own)."""
    try:
        return f"{BOOT_ID.read_text().strip()}/{PIDS.stat().st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """Ticks from boot to its start: a later process of the same pid has others; '' for none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    state, *fields = text[text.rindex(")") + 2 :].split()
    return "" if state in "ZX" else fields[18]
