"""`make bench`: what the warehouse costs, as ratios to bare baselines measured in the same run."""

import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints, resolve
from hxi.admin.folder import DataFolder
from orchestration.documents.switch import ALL, VARIABLE
from simulate import Plan, generate
from stack.embedded import Stack
from stack.stores import postgres
from tests.benchmarks import (
    adapters,
    bi,
    doors,
    growth,
    guarded,
    landing,
    pipeline,
    publish,
    queries,
    sustained,
)
from tests.benchmarks.memory import peak_mib
from tests.benchmarks.page import write_page
from tests.benchmarks.processor import listening
from tests.benchmarks.report import Report

DOOR_SESSIONS = 2_000  # about 50,000 events
PARTS = ("adapters", "doors", "growth", "guarded", "landing", "pipeline")
SUSTAINED = "sustained"  # ten minutes: only when it is asked for


@click.command()
@click.option("--events", default=1_000_000, show_default=True, help="Size of the pipeline's part.")
@click.option("--only", type=click.Choice((*PARTS, SUSTAINED)), multiple=True)
@click.option(
    "--built-on",
    "data_dir",
    type=click.Path(path_type=Path),
    help="Measure builds alone, on the stack that runs there with the events it has.",
)
@click.option("--rate", default=5_000, show_default=True, help="Sustained: events a second.")
@click.option("--seconds", default=600.0, show_default=True, help="Sustained: for so long.")
@click.option("--page", type=click.Path(path_type=Path), help="Write the figures here as Markdown.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Keep the figures here.")
def main(
    *,
    events: int,
    only: tuple[str, ...],
    data_dir: Path | None,
    rate: int,
    seconds: float,
    page: Path | None,
    json_file: Path | None,
) -> None:
    """Measure on embedded stores of its own; absolute times are those of this machine."""
    os.environ[VARIABLE] = ALL  # documents count in every figure, whoever measures
    report = Report()
    if data_dir:
        _measure_built(report, data_dir)
    else:
        _measure(report, events, only or PARTS, sustained.Pace(rate, seconds))
    if page:
        what = "".join(f" --only {part}" for part in only)
        write_page(report.figures, f"python -m tests.benchmarks --events {events}{what}", page)
    if json_file:
        json_file.write_text(json.dumps(report.figures, indent=2))


def _measure(report: Report, events: int, wanted: Collection[str], pace: sustained.Pace) -> None:
    if "adapters" in wanted:
        adapters.measure(report)
    if "growth" in wanted:  # on stores of its own: others' events would be among its own
        with _stack() as stack:
            growth.measure(report, _unlimited(stack), stack.pids, events)
    if not set(wanted) - {"adapters", "growth"}:
        return
    with _stack() as stack:
        batches = list(generate(Plan(DOOR_SESSIONS, days=7, seed=3)))
        endpoints = _unlimited(stack)
        if "landing" in wanted:
            landing.measure(report, endpoints, stack.pids, batches)
        if SUSTAINED in wanted:
            sustained.measure(report, endpoints, pace)
        if "pipeline" in wanted:
            pipeline.measure(report, endpoints, stack.pids, events)
            _served(report, endpoints, stack.folder)
        if "doors" in wanted:
            doors.measure(report, endpoints, batches)
        if "guarded" in wanted:
            guarded.measure(report, endpoints, batches[: len(batches) // 5])
        _peaks(report, stack.pids)


@contextmanager
def _stack() -> Iterator[Stack]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), ports="auto", environment={}) as stack,
    ):
        stack.start_stores()
        stack.start_ingest()
        yield stack


def _unlimited(stack: Stack) -> Endpoints:
    """With a key that may send at any rate."""
    with clients.postgres(stack.endpoints.postgres_dsn) as connection:
        key = projects.add_key(connection, stack.endpoints.project_id, limit=None)
    return replace(stack.endpoints, project_key=key)


def _served(report: Report, endpoints: Endpoints, folder: DataFolder) -> None:
    queries.measure(report, endpoints)
    publish.measure(report, endpoints)
    port = urlsplit(endpoints.postgres_dsn).port
    assert port is not None
    admin = postgres.dsn(port, folder.passwords().postgres_admin, postgres.ADMIN)
    bi.measure(report, endpoints, admin)


def _measure_built(report: Report, data_dir: Path) -> None:
    endpoints = resolve(data_dir)
    pids = listening(
        {
            "clickhouse": endpoints.clickhouse_url,
            "mongodb": endpoints.mongodb_uri,
            "postgres": endpoints.postgres_dsn,
        }
    )
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        ((events,),) = client.query("SELECT count() FROM raw.events").result_rows
    pipeline.measure_built(report, endpoints, pids, events)
    _served(report, endpoints, DataFolder(data_dir))
    _peaks(report, pids)


def _peaks(report: Report, pids: Mapping[str, int]) -> None:
    report.section("peak memory of each process")
    for name, pid in pids.items():
        report.megabytes(name, peak_mib(pid))


if __name__ == "__main__":
    main()
