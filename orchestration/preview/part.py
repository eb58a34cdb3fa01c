"""The part of the warehouse that is built beside: sessions a run would plan, with their days."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from clickhouse_connect.driver.client import Client

from orchestration.plan.plan import NOT_CLOSED, Settings, parameters, to_build
from orchestration.preview.names import Name, redirected, seen
from orchestration.stores.clients import integer

SESSIONS = ("ops", "planned_sessions")
DAYS = ("ops", "planned_days")
CUTS = ("ops", "planned_cuts")
SETTINGS = ("ops", "project_settings")
TABLES = {
    SESSIONS: "project_id String, session_id UUID, n UInt64) ORDER BY (project_id, session_id",
    DAYS: "project_id String, day Date) ORDER BY (project_id, day",
    CUTS: "project_id String, visitor_id UUID, session_id UUID,"
    " started_at DateTime64(3, 'UTC')) ORDER BY (project_id, visitor_id, started_at",
    SETTINGS: "project_id String, name String, value String) ORDER BY (name, project_id",
}
IN_PART = "(project_id, session_id) IN (SELECT project_id, session_id FROM ops.planned_sessions)"

BEGAN = "SELECT project_id, session_id, started_at FROM gosight.sessions"


@dataclass(frozen=True)
class Asked:
    """Sessions that a run with these settings would build: the newest, and of these days alone.

    `full`: all of them. `doubted` is a query of more. `project`: an id; '' for all.
    """

    settings: Settings
    full: bool = False
    doubted: str = ""
    sessions: int | None = None
    days: Sequence[date] = ()
    project: str = ""


def make(client: Client, asked: Asked) -> tuple[int, int]:
    """Make and fill the tables that stand for a plan; returns sessions in it, and of the run."""
    for name, declared in TABLES.items():
        client.command(f"CREATE TABLE {seen(name)} ({declared})")
    _write_settings(client, asked.settings)
    given = {**_given(asked), "project": asked.project}
    query = to_build(asked.days, asked.doubted)
    if asked.project:
        query = f"SELECT * FROM ({query}) WHERE project_id = {{project:String}}"
    of_run = integer(client, f"SELECT count() FROM ({query})", given)
    client.command(
        f"INSERT INTO {seen(SESSIONS)} SELECT project_id, session_id, n FROM ({query}) AS one"
        f" LEFT JOIN ({BEGAN}) AS began USING (project_id, session_id)"
        f" {_on_days(asked)} {_newest(asked)}",
        parameters=given,
    )
    in_part = integer(client, f"SELECT count() FROM {seen(SESSIONS)}")
    _cut_visitors(client)
    add_days(client, "gosight.events")
    return in_part, of_run


def add_days(client: Client, events: str) -> None:
    """Those on which its sessions have events: as served, then as built."""
    client.command(
        f"INSERT INTO {seen(DAYS)} SELECT DISTINCT project_id, toDate(timestamp) AS day"
        f" FROM {events} WHERE {redirected(IN_PART, [SESSIONS])} AND {NOT_CLOSED}"
        f" AND (project_id, day) NOT IN (SELECT project_id, day FROM {seen(DAYS)})"
    )


def days(client: Client) -> int:
    """How many days of projects it touches."""
    return integer(client, f"SELECT count() FROM {seen(DAYS)}")


def condition(grain: str, day: str) -> str:
    """Of a table's rows: whether the part has them."""
    if grain == "day":
        return f"(project_id, {day}) IN (SELECT project_id, day FROM {seen(DAYS)})"
    return redirected(IN_PART, [SESSIONS])


def names() -> set[Name]:
    """What stands for the plan."""
    return set(TABLES)


def _given(asked: Asked) -> dict[str, object]:
    return parameters(asked.settings, full=asked.full, days=asked.days)


def _on_days(asked: Asked) -> str:
    if not asked.days:
        return ""
    return """WHERE (project_id, session_id) IN (
        SELECT project_id, session_id FROM raw.events WHERE toDate(timestamp) IN {days:Array(Date)}
        UNION ALL
        SELECT project_id, session_id FROM gosight.events WHERE event_date IN {days:Array(Date)})"""


def _newest(asked: Asked) -> str:
    """Those that are not built yet are the newest."""
    if asked.sessions is None:
        return ""
    order = "began.started_at = toDateTime64(0, 3, 'UTC') DESC, began.started_at DESC, session_id"
    return f"ORDER BY {order} LIMIT {asked.sessions}"


def _write_settings(client: Client, settings: Settings) -> None:
    rows = [
        (project, name, json.dumps(value))
        for project, values in settings.overrides.items()
        for name, value in values.items()
    ]
    if rows:
        client.insert(seen(SETTINGS), rows, column_names=["project_id", "name", "value"])


def _cut_visitors(client: Client) -> None:
    """As a plan does: the sessions that its visitors are cut into, now and before."""
    planned = f"SELECT project_id, session_id FROM {seen(SESSIONS)}"
    client.command(
        f"INSERT INTO {seen(CUTS)} SELECT project_id, visitor_id, session_id, started_at"
        f" FROM ops.visitor_cuts WHERE (project_id, visitor_id) IN ({planned})"
    )
    client.command(
        f"INSERT INTO {seen(SESSIONS)} SELECT DISTINCT project_id, session_id, 0 FROM ("
        " SELECT project_id, visitor_id, session_id FROM ops.visitor_sessions"
        f" UNION ALL SELECT project_id, visitor_id, session_id FROM {seen(CUTS)})"
        f" WHERE (project_id, visitor_id) IN ({planned})"
        f" AND (project_id, session_id) NOT IN ({planned})"
    )
