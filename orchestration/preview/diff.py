"""`diff`: what a run would change, of the part that is asked for. Served tables are only read."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.lease.held import held_stores
from orchestration.plan.doubts import doubted
from orchestration.plan.plan import Settings
from orchestration.preview import part
from orchestration.preview.building import build, database, served_columns
from orchestration.preview.differences import TableDifference, compare
from orchestration.preview.models import models, selected
from orchestration.project_settings.overrides import Overrides
from orchestration.rebuild import wanted
from orchestration.signals.known import SIGNALS
from orchestration.stores.settings import Settings as Stores
from orchestration.transform.project import CLICKHOUSE

KEPT = (
    *("project_id", "made_at", "asked", "sessions", "planned"),
    *("table", "before", "after", "added", "gone", "changed", "columns"),
)


@dataclass(frozen=True)
class Question:
    """What to build: the newest `sessions` (None: all) that a run would, with rows on `days`.

    `overrides` are settings as if they were set, for `project` (an id) or, where it is '', for
    every project; then sessions of the project alone are built. `select`: names of tables.
    """

    select: Sequence[str] = ()
    overrides: Overrides | None = None
    project: str = ""
    days: Sequence[date] = ()
    sessions: int | None = None


@dataclass(frozen=True)
class Difference:
    """`sessions` of the `planned` ones that a run would build were built and compared."""

    sessions: int
    planned: int
    days: int
    seconds: float
    steps: Mapping[str, float]
    tables: Sequence[TableDifference]

    @property
    def is_same(self) -> bool:
        """Whether a run would change nothing of the part."""
        return all(table.is_same for table in self.tables)


def diff(question: Question, told: Callable[[str], None] = lambda _: None) -> Difference:
    """Build the part in a database of its own, compare, and drop it.

    Holds the lease, so that no run changes what is compared: LeaseHeldError when one is at work.
    UnknownModelError and SettingError for what is not there. Needs the HXI_ variables.
    """
    started = time.monotonic()
    found = models()
    to_build, to_compare = selected(found, question.select)
    steps: dict[str, float] = {}

    def note(table: str, seconds: float) -> None:
        steps[table] = round(seconds, 3)
        told(table)

    with held_stores(Stores.from_environment()) as stores:
        client = stores.clickhouse()
        with closing(stores.owner()) as connection:
            settings = _settings(client, connection, question)
        served = served_columns(client)
        with database(client):
            asked = part.Asked(
                settings,
                full=wanted.lacks_a_table(client),
                doubted=doubted(client),
                sessions=question.sessions,
                days=question.days,
                project=question.project,
            )
            sessions, planned = part.make(client, asked)
            build(client, to_build, SIGNALS, CLICKHOUSE.root, note)
            tables = [compare(client, one, served.get(one.name, {})) for one in to_compare]
            days = part.days(client)
    return Difference(sessions, planned, days, round(time.monotonic() - started, 3), steps, tables)


def keep(client: Client, project: str, asked: str, found: Difference) -> None:
    """Its counts, for the pages of the project."""
    made_at = datetime.now(UTC)
    client.insert(
        "ops.diffs",
        [
            [
                *(project, made_at, asked, found.sessions, found.planned),
                *(one.table, one.before, one.after, one.added, one.gone, one.changed),
                dict(one.columns),
            ]
            for one in found.tables
        ],
        column_names=KEPT,
    )


def _settings(
    client: Client, connection: "psycopg.Connection[Any]", question: Question
) -> Settings:
    """What rows would be built with."""
    if not question.overrides:
        return wanted.settings(client, connection)
    every = "SELECT DISTINCT project_id FROM raw.session_index"
    projects = (
        [question.project]
        if question.project
        else [str(project) for (project,) in client.query(every).result_rows]
    )
    return wanted.settings(client, connection, dict.fromkeys(projects, question.overrides))
