"""ClickHouse databases of a test's own with what signals read and write."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import polars as pl
from clickhouse_connect.driver.client import Client

from hxi.admin.sql_statements import split
from orchestration import signals
from orchestration.signals.columns import SESSION_DEVICE_TYPE, SESSION_ENDED_AT, SESSION_KEY
from orchestration.signals.signal import AnySignal
from tests.unit.signals.signal_events import Row, with_views

SCHEMA = Path(signals.__file__).parent / "schema" / "clickhouse"
DATABASES = ("ops", "gosight", "intermediate", "signals")
NAMES = re.compile(rf"\b({'|'.join(DATABASES)})(?=\.)|(?<=DATABASE IF NOT EXISTS )signals")

# Columns of gosight.events that signals read or ask of a session as a whole.
EVENTS = """
CREATE TABLE gosight.events (
    project_id String, session_id UUID, event_id UUID, event_type LowCardinality(String),
    timestamp DateTime64(3, 'UTC'), sent_order UInt64,
    url String, path String, title String, view_id Nullable(UUID),
    click_x Nullable(Int32), click_y Nullable(Int32), click_button LowCardinality(String),
    target_selector Nullable(String), target_tag LowCardinality(Nullable(String)),
    target_href Nullable(String), target_is_interactive Bool, target_is_editable Bool,
    target_is_answered_by_browser Bool, is_excluded Bool, is_foreign_error Bool,
    request_duration_ms Nullable(Int64), error_message Nullable(String),
    lcp Nullable(UInt32), ttfb Nullable(UInt32), load_complete Nullable(UInt32),
    move_x Array(Int32), move_y Array(Int32), move_t Array(Int64),
    device_type LowCardinality(String), browser LowCardinality(String), browser_version String,
    os LowCardinality(String), os_version String, user_agent String,
    language LowCardinality(String), screen_width UInt32, screen_height UInt32,
    viewport_width UInt32, viewport_height UInt32,
    event_date Date DEFAULT toDate(timestamp)
) ENGINE = MergeTree ORDER BY (project_id, session_id, timestamp, event_id)"""

OPEN_PLAN = """
CREATE TABLE ops.open_plan (plan_id UInt64) ENGINE = ReplacingMergeTree(plan_id) ORDER BY ()"""

PLANS = """
CREATE TABLE ops.plan_sessions (plan_id UInt64, project_id String, session_id UUID, n UInt64)
ENGINE = MergeTree ORDER BY (project_id, session_id)"""

PLANNED = """
CREATE VIEW ops.planned_sessions AS SELECT project_id, session_id, n FROM ops.plan_sessions
WHERE plan_id = (SELECT max(plan_id) FROM ops.open_plan)"""

PLANNED_DAYS = """
CREATE VIEW ops.planned_days AS
SELECT DISTINCT project_id, toDate(timestamp) AS day FROM gosight.events
WHERE (project_id, session_id) IN (SELECT project_id, session_id FROM ops.planned_sessions)"""

OWN_SETTINGS = """
CREATE TABLE ops.project_settings (project_id String, name String, value String)
ENGINE = MergeTree ORDER BY (name, project_id)"""

KEPT_FACTS = """
CREATE TABLE ops.kept_replay_facts (project_id String, session_id UUID)
ENGINE = MergeTree ORDER BY (project_id, session_id)"""

PAYLOADS = """
CREATE TABLE intermediate.int_replay_payloads (
    project_id String, session_id UUID, event_id UUID, timestamp DateTime64(3, 'UTC'),
    rrweb_type Int32, sent_order UInt64, data String
) ENGINE = MergeTree ORDER BY (project_id, session_id, timestamp, event_id)"""


class SignalDatabases:
    """Speaks to `<prefix>_gosight` and so on as if they were the warehouse's."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._plans = 0
        self.deletes: list[str] = []

    def renamed(self, statement: str) -> str:
        """The statement on this test's databases."""
        return NAMES.sub(lambda match: f"{self._prefix}_{match[0]}", statement)

    def command(self, statement: str) -> Any:
        """As the client's; deletes are kept."""
        if statement.startswith("DELETE"):
            self.deletes.append(statement)
        return self._client.command(self.renamed(statement))

    def query(self, statement: str, **options: Any) -> Any:
        """As the client's."""
        return self._client.query(self.renamed(statement), **options)

    def query_arrow(self, statement: str, **options: Any) -> Any:
        """As the client's."""
        return self._client.query_arrow(self.renamed(statement), **options)

    def query_arrow_stream(self, statement: str, **options: Any) -> Any:
        """As the client's."""
        return self._client.query_arrow_stream(self.renamed(statement), **options)

    def insert_arrow(self, table: str, rows: Any, **options: Any) -> Any:
        """As the client's."""
        return self._client.insert_arrow(self.renamed(table), rows, **options)

    def as_client(self) -> Client:
        """What the runner takes: it calls the methods above alone."""
        return cast(Client, self)

    def hold(self, rows: list[Row]) -> None:
        """Events that are in gosight.events, in several parts; all their sessions are planned."""
        unsaid: Row = {
            "device_type": "desktop",
            "browser": "",
            "move_x": [],
            "move_y": [],
            "move_t": [],
        }
        unsaid |= {"target_is_interactive": False, "target_is_editable": False}
        unsaid |= {"target_is_answered_by_browser": False}
        known = [unsaid | row for row in with_views(rows)]
        for part in (known[::2], known[1::2]):
            self._insert("gosight.events", part)
        sessions = {(row["project_id"], row["session_id"]) for row in rows}
        self.plan(sessions)

    def plan(self, sessions: set[tuple[str, str]]) -> None:
        """The open plan, a new one, names these sessions and no others."""
        self._plans += 1
        self._insert(
            "ops.plan_sessions",
            [
                dict(zip(SESSION_KEY, key, strict=True)) | {"n": 1, "plan_id": self._plans}
                for key in sessions
            ],
        )
        self.command("TRUNCATE TABLE ops.open_plan")
        self._insert("ops.open_plan", [{"plan_id": self._plans}])

    def hold_payloads(self, payloads: list[Row]) -> None:
        """Replay payloads of the planned sessions."""
        self._insert(
            "intermediate.int_replay_payloads", [{"rrweb_type": 3} | row for row in payloads]
        )

    def found(self, signal: AnySignal) -> list[Row]:
        """The signal's table as its transform would give it."""
        columns = ", ".join(
            f"toString({name})" if name in ("session_id", "insight_id", "event_id", "view_id")
            else f"arrayMap(id -> toString(id), {name})" if name == "related_event_ids"
            else name
            for name in signal.writes
        )  # fmt: skip
        table = self.query_arrow(f"SELECT {columns} FROM signals.{signal.table}", use_strings=True)
        frame = pl.DataFrame(table)
        frame.columns = signal.writes.names()
        return ordered(frame.cast(signal.writes))

    def _insert(self, table: str, rows: list[Row]) -> None:
        columns = sorted({name for row in rows for name in row} - {SESSION_ENDED_AT})
        columns = [name for name in columns if name != SESSION_DEVICE_TYPE]
        values = [[row.get(name) for name in columns] for row in rows]
        self._client.insert(self.renamed(table), values, column_names=columns)


def ordered(rows: pl.DataFrame) -> list[Row]:
    """Rows of a signal in an order of their own."""
    return sorted(rows.to_dicts(), key=repr)


@contextmanager
def signal_databases(client: Client) -> Iterator[SignalDatabases]:
    """Empty databases with the signals' real tables, dropped after the block."""
    own = SignalDatabases(client, f"signals_{uuid4().hex[:12]}")
    names = [own.renamed(f"{name}.")[:-1] for name in DATABASES]
    for name in names:
        client.command(f"CREATE DATABASE {name}")
    try:
        for statement in (EVENTS, OPEN_PLAN, PLANS, PLANNED, PLANNED_DAYS):
            own.command(statement)
        for statement in (OWN_SETTINGS, KEPT_FACTS, PAYLOADS):
            own.command(statement)
        for file in sorted(SCHEMA.glob("*.up.sql")):
            for statement in split(file.read_text(), "clickhouse"):
                own.command(statement)
        yield own
    finally:
        for name in names:
            client.command(f"DROP DATABASE {name}")
