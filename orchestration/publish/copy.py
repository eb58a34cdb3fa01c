"""Copies the planned sessions' rows from ClickHouse's marts to PostgreSQL's landing tables."""

from contextlib import closing
from typing import Any, cast

import psycopg
from clickhouse_connect.driver.client import Client
from psycopg import sql
from urllib3.exceptions import HTTPError

from orchestration.publish.landing import (
    LANDING_TABLES,
    PLANNED_SESSIONS,
    SERVED,
    LandingTable,
    Source,
)
from orchestration.publish.landing_tables import follow_contract
from orchestration.publish.stream import ByteStream, UnpackedRows
from orchestration.publish.transaction import publish_transaction

CHUNK_BYTES = 1 << 20
TAIL_BYTES = 1 << 16  # ClickHouse's message is shorter than this
# What ClickHouse writes when a query fails after its first rows were sent. Text columns cannot hold
# it: TabSeparated writes their carriage returns as a backslash and an r.
FAILED_LATE = b"\r\n__exception__\r\n"


class CopyError(Exception):
    """A mart did not arrive whole; the landing tables keep what the copy before brought."""


def copy_plan(
    client: Client,
    connection: psycopg.Connection[Any],
    plan_id: int,
    source: Source = SERVED,
    *,
    fence: int | None = None,
) -> dict[str, int]:
    """Replace every landing table by the planned sessions' rows; returns rows by table.

    One transaction: after a failure or a crash landing holds the copy before. Memory is bounded by
    `CHUNK_BYTES` and a few replay payloads, whatever the plan's size. Raises CopyError when a
    stream breaks or is short, StaleRunError when `fence`, the lease's number, is not the latest;
    without one the plan was opened under this lease and has its number.
    """
    with publish_transaction(connection, fence or plan_id):
        follow_contract(connection)
        tables = sql.SQL(", ").join(sql.Identifier("landing", t.name) for t in LANDING_TABLES)
        connection.execute(sql.SQL("TRUNCATE {}").format(tables))
        connection.execute("DELETE FROM landing.copied")
        expected = _counts(client, source)
        copied = {
            table.name: _copy_table(client, connection, table, source, expected[table.name])
            for table in LANDING_TABLES
        }
        connection.execute(
            "INSERT INTO landing.copied VALUES (%s, %s)", (plan_id, copied[PLANNED_SESSIONS.name])
        )
        return copied


def _counts(client: Client, source: Source) -> dict[str, int]:
    """How many rows each landing table is to get, in one statement."""
    counts = " UNION ALL ".join(
        f"SELECT '{table.name}', count() FROM {table.rows(source)}" for table in LANDING_TABLES
    )
    return {str(name): int(rows) for name, rows in client.query(counts).result_rows}


def _copy_table(
    client: Client,
    connection: psycopg.Connection[Any],
    table: LandingTable,
    source: Source,
    expected: int,
) -> int:
    """Fill one truncated table and let the planner know; returns its rows."""
    query = f"SELECT {', '.join(table.expressions())} FROM {table.rows(source)}"
    with closing(cast(ByteStream, client.raw_stream(query, fmt="TabSeparated"))) as response:
        rows_stream = UnpackedRows(response) if table.is_packed else response
        copied = _stream(rows_stream, connection, table)
    if copied != expected:
        raise CopyError(
            f"landing.{table.name} received {copied} of {expected} rows: run again, and see that"
            " nothing else writes the marts"
        )
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier("landing", table.name)))
    return copied


def _stream(response: ByteStream, connection: psycopg.Connection[Any], table: LandingTable) -> int:
    """Pass the bytes on as they are: TabSeparated is COPY's text format, escapes and \\N included.

    Returns the rows PostgreSQL took.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier("landing", table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
    )
    tail = b""
    with connection.cursor() as cursor:
        try:
            with cursor.copy(statement) as copy:
                while chunk := response.read(CHUNK_BYTES):
                    tail = (tail + chunk[-TAIL_BYTES:])[-TAIL_BYTES:]
                    copy.write(chunk)
        except psycopg.DataError as error:
            reason = _late_failure(tail) or error.diag.message_primary
            raise CopyError(f"landing.{table.name}: {reason}") from error
        except HTTPError as error:
            raise CopyError(f"landing.{table.name}: ClickHouse broke off: {error}") from error
        return cursor.rowcount


def _late_failure(tail: bytes) -> str:
    """ClickHouse's message if the stream ended in one, else ''."""
    _, mark, message = tail.partition(FAILED_LATE)
    return " ".join(message.decode(errors="replace").split()) if mark else ""
