"""A small warehouse that follows the plan's rules, and what its marts must hold.

Three tables stand for all of them: `gosight.events` (event grain), `gosight.sessions` (session
grain, from events) and `gosight.daily` (day grain, from both). A row carries the rule it was built
by, so that a row left over from older rules shows.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from orchestration.plan import plan
from tests.integration.plan.own_databases import OwnDatabases

# Memory: a statement takes a millisecond, so that hundreds of histories fit into a test.
TABLES = (
    """CREATE TABLE raw.events
    (project_id String, session_id UUID, event_id UUID, timestamp DateTime64(3, 'UTC'))
    ENGINE = Memory""",
    """CREATE TABLE gosight.events
    (project_id String, session_id UUID, event_id UUID, timestamp DateTime64(3, 'UTC'), rule String)
    ENGINE = Memory""",
    """CREATE TABLE gosight.sessions
    (project_id String, session_id UUID, started_at DateTime64(3, 'UTC'),
     ended_at DateTime64(3, 'UTC'), events UInt64, rule String)
    ENGINE = Memory""",
    """CREATE TABLE gosight.daily
    (project_id String, day Date, events UInt64, sessions UInt64, started UInt64, rule String)
    ENGINE = Memory""",
)

ALL_TABLES = (
    *("raw.events", "raw.session_index"),
    *("ops.plans", "ops.plan_sessions", "ops.plan_days", "ops.done"),
    *("gosight.events", "gosight.sessions", "gosight.daily"),
)

PLANNED = "(project_id, session_id) IN (SELECT project_id, session_id FROM ops.planned_sessions)"
PLANNED_DAYS = "IN (SELECT project_id, day FROM ops.planned_days)"

EVENTS = f"""SELECT DISTINCT project_id, session_id, event_id, timestamp, {{rule}} AS rule
FROM raw.events WHERE {PLANNED}"""

SESSIONS = f"""SELECT project_id, session_id, min(timestamp), max(timestamp), count(), any(rule)
FROM gosight.events WHERE {PLANNED} GROUP BY project_id, session_id"""

DAILY = f"""SELECT project_id, day, sum(event), uniqExact(session_id), sum(start), any(rule)
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


class ToyWarehouse:
    """`land` and `erase` are ingest's steps one by one; `run` is a run of the pipeline."""

    def __init__(self, databases: OwnDatabases, scheme: Scheme) -> None:
        self.db = databases
        self.client = databases.as_client()
        self.scheme = scheme
        self.fence = 0
        for statement in TABLES:
            databases.run(statement)

    def insert_raw(self, events: Iterable[Event]) -> None:
        """First step of landing; may be repeated."""
        rows = ", ".join(
            f"('{e.project}', '{e.session}', '{e.id}', '{e.timestamp:%Y-%m-%d %H:%M:%S.%f}')"
            for e in events
        )
        self.db.run(f"INSERT INTO raw.events VALUES {rows}")

    def bump_index(self, keys: Iterable[tuple[str, UUID]]) -> None:
        """Last step of landing and of an erasure."""
        rows = ", ".join(f"('{project}', '{session}', 1)" for project, session in keys)
        self.db.run(f"INSERT INTO raw.session_index VALUES {rows}")

    def delete_raw(self, key: tuple[str, UUID]) -> None:
        """First step of an erasure."""
        self.db.run(
            "ALTER TABLE raw.events DELETE"
            f" WHERE project_id = '{key[0]}' AND session_id = '{key[1]}'"
        )

    def run(self, rules: dict[str, str], *, full: bool = False) -> None:
        """Bring the marts up to date; `rules` by project."""
        self.fence += 1
        if not self.scheme.takes_over:
            self.client.command(
                "INSERT INTO ops.plans SELECT plan_id, 'superseded', '', now64(3)"
                " FROM (SELECT DISTINCT plan_id FROM ops.plans WHERE state = 'open')"
            )
        settings = plan.Settings(default_hash="", project_hashes=rules)
        opened = plan.open_plan(self.client, self.fence, settings, full=full)
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


def full_recomputation(landed: Iterable[Event], rules: dict[str, str]) -> Marts:
    """The marts of what has landed, computed here."""
    events = set(landed)
    sessions: dict[tuple[str, UUID], list[datetime]] = defaultdict(list)
    days: dict[tuple[str, date], list[UUID]] = defaultdict(list)
    for event in events:
        sessions[event.key].append(event.timestamp)
        days[event.project, event.timestamp.date()].append(event.session)
    starts = [(key[0], min(times).date()) for key, times in sessions.items()]
    return Marts(
        sorted((e.project, e.session, e.id, e.timestamp, rules[e.project]) for e in events),
        sorted(
            (*key, min(times), max(times), len(times), rules[key[0]])
            for key, times in sessions.items()
        ),
        sorted(
            (
                project,
                day,
                len(of_day),
                len(set(of_day)),
                starts.count((project, day)),
                rules[project],
            )
            for (project, day), of_day in days.items()
        ),
    )
