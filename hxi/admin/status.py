"""State of a stack: stores, spool, what waits for a run, how fresh marts and documents are."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from hxi.admin import answering, clients
from hxi.admin.endpoints import MARTS, Endpoints

# The first of these that a mart has tells how recent its newest row is, by the clients' clocks.
FRESHNESS_COLUMNS = (
    *("timestamp", "timestamp_end", "ended_at", "last_seen_at", "viewed_at", "started_at"),
    *("hour", "day", "date"),
)


@dataclass(frozen=True)
class Mart:
    """One table of database gosight; `newest` is None when it is empty or has no such column."""

    name: str
    rows: int
    newest: datetime | date | None


@dataclass(frozen=True)
class Documents:
    """MongoDB's derived documents: the newest run whose rows they hold, and how far it is behind.

    `served_plan` is 0 before the first; `behind_s`: since the first run that they lack was done.
    """

    served_plan: int
    served_at: datetime | None
    built_plan: int
    behind_s: int


@dataclass(frozen=True)
class Status:
    """`stores` leaves out Redis when there is none; `ingest` is None when it does not answer.

    `waiting_sessions` have rows that no finished run has seen; `planned_sessions` are those of the
    plan that is open, because a run works on it or died; `late_beyond_retention` are events that
    came after their session was sealed or their day closed. All are None before the first schema
    is made or when ClickHouse is down.
    """

    stores: dict[str, bool]
    ingest: dict[str, Any] | None
    waiting_sessions: int | None
    planned_sessions: int | None
    marts: list[Mart]
    late_beyond_retention: int | None = None
    documents: Documents | None = None

    @property
    def is_up(self) -> bool:
        """Whether nothing that should run is down."""
        return all(self.stores.values()) and self.ingest is not None


_Warehouse: TypeAlias = tuple[int | None, int | None, list[Mart], int | None, Documents | None]
_UNKNOWN: _Warehouse = (None, None, [], None, None)


def collect(endpoints: Endpoints) -> Status:
    """Asks everything once; what does not answer is reported, never raised."""
    checks: dict[str, tuple[Callable[[str], bool], str]] = {
        "clickhouse": (answering.clickhouse, endpoints.clickhouse_url),
        "mongodb": (answering.mongodb, endpoints.mongodb_uri),
        "postgres": (answering.postgres, endpoints.postgres_dsn),
        "redis": (answering.redis, endpoints.redis_url),
    }
    stores = {name: answers(address) for name, (answers, address) in checks.items() if address}
    warehouse = _warehouse(endpoints.clickhouse_url) if stores["clickhouse"] else _UNKNOWN
    return Status(stores, _health(endpoints.ingest_url), *warehouse)


def _health(ingest_url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"{ingest_url}/health", timeout=5) as answer:
            health: dict[str, Any] = json.loads(answer.read())
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return health


def _warehouse(url: str) -> _Warehouse:
    try:
        with clients.clickhouse(url) as client:
            waiting, planned, late = sessions(client)
            return waiting, planned, marts(client), late, documents(client)
    except ClickHouseError:
        return _UNKNOWN


def sessions(client: Client) -> tuple[int | None, int | None, int | None]:
    """How many wait for a run, how many the open plan has, how many events came too late.

    None without the tables.
    """
    known = client.query(
        "SELECT count() FROM system.tables WHERE (database, name) IN"
        " (('raw', 'session_index'), ('ops', 'done'), ('ops', 'late_beyond_retention'))"
    ).result_rows[0][0]
    if known < 3:
        return None, None, None
    ((waiting, planned, late),) = client.query(
        """
        SELECT
            (SELECT count()
             FROM (SELECT project_id, session_id, sum(n) AS n
                   FROM raw.session_index GROUP BY project_id, session_id) AS landed
             LEFT JOIN (SELECT project_id, session_id, n FROM ops.done FINAL) AS done
                 USING (project_id, session_id)
             WHERE landed.n != done.n AND (project_id, session_id) NOT IN (
                 SELECT project_id, session_id FROM ops.sealed_sessions
                 WHERE (project_id, session_id) NOT IN (
                     SELECT project_id, session_id FROM raw.tombstones))),
            (SELECT count() FROM ops.planned_sessions),
            (SELECT sum(rows) FROM ops.late_beyond_retention)
        """
    ).result_rows
    return int(waiting), int(planned), int(late or 0)


def documents(client: Client) -> Documents | None:
    """How far the documents are behind the tables; None without the view."""
    if not client.command("EXISTS VIEW ops.documents_freshness"):
        return None
    (row,) = client.query(
        "SELECT served_plan, served_at, built_plan, behind_s FROM ops.documents_freshness"
    ).result_rows
    return Documents(*row)


def marts(client: Client) -> list[Mart]:
    """Every table of database gosight by name; views are left out."""
    tables = client.query(
        """
        SELECT t.name, arrayIntersect({columns:Array(String)}, groupArray(c.name))
        FROM system.tables AS t
        JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
        WHERE t.database = {database:String} AND t.engine LIKE '%MergeTree'
        GROUP BY t.name ORDER BY t.name
        """,
        parameters={"database": MARTS, "columns": list(FRESHNESS_COLUMNS)},
    ).result_rows
    return [_mart(client, name, columns) for name, columns in tables]


def _mart(client: Client, table: str, columns: list[str]) -> Mart:
    """Counted, because the engine's own numbers hold rows that are deleted but not yet merged."""
    column = next((name for name in FRESHNESS_COLUMNS if name in columns), None)
    newest = f"maxOrNull({column})" if column else "NULL"
    (row,) = client.query(f"SELECT count(), {newest} FROM {MARTS}.`{table}`").result_rows
    return Mart(table, *row)
