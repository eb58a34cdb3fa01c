"""A `hxi up` in a process of its own, as a person starts it, and other commands beside it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]
STOPPED_SECONDS = 30


def hxi(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end, with no HXI_ variable but those given."""
    return subprocess.run(
        [sys.executable, "-m", "hxi", *arguments],
        cwd=ROOT,
        env=plain_environment() | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HXI_")}


class Up:
    """A `hxi up --ports auto` in a process of its own; `lines` is what it printed until ready."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        command = ["up", "--ports", "auto", "--data-dir", str(folder), *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hxi", *command],
            cwd=ROOT,
            env=plain_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("ready"):
                break
        else:
            pytest.fail(f"hxi up ended: {self.lines}")
        parent = psutil.Process(self.process.pid)
        self.children = parent.children(recursive=True)

    def end(self, number: int) -> int:
        """Send the signal; returns the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(STOPPED_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def left_over(self) -> list[psutil.Process]:
        """Children that still run a moment after the parent's end."""
        return list(psutil.wait_procs(self.children, timeout=STOPPED_SECONDS)[1])
