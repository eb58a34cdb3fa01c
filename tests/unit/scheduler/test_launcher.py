"""Whether a run's process is still there, told from what the run has logged."""

import os
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus

from orchestration.launcher import RunLauncher
from stack.services import write_once

HERE = '{"host": "localhost", "socket": "/tmp/server"}'
ELSEWHERE = '{"host": "code", "port": 4000}'


@dg.job
def nothing() -> None:
    """Has no op."""


def status(folder: Path, pid: int | None, server: str) -> WorkerStatus:
    """Of a run that said it is executed by this process."""
    write_once(folder / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        run = instance.create_run_for_job(nothing, tags={".dagster/grpc_info": server})
        if pid is not None:
            instance.report_engine_event(f"Started process for run (pid: {pid}).", run)
        launcher = instance.run_launcher
        assert isinstance(launcher, RunLauncher)
        assert launcher.supports_check_run_worker_health
        return launcher.check_run_worker_health(run).status


def ended() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("is_alive", "server", "found"),
    [
        (True, HERE, WorkerStatus.RUNNING),
        (False, HERE, WorkerStatus.FAILED),
        (None, HERE, WorkerStatus.RUNNING),  # has not said yet who executes it
        (False, ELSEWHERE, WorkerStatus.RUNNING),  # its processes are not seen from here
    ],
)
def test_a_run_has_failed_when_its_process_is_gone(
    tmp_path: Path, is_alive: bool | None, server: str, found: WorkerStatus
) -> None:
    pid = None if is_alive is None else os.getpid() if is_alive else ended()
    assert status(tmp_path, pid, server) is found


def test_a_process_that_got_the_number_later_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.launcher.SLACK_S", -(time.time() + 1))
    assert status(tmp_path, os.getpid(), HERE) is WorkerStatus.FAILED
