"""`hxi run` over simulated events, beside the same sums in bare SQL."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stack import clients
from stack.endpoints import Endpoints
from stack.load import load_batches
from stack.simulate import Plan, generate
from tests.benchmarks import bare_sql
from tests.benchmarks.report import Report, timed

DAYS = 28  # within the age that ingest accepts
EVENTS_PER_SESSION = 25  # about; see docs of the simulator


@dataclass(frozen=True)
class Run:
    """One `hxi run` in a process of its own."""

    seconds: float
    peak_mib: float
    planned_sessions: int


def load(report: Report, endpoints: Endpoints, events: int) -> None:
    """About so many simulated events through ingest into both stores."""
    report.section(f"pipeline: about {events:,} simulated events")
    plan = Plan(sessions=max(1, events // EVENTS_PER_SESSION), days=DAYS, seed=7)
    took = timed(lambda: load_batches(endpoints, generate(plan)))
    report.rate("simulated, sent and landed", took.result.landed, took.seconds)


def measure(report: Report, endpoints: Endpoints) -> None:
    """A first run, one with nothing new, and bare SQL over the same rows."""
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        events = int(client.query("SELECT count() FROM raw.events FINAL").result_rows[0][0])
        bare = timed(lambda: bare_sql.build(client)).seconds
    first, again = run(endpoints), run(endpoints)
    report.rate("bare SQL", events, bare)
    report.rate("hxi run, everything new", events, first.seconds)
    report.seconds("hxi run, nothing new", again.seconds, "bar: 5 s")
    report.ratio("(everything - nothing new) / bare", (first.seconds - again.seconds) / bare)
    report.megabytes("peak memory of hxi run", first.peak_mib, "bar: 2,048 MiB")


def run(endpoints: Endpoints, *options: str) -> Run:
    """Wall time includes the start of Python, Dagster and dbt."""
    command = [sys.executable, "-m", "stack.cli", "run", "--json", *options]
    environment = os.environ | endpoints.environment()
    report = timed(lambda: _run(command, environment))
    answer, peak_kib = report.result
    return Run(report.seconds, peak_kib / 1024, answer["planned_sessions"])


def _run(command: list[str], environment: dict[str, str]) -> tuple[dict[str, int], int]:
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, env=environment, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"hxi run ended with {process.returncode}")
    return answer, usage.ru_maxrss
