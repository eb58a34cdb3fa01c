"""A small warehouse that follows the plan's rules, and what its marts must hold.

Three tables stand for all of them: `gosight.events` (event grain), `gosight.sessions` (session
grain, from events) and `gosight.daily` (day grain, from both). A row carries the rules it was built
by, so that a row left over from older rules shows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from orchestration.plan import plan
from orchestration.retention import deletions, records
from orchestration.retention.limits import CutOffs
from orchestration.retention.records import Expiry
from tests.integration.plan.own_databases import OwnDatabases

# Memory: a statement takes a millisecond, so that hundreds of histories fit into a test.
TABLES = (
    """CREATE TABLE gosight.events
    (project_id String, session_id UUID, event_id UUID, timestamp DateTime64(3, 'UTC'), rule String)
    ENGINE = Memory""",
    """CREATE TABLE gosight.sessions
    (project_id String, session_id UUID, started_at DateTime64(3, 'UTC'),
     ended_at DateTime64(3, 'UTC'), events UInt64, rule String)
    ENGINE = Memory""",
    """CREATE TABLE gosight.daily
    (project_id String, day Date, events UInt64, sessions UInt64, started UInt64, rules String)
    ENGINE = Memory""",
)

ALL_TABLES = (
    *("raw.events", "raw.session_index", "raw.tombstones", "raw.ingest_ledger"),
    *("ops.plans", "ops.plan_sessions", "ops.plan_days", "ops.done"),
    *("ops.expiries", "ops.sealed_sessions", "ops.closed_days", "ops.expired_marts", "ops.expired"),
    *("gosight.events", "gosight.sessions", "gosight.daily"),
)

PLANNED = "(project_id, session_id) IN (SELECT project_id, session_id FROM ops.planned_sessions)"
PLANNED_DAYS = "IN (SELECT project_id, day FROM ops.planned_days)"

EVENTS = f"""SELECT DISTINCT project_id, session_id, event_id, timestamp, {{rule}} AS rule
FROM raw.events WHERE {PLANNED}
    AND (project_id, toDate(timestamp)) NOT IN (SELECT project_id, day FROM ops.closed_days)"""

SESSIONS = f"""SELECT project_id, session_id, min(timestamp), max(timestamp), count(), any(rule)
FROM gosight.events WHERE {PLANNED} GROUP BY project_id, session_id"""

DAILY = f"""SELECT project_id, day, sum(event), uniqExact(session_id), sum(start),
    arrayStringConcat(arraySort(groupUniqArray(rule)), '+')
FROM (
    SELECT project_id, toDate(timestamp) AS day, session_id, 1 AS event, 0 AS start, rule
    FROM gosight.events
    UNION ALL
    SELECT project_id, toDate(started_at), session_id, 0, 1, rule FROM gosight.sessions)
WHERE (project_id, day) {PLANNED_DAYS} GROUP BY project_id, day"""


@dataclass(frozen=True)
class Event:
    """Its id tells it from all others; copies of it are equal."""

    project: str
    session: UUID
    id: UUID
    timestamp: datetime

    @property
    def key(self) -> tuple[str, UUID]:
        """Its session."""
        return (self.project, self.session)


@dataclass(frozen=True)
class Scheme:
    """How a run goes about it. The defaults are the warehouse's; each other value is a mistake."""

    deletes_by_plan: bool = True  # else: by the keys of the new rows
    counts_before_raw: bool = True  # else: the index is read when the run ends
    plans_days_left: bool = True  # else: only the days events are on after the rewrite
    takes_over: bool = True  # else: plans of runs that died are forgotten
    leaves_sealed: bool = True  # else: sealed sessions are built again from what is left of them
    finishes: bool = True  # else: expiries that died are forgotten
    keeps_busy_days: bool = True  # else: days are closed whatever is left to build on them


