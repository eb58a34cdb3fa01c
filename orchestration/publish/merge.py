"""Merges stage into the served tables: one transaction, by natural key, deletes by plan."""

from dataclasses import dataclass
from typing import Any

import psycopg

from orchestration.publish import statements
from orchestration.publish.landing import PLANNED_SESSIONS
from orchestration.publish.tables import SESSION_ROWS, SESSIONS, USERS, ServedTable
from orchestration.publish.transaction import utc_transaction


class LandingLostError(Exception):
    """The landing tables do not hold what the last copy brought."""


@dataclass(frozen=True)
class Changes:
    """Rows of one table that a merge wrote; all 0 when nothing had changed."""

    inserted: int
    updated: int
    deleted: int


UNCHANGED = Changes(0, 0, 0)


def merge_plan(connection: psycopg.Connection[Any]) -> dict[str, Changes]:
    """Make the served rows of the landed plan equal to stage; returns what changed by table.

    All or nothing: readers see every table before the merge, or every table after it. Repeating it
    writes nothing. Raises LandingLostError when there is no whole copy to merge.
    """
    with utc_transaction(connection):
        _hold_landing(connection)
        connection.execute("SET LOCAL jit = off")  # compiling costs more than these scans
        connection.execute(statements.AFFECTED_USERS)
        connection.execute("ANALYZE affected_users")
        connection.execute(statements.CURRENT_USERS)
        return _merge_tables(connection)


def _hold_landing(connection: psycopg.Connection[Any]) -> None:
    """Keep copies and other merges out until the end, and see that the last copy is still there.

    Landing tables are unlogged: a crash of the server empties them, which must not pass for a plan
    without sessions.
    """
    connection.execute("LOCK TABLE landing.copied IN SHARE ROW EXCLUSIVE MODE")
    row = connection.execute(
        "SELECT row_count, (SELECT count(*) FROM landing.planned_sessions)"
        " FROM landing.copied WHERE table_name = %s",
        (PLANNED_SESSIONS.name,),
    ).fetchone()
    if row is None:
        raise LandingLostError("nothing was copied to the landing tables yet: run the copy first")
    if row[0] != row[1]:
        raise LandingLostError(
            f"landing holds {row[1]} of the {row[0]} planned sessions, as after a crash of the"
            " server: run the copy again"
        )


def _merge_tables(connection: psycopg.Connection[Any]) -> dict[str, Changes]:
    """Parents are written before their rows and deleted after them."""
    parents = (USERS, SESSIONS)
    written = {table.name: _upsert(connection, table) for table in parents}
    deleted = {}
    for table in SESSION_ROWS:
        deleted[table.name] = _delete(connection, table)
        written[table.name] = _upsert(connection, table)
    for table in reversed(parents):
        deleted[table.name] = _delete(connection, table)
    return {name: Changes(*counts, deleted[name]) for name, counts in written.items()}


def _upsert(connection: psycopg.Connection[Any], table: ServedTable) -> tuple[int, int]:
    row = connection.execute(statements.upsert(table)).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _delete(connection: psycopg.Connection[Any], table: ServedTable) -> int:
    return connection.execute(statements.delete(table)).rowcount
