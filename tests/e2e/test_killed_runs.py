"""A run, or a store under it, killed at any moment: one more run makes every table right."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymongo
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin.errors import BusyError
from hxi.load import load_batches
from hxi.run import RunFailedError
from orchestration.lease import lease
from orchestration.lease.lease import held
from simulate import Plan, generate
from stack.embedded import Stack
from tests.e2e.sdk_recordings import post_calls
from tests.e2e.served import served
from tests.e2e.warehouse_rows import difference
from tests.unit.ingest_formats.sdk_traffic import TELL, visits

ROOT = Path(__file__).resolve().parents[2]
# A run is killed soon after it has told that it began each of these.
STAGES = tuple(
    f"building: {one}" for one in ("plan", "events", "marts", "copied", "served", "documents")
)
# What else is killed under a run; the first two always.
STORES = ("clickhouse", "postgres", "mongodb", "ingest")
RUN = "run"


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
    """Visits that no other test has sent, some of them by each SDK."""
    seed = random.SystemRandom().randrange(1 << 30)
    load_batches(stack.endpoints, generate(Plan(20, days=3, seed=seed)))
    begins = int(time.time() * 1000) - 3 * 3_600_000
    post_calls(stack.endpoints, visits(random.Random(seed), begins, len(TELL)))


def kill(stack: Stack, victim: str, stage: str, *options: str) -> None:
    """Kill a run, or a program under it, somewhere within a stage, while events land."""
    with hxi_run(stack, *options) as process, ThreadPoolExecutor(1) as pool:
        landing = pool.submit(bring_new_events, stack)
        wait_for(process, stage)
        time.sleep(random.SystemRandom().random() / 2)
        if victim == RUN:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            os.kill(stack.pids[victim], signal.SIGKILL)
        process.communicate(timeout=240)
        stack.wait_ready()
        landing.result()


@pytest.mark.timeout(3600)
def test_runs_and_stores_killed_one_after_the_other_are_made_good_by_the_next_run(
    stack: Stack,
    clickhouse: Client,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
    pytestconfig: pytest.Config,
) -> None:
    victims = [*((RUN, table) for table in STAGES), *((one, STAGES[1]) for one in STORES[:2])]
    chance = random.SystemRandom()
    victims += [
        (chance.choice((RUN, *STORES)), chance.choice(STAGES))
        for _ in range(pytestconfig.getoption("--kills"))
    ]
    for number, (victim, table) in enumerate(victims):
        bring_new_events(stack)
        kill(stack, victim, table, *(("--full-refresh",) if number % 4 == 3 else ()))
    complete(stack)
    with psycopg.connect(stack.endpoints.postgres_dsn, autocommit=True) as postgres:
        after_crashes = served(clickhouse, postgres, mongo)
        complete(stack, "--full-refresh")
        assert difference(after_crashes, served(clickhouse, postgres, mongo)) == ""


@pytest.mark.timeout(600)
def test_a_paused_run_that_wakes_when_another_has_its_lease_writes_nothing_more(
    stack: Stack,
    clickhouse: Client,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(lease.SECONDS_VARIABLE, "3")
    bring_new_events(stack)
    with hxi_run(stack) as paused:
        wait_for(paused, random.SystemRandom().choice(STAGES[1:5]))
        time.sleep(random.SystemRandom().random())
        os.killpg(paused.pid, signal.SIGSTOP)
        time.sleep(4)
        bring_new_events(stack)
        complete(stack)
        with psycopg.connect(stack.endpoints.postgres_dsn, autocommit=True) as postgres:
            after_the_other = served(clickhouse, postgres, mongo)
            os.killpg(paused.pid, signal.SIGCONT)
            paused.communicate(timeout=240)
            assert paused.returncode == RunFailedError.exit_code
            assert difference(after_the_other, served(clickhouse, postgres, mongo)) == ""


def test_a_second_run_is_told_in_one_line(stack: Stack) -> None:
    with held(stack.endpoints.postgres_dsn), hxi_run(stack) as second:
        _, told = second.communicate(timeout=120)
    assert second.returncode == BusyError.exit_code
    assert [line for line in told.splitlines() if line.startswith("hxi: another run is")]
    assert "Traceback" not in told
