"""`hxi run --every`: tables follow what lands, in one process that outlives the stores."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from hxi.load import load_batches
from orchestration.lease import lease
from orchestration.run.standing import Standing
from orchestration.stores.settings import Settings
from simulate import Plan, generate
from stack.embedded import Stack
from tests import waiting
from tests.collector import Collector, attributes, collecting
from tests.scraping import Samples, at, parsed, scraped

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300.0
HXI_RUN = (sys.executable, "-u", "-m", "hxi", "run")
METRICS_PORT = 28399
METRICS = f"http://127.0.0.1:{METRICS_PORT}"

until = partial(waiting.until, seconds=PATIENCE_SECONDS)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def running(
    stack: Stack, collector: Collector, tmp_path: Path
) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """The process and the file of its lines, which it has begun."""
    out = tmp_path / "lines"
    with out.open("w") as file:
        process = subprocess.Popen(
            [*HXI_RUN, "--every", "1s", "--metrics-port", str(METRICS_PORT)],
            env=os.environ
            | stack.endpoints.environment()
            | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: out.read_text().startswith("looking every 1 s"))
        yield process, out
    finally:
        process.kill()
        process.wait()


def test_it_follows_what_lands_outlives_a_store_and_ends_when_told(
    stack: Stack,
    clickhouse: Client,
    postgres: psycopg.Connection[Any],
    running: tuple["subprocess.Popen[bytes]", Path],
    collector: Collector,
) -> None:
    process, out = running
    project, _, key = projects.create(postgres, f"every {uuid4().hex}")
    mine = replace(stack.endpoints, project_key=key)

    def sessions() -> int:
        found = clickhouse.query(
            "SELECT count() FROM system.tables WHERE database = 'gosight' AND name = 'sessions'"
        ).result_rows
        if not found[0][0]:
            return 0
        query = "SELECT count() FROM gosight.sessions WHERE project_id = {p:String}"
        return int(clickhouse.query(query, parameters={"p": project}).result_rows[0][0])

    def lines() -> list[str]:
        return out.read_text().splitlines()

    load_batches(mine, generate(Plan(2, days=1, seed=901)))
    until(lambda: sessions() == 2 and "sessions rebuilt" in lines()[-1])
    until(lambda: not lease.is_held(postgres))
    assert_metrics_tell_of_the_run(scraped(METRICS))

    stack.supervisor.halt("mongodb")
    until(lambda: any(line.startswith("MongoDB failed") for line in lines()))
    stack.supervisor.resume("mongodb")
    stack.wait_ready()
    load_batches(mine, generate(Plan(1, days=1, seed=902)))
    until(lambda: sessions() == 3 and "sessions rebuilt" in lines()[-1])
    assert sum(line.startswith("MongoDB failed") for line in lines()) <= 2, "not once a turn"

    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert lines()[-1] == "stopped"
    run = collector.named("run")[0]
    assert attributes(run)["plan_id"] > 0
    steps = [span for span in collector.named("dbt_marts") if span.parent_span_id == run.span_id]
    assert [step.trace_id for step in steps] == [run.trace_id]
    assert run.start_time_unix_nano <= steps[0].start_time_unix_nano < steps[0].end_time_unix_nano


def assert_metrics_tell_of_the_run(told: Samples) -> None:
    assert at(told, "runs_total", outcome="done") >= 1
    assert at(told, "run_seconds_count") == at(told, "runs_total", outcome="done")
    assert at(told, "run_sessions_total") >= 2
    assert at(told, "run_rows_total", stage="marts") > 0
    assert at(told, "run_step_seconds", step="dbt_marts") > 0
    assert at(told, "run_failed_checks") == 0
    assert [at(told, "store_up", store=store) for store in ("clickhouse", "postgresql")] == [1, 1]
    assert at(told, "mart_rows", table="sessions") >= 2
    assert time.time() - at(told, "newest_landed_timestamp_seconds") < PATIENCE_SECONDS


def test_metrics_of_the_stores_are_printed_once_for_a_scheduler_of_ones_own(stack: Stack) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "hxi", "metrics", "--once"],
        env=os.environ | stack.endpoints.environment(),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    told = parsed(printed.stdout)
    assert time.time() - at(told, "last_run_timestamp_seconds") < PATIENCE_SECONDS
    assert sum(at(told, "last_run_seconds", kind=kind) for kind in ("full", "incremental")) > 0
    assert at(told, "store_up", store="postgresql") == 1
    assert not any(name.startswith("hxi_runs") for name, _ in told)


def test_asking_again_takes_no_lease_until_something_leaves_a_trace(
    stack: Stack, clickhouse: Client, postgres: psycopg.Connection[Any]
) -> None:
    asked: list[bool] = []
    environment = stack.endpoints.environment()

    def ask() -> bool:
        asked.append(True)
        return True

    standing = Standing(Settings.from_environment(environment), ask)
    assert standing.nothing_is_new()

    def quiet() -> bool:
        """Merges in the background leave traces too, until there are none."""
        before = len(asked)
        return standing.nothing_is_new() and len(asked) == before

    def is_noticed(change: Callable[[], object]) -> None:
        until(quiet)
        before = len(asked)
        change()
        until(lambda: standing.nothing_is_new() and len(asked) > before)

    is_noticed(lambda: projects.create(postgres, f"trace {uuid4().hex}"))
    is_noticed(lambda: clickhouse.command("CREATE VIEW gosight.trace AS SELECT 1"))
    is_noticed(lambda: clickhouse.command("DROP VIEW gosight.trace"))
    is_noticed(
        lambda: clickhouse.command(
            "INSERT INTO raw.session_index (project_id, session_id, n) VALUES"
            " ('trace', generateUUIDv4(), 1)"
        )
    )
    is_noticed(lambda: clickhouse.command("DELETE FROM raw.session_index WHERE project_id='trace'"))
    standing.close()
