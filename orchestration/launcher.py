"""The run launcher of our `dagster.yaml`: Dagster's default, and it sees that a run's process died.

The default one leaves that to the code server which started the process. When both die (kill -9,
out of memory), nobody marks the run as failed: it would keep its pool, and all others wait.
"""

import re

import dagster as dg
import psutil
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG

PID = re.compile(r"\(pid: (\d+)\)")
# Clocks of files and processes are not read at one moment.
SLACK_S = 5.0


class RunLauncher(DefaultRunLauncher):
    """Judges runs of code servers on this machine; what others started is left to them."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring asks only who says so."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """FAILED when the process that executes the run is gone; RUNNING when nobody can tell."""
        # A code server with a socket is on this machine, and its processes with it.
        if '"socket": "' not in run.tags.get(GRPC_INFO_TAG, ""):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        started = self._started(run.run_id)
        if started is None or _is_alive(*started):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process {started[0]} is gone")

    def _started(self, run_id: str) -> tuple[int, float] | None:
        """Pid of the last process that said it executes the run, and when it said so."""
        events = self._instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        found = [
            (int(pid[1]), event.timestamp)
            for event in events
            if (pid := PID.search(event.message or event.user_message))
        ]
        return found[-1] if found else None


def _is_alive(pid: int, since: float) -> bool:
    """Whether this process has run since then; another one may have got its number."""
    try:
        process = psutil.Process(pid)
        return process.create_time() <= since + SLACK_S and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
