"""Merges stage into the served tables: one transaction, by natural key, deletes by plan."""

from dataclasses import dataclass
from typing import Any

import psycopg

from orchestration.publish import issues, statements
from orchestration.publish.first_fill import MIN_SESSIONS, is_empty, without_keys
from orchestration.publish.tables import (
    PARENTS,
    ROWS,
    SERVED_TABLES,
    UX_ISSUES,
    ServedTable,
)
from orchestration.publish.transaction import publish_transaction

# Of one hash or sort; a million landed events then hash in a few parts.
WORK_MEM = "64MB"


class LandingLostError(Exception):
    """The landing tables do not hold this run's copy."""


@dataclass(frozen=True)
class Changes:
    """Rows of one table that a merge wrote; all 0 when nothing had changed."""

    inserted: int
    updated: int
    deleted: int


UNCHANGED = Changes(0, 0, 0)


def merge_plan(
    connection: psycopg.Connection[Any], plan_id: int, *, fence: int | None = None
) -> dict[str, Changes]:
    """Make the served rows of the landed plan equal to stage; returns what changed by table.

    All or nothing: readers see every table before the merge, or every table after it. Repeating it
    writes nothing. Raises LandingLostError when there is no whole copy of this plan to merge,
    StaleRunError when `fence` is not the latest (see `copy_plan`).
    """
    with publish_transaction(connection, fence or plan_id):
        sessions = _check_landing(connection, plan_id)
        connection.execute("SET LOCAL jit = off")  # compiling costs more than these scans
        connection.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        # A session's rows lie together: reading those planned beats scanning the table.
        connection.execute("SET LOCAL random_page_cost = 1.1")
        if _is_most_of_what_is_served(connection, sessions):
            # Served tables were small when they were last analysed: each row would scan them again.
            connection.execute("SET LOCAL enable_nestloop = off")
        # Triggers that count what services insert stand aside.
        connection.execute("SET LOCAL hxi.publishing = 'on'")
        connection.execute(statements.PLANNED_TEXTS)
        connection.execute("ANALYZE planned_texts")
        connection.execute(statements.AFFECTED_USERS)
        connection.execute("ANALYZE affected_users")
        connection.execute(statements.CURRENT_USERS)
        issues.touch(connection)
        changes = _merge_tables(connection, sessions)
        # What subscriptions have used is seen with the rows it is counted of.
        connection.execute("SELECT traceflow.count_usage()")
        return changes


def _check_landing(connection: psycopg.Connection[Any], plan_id: int) -> int:
    """See that the copy of this plan is there, and still there; returns its sessions.

    Landing tables are unlogged: a crash of the server empties them, which must not pass for a plan
    whose sessions are gone.
    """
    row = connection.execute(
        "SELECT plan_id, sessions, (SELECT count(*) FROM landing.planned_sessions)"
        " FROM landing.copied"
    ).fetchone()
    copied, sessions, landed = row or (0, 0, 0)
    if copied != plan_id:
        raise LandingLostError(
            f"landing holds the copy of run {copied}, not of this one ({plan_id}):"
            " run the copy to landing first"
        )
    if sessions != landed:
        raise LandingLostError(
            f"landing holds {landed} of the {sessions} planned sessions, as after a crash of the"
            " server: run the copy again"
        )
    return int(landed)


def _is_most_of_what_is_served(connection: psycopg.Connection[Any], planned: int) -> bool:
    """Whether no more sessions are served than are planned."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT FROM hxi.sessions LIMIT %s) AS counted", (planned + 1,)
    ).fetchone()
    return row is not None and row[0] <= planned


def _merge_tables(connection: psycopg.Connection[Any], sessions: int) -> dict[str, Changes]:
    """Parents are written before their rows and deleted after them; issues are made of both."""
    deleted: dict[str, int] = {}
    updated: dict[str, int] = {}
    inserted: dict[str, int] = {}
    empty = {table.name for table in SERVED_TABLES if is_empty(connection, table)}
    # Into a table services share rows may come meanwhile: it keeps its keys.
    first = [table for table in ROWS if table.name in empty and not table.is_shared]

    def write(table: ServedTable) -> None:
        if table.name in empty:
            updated[table.name] = 0
            inserted[table.name] = connection.execute(statements.fill(table)).rowcount
            return
        # Updates first: they would compare every row that was just inserted.
        updated[table.name] = connection.execute(statements.update(table)).rowcount
        inserted[table.name] = connection.execute(statements.insert(table)).rowcount

    def delete(table: ServedTable) -> None:
        is_filled = table.name not in empty
        deleted[table.name] = (
            connection.execute(statements.delete(table)).rowcount if is_filled else 0
        )

    for table in PARENTS:
        write(table)
    with without_keys(connection, first if sessions >= MIN_SESSIONS else []):
        for table in ROWS:
            delete(table)
            write(table)
    for table in reversed(PARENTS):
        delete(table)
    issues.roll_up(connection)
    delete(UX_ISSUES)
    write(UX_ISSUES)
    return {name: Changes(inserted[name], updated[name], deleted[name]) for name in inserted}
