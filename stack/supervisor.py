"""Keeps the programs of one stack running: start, restart with back-off, stop, logs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hxi.admin.errors import StartError, UserError

LAUNCHER = Path(__file__).with_name("launch.py")
POLL_SECONDS = 0.1
FIRST_RESTART_SECONDS = 0.2
LAST_RESTART_SECONDS = 10.0
HEALTHY_SECONDS = 10.0  # having run so long, a program's next death is its first again
DEATHS_BEFORE_READY = 6  # in a row, before a start is given up
NOTE = "--- "  # begins the supervisor's own lines in a program's log
LOG_BYTES = 16 << 20  # a longer log is moved to <name>.log.1 at the next start


def nothing() -> None:
    """The default of `Program.before_start`."""


@dataclass(frozen=True)
class Program:
    """One process to keep running in the foreground.

    `is_ready` is asked until it is true and must not raise. `before_start` runs before each start,
    restarts included. `death_signal` is what the kernel sends when this process dies by kill -9.
    """

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    before_start: Callable[[], None] = nothing
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    stop_seconds: float = 20.0
    uid: int | None = None


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0  # in a row
    restart_at: float | None = None
    is_halted: bool = False


class Supervisor:
    """Owns the children; `stop` must be called, else they run until this process ends."""

    def __init__(self, logs: Path) -> None:
        """`logs` is a folder that exists."""
        self._logs = logs
        self._children: dict[str, _Child] = {}
        self._lock = threading.RLock()
        # The kernel's "parent died" signal follows the thread that forked, so one thread that
        # lives as long as the supervisor starts every child.
        self._spawner = ThreadPoolExecutor(1, thread_name_prefix="spawner")
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._watcher.start()

    @property
    def pids(self) -> dict[str, int]:
        """Pid by name of what runs now."""
        with self._lock:
            return {
                name: child.process.pid
                for name, child in self._children.items()
                if child.process.poll() is None
            }

    @property
    def names(self) -> list[str]:
        """All that should run, in the order they were started."""
        with self._lock:
            return list(self._children)

    def log_file(self, name: str) -> Path:
        """Where the program's output goes."""
        return self._logs / f"{name}.log"

    def start(self, program: Program) -> None:
        """Start it and keep it running; does not wait until it is ready."""
        with self._lock:
            process = self._spawn(program)
            self._children[program.name] = _Child(program, process, time.monotonic())

    def wait_ready(self, names: Sequence[str], seconds: float) -> None:
        """Return when all are ready; StartError when one keeps dying or time is up."""
        deadline = time.monotonic() + seconds
        waiting = list(names)
        while waiting:
            with self._lock:
                children = [self._children[name] for name in waiting]
            waiting = []
            for child in children:
                if child.process.poll() is None and child.program.is_ready():
                    child.deaths = 0
                elif child.deaths >= DEATHS_BEFORE_READY:
                    raise self._start_error(child.program.name, "keeps ending")
                else:
                    waiting.append(child.program.name)
            if waiting and time.monotonic() > deadline:
                raise self._start_error(waiting[0], f"is not ready after {seconds:.0f} s")
            if waiting:
                time.sleep(POLL_SECONDS / 2)

    def halt(self, name: str) -> None:
        """Stop one until `resume`: its stop signal, then SIGKILL when its time is up."""
        with self._lock:
            child = self._children[name]
            child.is_halted = True
        _end(child)

    def resume(self, name: str) -> None:
        """Start a halted one again; does not wait until it is ready."""
        with self._lock:
            self.start(self._children[name].program)

    def end(self, name: str) -> None:
        """Stop one for good."""
        self.halt(name)
        with self._lock:
            del self._children[name]

    def stop_all(self) -> None:
        """Stop all, last started first, then the supervisor itself."""
        for name in reversed(self.names):
            self.halt(name)
        self._ended.set()
        self._watcher.join()
        self._spawner.shutdown()

    def _start_error(self, name: str, what: str) -> StartError:
        log = self.log_file(name)
        words = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        its_own = [line.strip() for line in words if not line.startswith(NOTE)]
        last = f": {its_own[-1][:300]}" if its_own else ""
        return StartError(f"{name} {what}, see {log}{last}")

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        program.before_start()
        return self._spawner.submit(self._popen, program).result()

    def _popen(self, program: Program) -> subprocess.Popen[bytes]:
        log = self.log_file(program.name)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        uid = "" if program.uid is None else str(program.uid)
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
        conditions = [str(int(program.death_signal)), str(os.getpid()), uid]
        self._note(program.name, "starts")
        with log.open("ab") as output:
            return subprocess.Popen(
                [*launcher, *conditions, *program.command],
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for us alone: we stop the children in order.
                start_new_session=True,
            )

    def _note(self, name: str, what: str) -> None:
        """A line of our own in the program's log."""
        with self.log_file(name).open("a") as log:
            log.write(f"{NOTE}{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: {name} {what}\n")

    def _watch(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            with self._lock:
                for child in self._children.values():
                    self._revive(child)

    def _revive(self, child: _Child) -> None:
        now = time.monotonic()
        if child.is_halted or child.process.poll() is None:
            return
        if child.restart_at is None:
            child.deaths = 1 if now - child.started > HEALTHY_SECONDS else child.deaths + 1
            pause = min(FIRST_RESTART_SECONDS * 2 ** (child.deaths - 1), LAST_RESTART_SECONDS)
            child.restart_at = now + pause
        elif now >= child.restart_at:
            child.started, child.restart_at = now, None
            try:
                child.process = self._spawn(child.program)
            except (OSError, UserError) as error:
                # Counts as one more death: the next look at it sets the next pause.
                self._note(child.program.name, f"cannot be started: {error}")


def _end(child: _Child) -> None:
    process = child.process
    if process.poll() is not None:
        return
    process.send_signal(child.program.stop_signal)
    try:
        process.wait(child.program.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
