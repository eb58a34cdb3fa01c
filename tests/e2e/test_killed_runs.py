"""A run, or a store under it, killed at any moment: one more run makes every table right."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymongo
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin.errors import BusyError
from hxi.load import load_batches
from orchestration.lease.lease import held
from simulate import Plan, generate
from stack.embedded import Stack
from tests.e2e.served import differences, served

ROOT = Path(__file__).resolve().parents[2]
# A run is killed soon after it has told of each of these.
STAGES = (
    "ops.planned_sessions",
    "gosight.events",
    "gosight.sessions",
    "hxi.",
    "documents.session_events",
)


@contextmanager
def hxi_run(stack: Stack, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """`hxi run` in a process group of its own; its progress is on stderr."""
    environment: Mapping[str, str] = os.environ | stack.endpoints.environment()
    with subprocess.Popen(
        [sys.executable, "-m", "hxi", "run", "--json", *options],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(process: "subprocess.Popen[str]", table: str) -> None:
    """Until the run has told of `table`."""
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        told.append(line)
        if table in line:
            return
    pytest.fail(f"the run ended before {table}: {''.join(told)}")


def complete(stack: Stack, *options: str) -> None:
    """A run that ends well."""
    with hxi_run(stack, *options) as process:
        _, told = process.communicate(timeout=240)
    assert process.returncode == 0, told


def bring_new_events(stack: Stack) -> None:
    """Visits that no other test has sent."""
    seed = random.SystemRandom().randrange(1 << 30)
    load_batches(stack.endpoints, generate(Plan(20, days=3, seed=seed)))


@pytest.mark.timeout(900)
def test_runs_and_stores_killed_one_after_the_other_are_made_good_by_the_next_run(
    stack: Stack, clickhouse: Client, mongo: "pymongo.MongoClient[dict[str, Any]]"
) -> None:
    for table in STAGES:
        bring_new_events(stack)
        with hxi_run(stack) as process:
            wait_for(process, table)
            time.sleep(random.SystemRandom().random() / 2)  # somewhere within the next step
            os.killpg(process.pid, signal.SIGKILL)
    for store in ("clickhouse", "postgres"):
        bring_new_events(stack)
        with hxi_run(stack) as process:
            wait_for(process, "gosight.events")
            os.kill(stack.pids[store], signal.SIGKILL)
            process.communicate(timeout=240)
        stack.wait_ready()
    complete(stack)
    with psycopg.connect(stack.endpoints.postgres_dsn, autocommit=True) as postgres:
        after_crashes = served(clickhouse, postgres, mongo)
        complete(stack, "--full-refresh")
        assert differences(served(clickhouse, postgres, mongo), after_crashes) == {}


def test_a_second_run_is_told_in_one_line(stack: Stack) -> None:
    with held(stack.endpoints.postgres_dsn), hxi_run(stack) as second:
        _, told = second.communicate(timeout=120)
    assert second.returncode == BusyError.exit_code
    assert [line for line in told.splitlines() if line.startswith("hxi: another run is")]
    assert "Traceback" not in told
