"""What runs cost as the warehouse grows: whole builds, one new session, nothing new; and memory."""

from collections.abc import Iterator, Mapping

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from hxi.load import load_batches
from simulate import Plan, generate
from tests.benchmarks.memory import peak_mib
from tests.benchmarks.pipeline import DAYS, EVENTS_PER_SESSION, run
from tests.benchmarks.report import Report

SMALLEST = 10_000


def sizes(events: int) -> Iterator[int]:
    """10,000 and its tenfolds below `events`, then `events`."""
    size = SMALLEST
    while size < events:
        yield size
        size *= 10
    yield events


def measure(report: Report, endpoints: Endpoints, pids: Mapping[str, int], events: int) -> None:
    """A point a size, each of the warehouse as it then is. `pids`: the stores' processes."""
    report.section("runs as the warehouse grows")
    points = []
    for number, size in enumerate(sizes(events)):
        _grow(endpoints, size, seed=100 + number)
        points.append(_point(endpoints, pids, seed=200 + number))
    report.curve("By events in the warehouse", points)


def _point(endpoints: Endpoints, pids: Mapping[str, int], seed: int) -> dict[str, float]:
    build = run(endpoints, pids, "--full-refresh")
    load_batches(endpoints, generate(Plan(1, days=1, seed=seed)))
    session, nothing = run(endpoints, pids), run(endpoints, pids)
    return {
        "events": _events(endpoints),
        "full build, s": build.seconds,
        "one new session, s": session.seconds,
        "one new session, s of processor time": sum(session.processor.values()),
        "nothing new, s": nothing.seconds,
        "peak of hxi run, MiB": build.peak_mib,
        "peak of ClickHouse, MiB": peak_mib(pids["clickhouse"]),
    }


def _grow(endpoints: Endpoints, events: int, seed: int) -> None:
    missing = events - _events(endpoints)
    if missing > 0:
        plan = Plan(max(1, missing // EVENTS_PER_SESSION), days=DAYS, seed=seed)
        load_batches(endpoints, generate(plan), backfill=True)


def _events(endpoints: Endpoints) -> int:
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        ((events,),) = client.query("SELECT count() FROM raw.events").result_rows
    return int(events)
