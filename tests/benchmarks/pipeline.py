"""`hxi run` over simulated events, beside the same tables in bare SQL."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gosight.ingest_pb2 import EventBatch

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from hxi.load import load_batches
from orchestration.run.listener import DOCUMENTS
from simulate import Plan, generate
from tests.benchmarks import bare_documents, bare_sql, late, stages
from tests.benchmarks.processor import Clock, watched
from tests.benchmarks.report import Report, timed

DAYS = 60
EVENTS_PER_SESSION = 25  # about; see docs of the simulator
PART = 5  # the smaller build has a fifth of the events
LATE = 0.01


# `hxi run --json` asks each mart for its rows at the end, which is no part of the run.
STATEMENTS = """
    SELECT count() FROM system.query_log
    WHERE type != 'QueryStart' AND query_kind NOT IN ('Set', 'Use', 'System')
        AND NOT match(query, '^(SYSTEM |SELECT 1\\\\s*$|SELECT count\\\\(\\\\), (maxOrNull|NULL))')
        AND event_time_microseconds > toDateTime64({since:String}, 6)"""


@dataclass(frozen=True)
class Run:
    """One `hxi run` in a process of its own."""

    seconds: float
    peak_mib: float
    planned_sessions: int
    steps: Mapping[str, float]
    processor: Clock
    """Processor time of the stores, and of the pipeline itself."""


def measure(report: Report, endpoints: Endpoints, pids: Mapping[str, int], events: int) -> None:
    """Builds of a fifth and of all events, bare SQL over the same, and what later runs cost.

    `pids`: the stores' processes.
    """
    small = _load(report, endpoints, events // PART, seed=7)
    first = run(endpoints, pids)
    total = small + _load(report, endpoints, events - events // PART, seed=8)
    per_event = measure_built(report, endpoints, pids, total)
    small_per_event = (first.seconds - per_event.fixed) / small
    report.section(f"a build of {total:,} events beside one of {small:,}")
    report.ratio("per event, less fixed", per_event.seconds / small_per_event, "bar: 1.1")


@dataclass(frozen=True)
class PerEvent:
    """What a full build takes for each event, less what any run takes."""

    seconds: float
    fixed: float


def measure_built(
    report: Report, endpoints: Endpoints, pids: Mapping[str, int], total: int
) -> PerEvent:
    """A full build of the `total` events that have landed, bare SQL over them, and later runs."""
    full = run(endpoints, pids, "--full-refresh")
    with clients.clickhouse(endpoints.clickhouse_url) as client, watched(pids) as bare_processor:
        bare = timed(lambda: bare_sql.build(client)).seconds
    documents, bare_writes = bare_documents.write(endpoints)
    nothing = run(endpoints, pids)
    fixed, statements = _counted(endpoints, pids)
    fixed_ch, full_ch = stages.compared(fixed.steps), stages.compared(full.steps)

    report.section(f"full build of {total:,} events, by stage")
    stages.table(report, full.steps, full.seconds, total)
    report.section("full build beside bare SQL of the same marts and bare writes of documents")
    report.ratio(
        "hxi run --full-refresh, less fixed / both",
        (full.seconds - fixed.seconds) / (bare + bare_writes),
        "bar: 2; signals and PostgreSQL in it",
    )
    report.ratio(
        "derived documents after ops/done / the whole run",
        full.steps[DOCUMENTS] / full.seconds,
        "bar: 0.25; most are written beside the publish",
    )
    report.rate("derived documents, written bare", documents, bare_writes)
    report.number(
        "statements at ClickHouse of a run of one changed session", statements, "bar: 120"
    )
    report.seconds("its processor time, all processes", sum(fixed.processor.values()))
    report.seconds(
        "processor time per million events of a full build",
        sum(full.processor.values()) * 1e6 / total,
    )
    report.seconds("bare SQL", bare)
    report.seconds("plan, events and marts of hxi run", full_ch)
    report.seconds("fixed: a run for one changed session", fixed.seconds)
    report.seconds("fixed, of the stages compared", fixed_ch)
    report.ratio("plan, events and marts, less fixed / bare", (full_ch - fixed_ch) / bare, "bar: 3")
    for store, seconds in full.processor.items():
        report.seconds(f"processor time of {store}", seconds)
    report.ratio(
        "processor time of ClickHouse, less fixed / bare",
        (full.processor["clickhouse"] - fixed.processor["clickhouse"])
        / bare_processor["clickhouse"],
        "signals' and publishing's reads too",
    )
    per_event = PerEvent((full.seconds - fixed.seconds) / total, fixed.seconds)
    report.microseconds("per event, less fixed", per_event.seconds)
    report.megabytes("peak memory of hxi run", full.peak_mib, "bar: 1,536 MiB")
    report.seconds("hxi run, nothing new", nothing.seconds, "bar: 1.5 s")
    _measure_late(report, endpoints, pids, total, full)
    return per_event


def _counted(endpoints: Endpoints, pids: Mapping[str, int]) -> tuple[Run, int]:
    """A run of one changed session, and what it sent, without SET, USE and ingest's questions."""
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        _send(endpoints, late.batches(client, 1, 0))
        since = client.query("SELECT toString(now64(6))").result_rows[0][0]
        done = run(endpoints, pids)
        client.command("SYSTEM FLUSH LOGS")
        ((statements,),) = client.query(STATEMENTS, parameters={"since": since}).result_rows
    return done, int(statements)


