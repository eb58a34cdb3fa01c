"""Publishing to PostgreSQL beside a bare COPY of the same rows into tables without indexes."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

import psycopg
from psycopg import sql

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from orchestration.publish.tables import (
    ROWS,
    SERVED_TABLES,
    SESSIONS,
    TRACEFLOW_SESSIONS,
    ServedTable,
)
from tests.benchmarks.landing import SCRATCH, scratch
from tests.benchmarks.report import Report, timed

PART = 100  # one session in so many is published again
BLOCK_BYTES = 1 << 20

Postgres = psycopg.Connection[Any]


@dataclass(frozen=True)
class Publish:
    """`written`: rows inserted, updated or deleted."""

    seconds: float
    written: int
    peak_mib: float


def measure(report: Report, endpoints: Endpoints) -> None:
    """All sessions into empty tables, a hundredth of them anew, and the same once more."""
    with (
        clients.clickhouse(endpoints.clickhouse_url) as client,
        clients.postgres(endpoints.postgres_dsn) as postgres,
    ):
        scratch(client)
        for table, only in (("all_sessions", "true"), ("some_sessions", _IN_PART)):
            client.command(
                f"CREATE OR REPLACE TABLE {SCRATCH}.{table} ENGINE = MergeTree ORDER BY ()"
                f" AS SELECT project_id, session_id FROM gosight.sessions WHERE {only}"
            )
        _empty(postgres)
        full = _publish(endpoints, postgres, "all_sessions")
        bare = _bare(postgres)
        _forget(postgres, client.query(f"SELECT session_id FROM {SCRATCH}.some_sessions"))
        part = _publish(endpoints, postgres, "some_sessions")
        again = _publish(endpoints, postgres, "some_sessions")

    report.section(f"publish of {full.written:,} rows to PostgreSQL")
    report.seconds("bare COPY of the same rows, no indexes", bare)
    report.seconds("publish into empty tables", full.seconds)
    report.ratio("publish / bare COPY", full.seconds / bare, "bar: 2")
    report.seconds(f"publish of {part.written:,} rows of new sessions", part.seconds)
    report.ratio("that / the full publish", part.seconds / full.seconds, "bar: 0.10")
    report.seconds(f"the same again, {again.written} rows written", again.seconds)
    report.megabytes("peak memory of the publishing process", full.peak_mib, "bar: 1,024 MiB")


_IN_PART = f"cityHash64(session_id) % {PART} = 0"


def _publish(endpoints: Endpoints, postgres: Postgres, table: str) -> Publish:
    row = postgres.execute("SELECT nextval('ops.plan_fence')").fetchone()
    assert row is not None
    once = "tests.benchmarks.publish_once"
    with subprocess.Popen(
        [sys.executable, "-m", once, str(row[0]), f"{SCRATCH}.{table}"],
        env=os.environ | endpoints.environment(),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the publish ended with {process.returncode}")
    return _told(json.loads(said), usage)


def _told(said: Mapping[str, float], usage: resource.struct_rusage) -> Publish:
    return Publish(said["copy"] + said["merge"], int(said["written"]), usage.ru_maxrss / 1024)


def _empty(postgres: Postgres) -> None:
    tables = sql.SQL(", ").join(map(_name, SERVED_TABLES))
    postgres.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))


def _forget(postgres: Postgres, sessions: Any) -> None:
    """Take these sessions from PostgreSQL, and with them all their rows."""
    ids = [str(session) for (session,) in sessions.result_rows]
    with postgres.transaction():
        postgres.execute("SET LOCAL hxi.publishing = 'on'")
        for table in (*ROWS, TRACEFLOW_SESSIONS, SESSIONS):
            query = sql.SQL("DELETE FROM {} WHERE session_id::text = ANY (%s)")
            postgres.execute(query.format(_name(table)), (ids,))
    postgres.execute("VACUUM ANALYZE")


def _bare(postgres: Postgres) -> float:
    """Seconds to COPY every served row, from a file, into a table without index or key."""
    postgres.execute(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE; CREATE SCHEMA {SCRATCH}".encode())
    seconds = 0.0
    for table in SERVED_TABLES:
        copy = sql.Identifier(SCRATCH, table.name)
        postgres.execute(
            sql.SQL("CREATE TABLE {} AS SELECT * FROM {} WITH NO DATA").format(copy, _name(table))
        )
        with tempfile.TemporaryFile() as file:
            with (
                postgres.cursor() as cursor,
                cursor.copy(sql.SQL("COPY {} TO STDOUT").format(_name(table))) as rows,
            ):
                for block in rows:
                    file.write(block)
            file.seek(0)
            seconds += timed(partial(_copy_in, postgres, copy, file)).seconds
    postgres.execute(f"DROP SCHEMA {SCRATCH} CASCADE".encode())
    return seconds


def _copy_in(postgres: Postgres, table: sql.Identifier, file: IO[bytes]) -> None:
    with (
        postgres.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as rows,
    ):
        while block := file.read(BLOCK_BYTES):
            rows.write(block)


def _name(table: ServedTable) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)
