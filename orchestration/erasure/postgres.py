"""PostgreSQL: every table that names sessions or the user, served, landed and of services."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from orchestration.erasure.trace import Trace
from orchestration.stores.sight import require_sight

Connection = psycopg.Connection[Any]

# Where the request itself is kept until it is done.
REQUESTS = ("ops", "erasure")
TEXTS = ("text", "character varying", "uuid", "json", "jsonb", "ARRAY")
# Accounts of the platform have ids of their own; a column of this name there is not the user's.
ACCOUNTS = "gosight"
USERS = ("user_id", "external_user_id", "visitor_id")
# Others refer to their rows.
PARENTS = ("traceflow_sessions", "events", "sessions", "users")
CATALOGUE = """
SELECT c.table_schema, c.table_name, c.column_name, c.data_type,
       EXISTS (SELECT FROM information_schema.columns AS p WHERE p.column_name = 'project_id'
               AND (p.table_schema, p.table_name) = (c.table_schema, c.table_name))
FROM information_schema.columns AS c
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
  AND c.data_type = ANY(%s)
ORDER BY 1, 2, c.ordinal_position
"""


@dataclass(frozen=True)
class Column:
    """A column that can hold an id."""

    schema: str
    table: str
    name: str
    kind: str
    is_of_project: bool

    @property
    def place(self) -> sql.Identifier:
        """The table."""
        return sql.Identifier(self.schema, self.table)


def columns(connection: Connection) -> Iterator[Column]:
    """Of every table but those of the requests. BlindError for a login that does not see all."""
    require_sight(connection)
    for row in connection.execute(CATALOGUE, (list(TEXTS),)).fetchall():
        column = Column(*row)
        if not (column.schema == REQUESTS[0] and column.table.startswith(REQUESTS[1])):
            yield column


@dataclass(frozen=True)
class Naming:
    """A table of projects, and its columns that name sessions or the user, with their ids."""

    schema: str
    table: str
    ids: tuple[tuple[Column, tuple[str, ...]], ...]

    @property
    def place(self) -> sql.Identifier:
        """The table."""
        return sql.Identifier(self.schema, self.table)

    @property
    def rows(self) -> sql.Composed:
        """What follows WHERE; `given` has its parameters."""
        named = sql.SQL(" OR ").join(_named(column) for column, _ in self.ids)
        return sql.SQL("(project_id = %s OR project_id IS NULL) AND ({})").format(named)

    def given(self, trace: Trace) -> list[object]:
        """The parameters of `rows`."""
        return [trace.project_id, *(list(ids) for _, ids in self.ids)]


def naming(connection: Connection, trace: Trace) -> list[Naming]:
    """Tables with rows of the sessions or of the user; those that others refer to come last."""
    users = tuple(one for one in (trace.user_id, trace.user_uuid) if one)
    found: dict[tuple[str, str], list[tuple[Column, tuple[str, ...]]]] = defaultdict(list)
    for column in columns(connection):
        if not column.is_of_project or column.schema == ACCOUNTS:
            continue
        if column.name == "session_id":
            found[column.schema, column.table].append((column, trace.sessions))
        elif column.name in USERS and users:
            found[column.schema, column.table].append((column, users))
    tables = [Naming(*name, tuple(ids)) for name, ids in found.items()]
    return sorted(tables, key=lambda one: PARENTS.index(one.table) if one.table in PARENTS else -1)


def count(connection: Connection, trace: Trace) -> int:
    """Rows of the sessions, and of the user."""
    held = 0
    for table in naming(connection, trace):
        query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(table.place, table.rows)
        row = connection.execute(query, table.given(trace)).fetchone()
        held += int(row[0]) if row else 0
    return held


def delete(connection: Connection, trace: Trace) -> None:
    """What a publish left: rows of services, of the last copy, and of a user without sessions.

    Tables that lost rows are vacuumed.
    """
    touched: list[sql.Identifier] = []
    with connection.transaction():
        connection.execute("SET LOCAL hxi.publishing = 'on'")  # counters of services stand aside
        for table in naming(connection, trace):
            query = sql.SQL("DELETE FROM {} WHERE {}").format(table.place, table.rows)
            if connection.execute(query, table.given(trace)).rowcount:
                touched.append(table.place)
    for place in touched:
        connection.execute(sql.SQL("VACUUM {}").format(place))


def search(connection: Connection, trace: Trace) -> dict[str, int]:
    """Rows in which an id stands, by column."""
    found: dict[str, int] = defaultdict(int)
    needles = [f"%{_escaped(one)}%" for one in trace.needles]
    for column in columns(connection):
        text = sql.SQL("{}::text").format(sql.Identifier(column.name))
        is_text = column.kind != "uuid"
        within = sql.SQL("{} LIKE ANY(%s)").format(text) if is_text else sql.SQL("false")
        query = sql.SQL("SELECT count(*) FROM {} WHERE {} ({} = ANY(%s) OR {})").format(
            column.place, _of_project(column), text, within
        )
        given = [
            *([trace.project_id] if column.is_of_project else []),
            list(trace.ids_of(column.name)),
            *([needles] if is_text else []),
        ]
        row = connection.execute(query, given).fetchone()
        if row and row[0]:
            found[f"{column.schema}.{column.table}.{column.name}"] += int(row[0])
    return dict(found)


def _of_project(column: Column) -> sql.Composable:
    return sql.SQL(
        "(project_id::text = %s OR project_id IS NULL) AND" if column.is_of_project else ""
    )


def _named(column: Column) -> sql.Composed:
    """Compared as what the column is, so that an index serves."""
    ids = _UUIDS if column.kind == "uuid" else _TEXTS
    return sql.SQL("{} IN ({})").format(sql.Identifier(column.name), ids)


_TEXTS = sql.SQL("SELECT unnest(%s::text[])")
_UUIDS = sql.SQL(
    "SELECT one::uuid FROM unnest(%s::text[]) AS one"
    " WHERE one ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'"
)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
