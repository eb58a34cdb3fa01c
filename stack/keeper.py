"""Runs a program that starts processes of its own, and ends all of them with it.

Run as a script with the command as arguments. Dagster's server starts code servers and a daemon;
when the stack dies by kill -9 the kernel tells this process, which takes them along.
"""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

import psutil

PR_SET_CHILD_SUBREAPER = 36
POLITE_SECONDS = 15.0
LAUNCHER = Path(__file__).with_name("launch.py")


def main() -> None:
    """Ends with the program's own exit code once nothing of it is left."""
    if sys.platform == "linux":
        # A grandchild whose parent ends becomes our child instead of init's.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    # Should this process be killed by -9, the kernel asks the program to end what it started.
    conditions = [str(int(signal.SIGINT)), str(os.getpid()), ""]
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCHER), *conditions, *sys.argv[1:]]
    )
    try:
        child.wait()
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        child.send_signal(signal.SIGINT)
        _wait(child)
    finally:
        _end_the_rest()
    sys.exit(child.poll() or 0)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(POLITE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end_the_rest() -> None:
    while left := psutil.Process().children(recursive=True):
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=1.0)


if __name__ == "__main__":
    main()