def _measure_late(
    report: Report, endpoints: Endpoints, pids: Mapping[str, int], events: int, full: Run
) -> None:
    count = int(events * LATE)
    report.section(f"runs after {count:,} late events")
    for days, limit in ((2, "bar: 0.05"), (0, "bar: 0.20")):
        name = f"in sessions of {days} of {DAYS} days" if days else "in sessions of all days"
        again = _after(endpoints, pids, count, days)
        report.seconds(f"{name}, {again.planned_sessions:,} planned", again.seconds)
        for stage, took in stages.by_stage(again.steps).items():
            report.seconds(f"  {stage}", took)
        report.ratio("the same / full build", again.seconds / full.seconds, limit)


def _load(report: Report, endpoints: Endpoints, events: int, seed: int) -> int:
    """About so many simulated events through ingest into both stores; how many landed."""
    report.section(f"pipeline: about {events:,} simulated events")
    plan = Plan(sessions=max(1, events // EVENTS_PER_SESSION), days=DAYS, seed=seed)
    landed, seconds = _send(endpoints, generate(plan))
    report.rate("simulated, sent and landed", landed, seconds)
    return landed


def _after(endpoints: Endpoints, pids: Mapping[str, int], events: int, days: int = 0) -> Run:
    """A run after so many late events."""
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        _send(endpoints, late.batches(client, events, days))
    return run(endpoints, pids)


def _send(endpoints: Endpoints, batches: Iterator[EventBatch]) -> tuple[int, float]:
    took = timed(lambda: load_batches(endpoints, batches, backfill=True))
    return took.result.landed, took.seconds


def run(endpoints: Endpoints, pids: Mapping[str, int], *options: str) -> Run:
    """Wall time includes the start of Python and Dagster, and the documents in MongoDB."""
    command = [sys.executable, "-m", "hxi", "run", "--json", *options]
    environment = os.environ | endpoints.environment()
    with watched(pids) as processor:
        took = timed(lambda: _run(command, environment))
    answer, usage = took.result
    processor["the pipeline"] = usage.ru_utime + usage.ru_stime
    peak_mib = usage.ru_maxrss / 1024
    return Run(took.seconds, peak_mib, answer["planned_sessions"], answer["steps"], processor)


def _run(
    command: list[str], environment: dict[str, str]
) -> tuple[dict[str, Any], resource.struct_rusage]:
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, env=environment, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"hxi run ended with {process.returncode}: {said}")
    return json.loads(said.splitlines()[-1]), usage
