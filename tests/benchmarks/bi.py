"""The ten queries of docs/bi.md as a BI login, beside the same without row security."""

import re
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg

from hxi.admin import access, clients
from hxi.admin.endpoints import Endpoints
from tests.benchmarks.report import Report
from tests.e2e.bi_page import for_psycopg, queries

TIMES = 10
TABLE = re.compile(r"\b(FROM|JOIN) ((?:hxi|traceflow)\.\w+)(?: AS (\w+))?")


def measure(report: Report, endpoints: Endpoints, superuser_dsn: str) -> None:
    """Best of several; without row security a query names the project for each table."""
    login = f"bench_{uuid4().hex}"
    with clients.postgres(endpoints.postgres_dsn) as owner:
        rows = owner.execute(
            "SELECT project_id::text, max(start_time) FROM hxi.sessions"
            " GROUP BY project_id ORDER BY count(*) DESC LIMIT 1"
        ).fetchall()
        ((project, until),) = rows
        owner.execute("ANALYZE")
        password = access.grant(owner, login, [project])
        assert password is not None
        report.section("BI queries under row security, beside the same without")
        with (
            psycopg.connect(access.dsn_of(endpoints.postgres_dsn, login, password)) as reader,
            psycopg.connect(superuser_dsn) as superuser,
        ):
            values = _values(reader, until)
            for number, query in sorted(queries().items()):
                text = for_psycopg(query)
                under = _best(reader, text, values)
                without = _best(superuser, _of_project(text, project), values)
                report.ratio(f"query {number}, {without * 1e3:.1f} ms without", under / without)
        access.drop(owner, login)


def _of_project(query: str, project: str) -> str:
    def only(found: re.Match[str]) -> str:
        name = found[3] or found[2].split(".")[1]
        return f"{found[1]} (SELECT * FROM {found[2]} WHERE project_id = '{project}') AS {name}"

    return TABLE.sub(only, query)


def _values(reader: psycopg.Connection[Any], until: Any) -> dict[str, Any]:
    row = reader.execute("SELECT session_id::text, screen_name FROM hxi.events LIMIT 1").fetchone()
    assert row is not None
    since = until - timedelta(days=7)
    return {
        "since": since,
        "until": until,
        "earlier": since - timedelta(days=7),
        "device": "mobile",
        "frustration": 3,
        "errors": 1,
        "session": row[0],
        "path": row[1],
    }


def _best(connection: psycopg.Connection[Any], query: str, values: dict[str, Any]) -> float:
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        connection.execute(query.encode(), values).fetchall()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