class ToyWarehouse:
    """`land` and `erase` are ingest's steps one by one; `run` is a run of the pipeline."""

    def __init__(self, databases: OwnDatabases, scheme: Scheme) -> None:
        self.db = databases
        self.client = databases.as_client()
        self.scheme = scheme
        self.fence = 0
        for statement in TABLES:
            databases.run(statement)

    def insert_raw(self, events: Iterable[Event], batch: UUID, tick: int) -> None:
        """First step of landing; may be repeated. `tick`: seconds of the clock of landings."""
        rows = ", ".join(
            f"('{e.project}', '{e.session}', '{e.id}', '{e.timestamp:%Y-%m-%d %H:%M:%S.%f}',"
            f" '{batch}', '{landing_time(tick):%Y-%m-%d %H:%M:%S}')"
            for e in events
        )
        self.db.run(
            "INSERT INTO raw.events"
            f" (project_id, session_id, event_id, timestamp, batch_id, landed_at) VALUES {rows}"
        )

    def bump_index(self, keys: Iterable[tuple[str, UUID]], batch: UUID | None = None) -> None:
        """Last steps of landing and of an erasure; a landing's batch is in the ledger then."""
        keys = list(keys)
        rows = ", ".join(f"('{project}', '{session}', 1)" for project, session in keys)
        self.db.run(f"INSERT INTO raw.session_index VALUES {rows}")
        if batch:
            ledger = ", ".join(f"('{project}', '{batch}')" for project, _ in keys)
            self.db.run(f"INSERT INTO raw.ingest_ledger VALUES {ledger}")

    def delete_raw(self, key: tuple[str, UUID]) -> None:
        """First steps of an erasure."""
        self.db.run(f"INSERT INTO raw.tombstones VALUES ('{key[0]}', '{key[1]}')")
        self.db.run(
            "ALTER TABLE raw.events DELETE"
            f" WHERE project_id = '{key[0]}' AND session_id = '{key[1]}'"
        )

    def expire(self, cut_offs: CutOffs) -> None:
        """What is too old goes."""
        self.fence += 1
        self._finish()
        expiry = Expiry(self.fence, cut_offs)
        records.open_expiry(self.client, expiry)
        self._expire(expiry)

    def _finish(self) -> None:
        for expiry in records.unfinished(self.client):
            if self.scheme.finishes:
                self._expire(expiry)
            else:
                records.close_expiry(self.client, expiry)

    def _expire(self, expiry: Expiry) -> None:
        """As orchestration.retention.expiry, in ClickHouse alone."""
        records.seal(self.client, expiry)
        records.record_rows(self.client, expiry)
        if self.scheme.keeps_busy_days:
            records.close_days(self.client, expiry)
        else:
            self.client.command(
                f"INSERT INTO ops.closed_days SELECT DISTINCT {expiry.expiry_id}, project_id,"
                " toDate(timestamp) AS day FROM gosight.events"
                f" WHERE day < toDate('{expiry.cut_offs.marts_before}')"
            )
        records.record_marts(self.client, expiry)
        deletions.delete_raw(self.client, expiry)
        deletions.delete_marts(self.client, expiry)
        records.close_expiry(self.client, expiry)

    def run(self, rules: dict[str, str], *, full: bool = False) -> None:
        """Bring the marts up to date; `rules` by project."""
        self.fence += 1
        self._finish()
        if not self.scheme.takes_over:
            self.client.command(
                "INSERT INTO ops.plans SELECT plan_id, 'superseded', '', now64(3)"
                " FROM (SELECT DISTINCT plan_id FROM ops.plans WHERE state = 'open')"
            )
        settings = plan.Settings(default_hash="", project_hashes=rules)
        opened = plan.open_plan(self.client, self.fence, settings, full=full)
        if not self.scheme.leaves_sealed:
            self.client.command(
                "INSERT INTO ops.plan_sessions (plan_id, project_id, session_id, n)"
                f" SELECT {opened.plan_id}, project_id, session_id, sum(n)"
                " FROM raw.session_index WHERE (project_id, session_id) IN"
                " (SELECT project_id, session_id FROM ops.sealed_sessions)"
                " GROUP BY project_id, session_id"
            )
        if self.scheme.plans_days_left:
            plan.add_days(self.client, opened)
        rule = f"transform(project_id, {list(rules)}, {list(rules.values())}, '')"
        self._rewrite("events", EVENTS.format(rule=rule), PLANNED)
        plan.add_days(self.client, opened)
        self._rewrite("sessions", SESSIONS, PLANNED)
        self._rewrite("daily", DAILY, f"(project_id, day) {PLANNED_DAYS}")
        if self.scheme.counts_before_raw:
            plan.close_plan(self.client, opened)
        else:
            self._close_with_counts_of_now(opened)

    def empty(self) -> None:
        """Forget everything but the fence."""
        for table in ALL_TABLES:
            self.db.run(f"TRUNCATE TABLE {table}")

    def _rewrite(self, table: str, rows: str, planned: str) -> None:
        if not self.scheme.deletes_by_plan:
            key = "project_id, day" if table == "daily" else "project_id, session_id"
            planned = f"({key}) IN (SELECT {key} FROM ({rows}))"
        self.client.command(f"ALTER TABLE gosight.{table} DELETE WHERE {planned}")
        self.client.command(f"INSERT INTO gosight.{table} {rows}")

    def _close_with_counts_of_now(self, opened: plan.Plan) -> None:
        self.client.command(
            "INSERT INTO ops.done SELECT project_id, session_id, sum(n), any(settings_hash),"
            f" {opened.plan_id} FROM raw.session_index INNER JOIN (SELECT project_id, session_id,"
            f" settings_hash FROM ops.plan_sessions WHERE plan_id = {opened.plan_id}) AS planned"
            " USING (project_id, session_id) GROUP BY project_id, session_id"
        )
        self.client.command(
            f"INSERT INTO ops.plans VALUES ({opened.plan_id}, 'closed', '', now64(3))"
        )

    def marts(self) -> "Marts":
        """What the marts hold."""
        tables = {
            table: sorted(self.db.query(f"SELECT * FROM gosight.{table}").result_rows)
            for table in ("events", "sessions", "daily")
        }
        return Marts(**tables)


@dataclass(frozen=True)
class Marts:
    """Every row of every mart, sorted."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    sessions: list[tuple[Any, ...]] = field(default_factory=list)
    daily: list[tuple[Any, ...]] = field(default_factory=list)


def full_recomputation(events: Iterable[Event], rule_of: Callable[[Event], str]) -> Marts:
    """The marts of these events, each built by its rule, computed here."""
    kept = set(events)
    sessions: dict[tuple[str, UUID], list[Event]] = defaultdict(list)
    days: dict[tuple[str, date], list[Event]] = defaultdict(list)
    for event in kept:
        sessions[event.key].append(event)
        days[event.project, event.timestamp.date()].append(event)
    times = {key: [event.timestamp for event in of_key] for key, of_key in sessions.items()}
    starts = [(key[0], min(of_key).date()) for key, of_key in times.items()]
    return Marts(
        sorted((e.project, e.session, e.id, e.timestamp, rule_of(e)) for e in kept),
        sorted(
            (*key, min(times[key]), max(times[key]), len(of_key), rule_of(of_key[0]))
            for key, of_key in sessions.items()
        ),
        sorted(
            (
                project,
                day,
                len(of_day),
                len({event.session for event in of_day}),
                starts.count((project, day)),
                "+".join(sorted({rule_of(event) for event in of_day})),
            )
            for (project, day), of_day in days.items()
        ),
    )


def landing_time(tick: int) -> datetime:
    """What the clock of landings shows."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=tick)
