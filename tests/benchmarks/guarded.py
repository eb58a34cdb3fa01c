"""Acknowledged events a second with Redis, limits and privacy beside the same without, in pairs."""

import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from gosight.ingest_pb2 import EventBatch
from psycopg.types.json import Jsonb

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints
from tests.benchmarks.doors import send_http
from tests.benchmarks.report import Report, timed

PAIRS = 9
LIMIT = "0.8 or more"
# Everything that a project may switch off.
BARE = {
    "privacy": {"maskAllInputs": False, "maskParams": []},
    "sampling": {"sessionSampleRate": 100, "replaySampleRate": 100},
}
# What costs most of what a project may ask for.
GUARDED = {
    "privacy": {
        "maskAllInputs": True,
        "maskSelectors": [".private", "#account"],
        "blockSelectors": ["[data-block]"],
        "blockUrls": ["*/admin/*"],
        "anonymizeIp": True,
    },
}


@dataclass(frozen=True)
class Way:
    """An ingest of its own, the key of its project, and its process."""

    endpoints: Endpoints
    process: psutil.Process


@dataclass(frozen=True)
class Cost:
    """Of the same batches: wall seconds until all were answered, and the process's own."""

    wall: float
    processor: float


def measure(report: Report, endpoints: Endpoints, batches: Sequence[EventBatch]) -> None:
    """Both ways get all batches, one after the other, again and again, in turns."""
    bodies = [batch.SerializeToString() for batch in batches]
    events = sum(len(batch.events) for batch in batches)
    report.section(f"doors, guarded and bare: {PAIRS} pairs of {events:,} events")
    with ExitStack() as opened:
        bare = opened.enter_context(_way(endpoints, "bare", BARE, redis="", limit=None))
        guarded = opened.enter_context(
            _way(endpoints, "guarded", GUARDED, redis=endpoints.redis_url, limit=100_000)
        )
        pairs = [_pair(bare, guarded, bodies, is_bare_first=n % 2 == 0) for n in range(PAIRS + 1)]
    pairs = pairs[1:]  # the first one warms both
    report.rate("bare", events, statistics.median(one.wall for one, _ in pairs))
    report.rate("guarded", events, statistics.median(other.wall for _, other in pairs))
    report.ratio(
        "guarded / bare, acknowledged events a second",
        statistics.median(one.wall / other.wall for one, other in pairs),
        LIMIT,
    )
    report.ratio(
        "guarded / bare, events a second of processor",
        statistics.median(one.processor / other.processor for one, other in pairs),
        LIMIT,
    )


def _pair(
    bare: Way, guarded: Way, bodies: Sequence[bytes], *, is_bare_first: bool
) -> tuple[Cost, Cost]:
    if is_bare_first:
        return _cost(bare, bodies), _cost(guarded, bodies)
    second = _cost(guarded, bodies)
    return _cost(bare, bodies), second


def _cost(way: Way, bodies: Sequence[bytes]) -> Cost:
    before = sum(way.process.cpu_times()[:2])
    took = timed(lambda: asyncio.run(send_http(way.endpoints, bodies))).seconds
    return Cost(took, sum(way.process.cpu_times()[:2]) - before)


@contextmanager
def _way(
    endpoints: Endpoints,
    name: str,
    settings: Mapping[str, object],
    *,
    redis: str,
    limit: int | None,
) -> Iterator[Way]:
    """Nothing lands: what the stores cost is the same for both, and not the doors'."""
    with clients.postgres(endpoints.postgres_dsn) as connection:
        project, _, _ = projects.create(connection, f"bench {name} {os.getpid()}")
        key = projects.add_key(connection, project, limit=limit)
        connection.execute(
            "UPDATE gosight.projects SET settings = settings || %s WHERE id = %s",
            (Jsonb(dict(settings)), project),
        )
    with tempfile.TemporaryDirectory() as folder:
        variables = os.environ | {
            "HXI_CLICKHOUSE_URL": "http://127.0.0.1:9",
            "HXI_MONGODB_URI": "mongodb://127.0.0.1:9",
            "HXI_POSTGRES_DSN": endpoints.postgres_dsn,
            "HXI_REDIS_URL": redis,
            "HXI_INGEST_SPOOL_DIR": str(Path(folder) / "spool"),
            "HXI_INGEST_HTTP_PORT": "0",
            "HXI_INGEST_GRPC_PORT": "0",
            "HXI_INGEST_SPOOL_BYTES": str(1 << 34),
        }
        with subprocess.Popen(
            [sys.executable, "-m", "ingest"], env=variables, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                port = re.findall(r"HTTP on port (\d+)", process.stdout.readline())[0]
                url = f"http://127.0.0.1:{port}"
                own = replace(endpoints, ingest_url=url, project_id=project, project_key=key)
                yield Way(own, psutil.Process(process.pid))
            finally:
                process.kill()
