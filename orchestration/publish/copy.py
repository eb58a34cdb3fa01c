"""Copies the planned sessions' rows from ClickHouse's marts to PostgreSQL's landing tables."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
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
    with_few,
)
from orchestration.publish.landing_tables import follow_contract
from orchestration.publish.stream import ByteStream, UnpackedRows, read_ahead
from orchestration.publish.transaction import publish_transaction

CHUNK_BYTES = 1 << 20
THREADS = 3  # a block, the table behind it, and the count of what is to arrive
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
    a few blocks of `CHUNK_BYTES` and replay payloads, whatever the plan's size. Raises CopyError
    when a stream breaks or is short, StaleRunError when `fence`, the lease's number, is not the
    latest; without one the plan was opened under this lease and has its number.
    """
    with publish_transaction(connection, fence or plan_id):
        follow_contract(connection)
        # Of 3,000 rows a table: landing has one reader, whose joins need no finer figures.
        connection.execute("SET LOCAL default_statistics_target = 10")
        tables = sql.SQL(", ").join(sql.Identifier("landing", t.name) for t in LANDING_TABLES)
        connection.execute(sql.SQL("TRUNCATE {}").format(tables))
        connection.execute("DELETE FROM landing.copied")
        copied = _copy_tables(client, connection, source)
        connection.execute(
            "INSERT INTO landing.copied VALUES (%s, %s)", (plan_id, copied[PLANNED_SESSIONS.name])
        )
        return copied


def _copy_tables(
    client: Client, connection: psycopg.Connection[Any], source: Source
) -> dict[str, int]:
    """Fill the truncated tables, reading a table ahead; rows by table."""
    source = with_few(client, source)
    streams = [partial(_open, client, table, source) for table in LANDING_TABLES]
    with (
        ExitStack() as opened,
        ThreadPoolExecutor(THREADS, thread_name_prefix="marts") as threads,
    ):
        expected = threads.submit(_counts, client, source)
        tables = zip(LANDING_TABLES, read_ahead(threads, opened, streams, CHUNK_BYTES), strict=True)
        return {
            table.name: _copy_table(connection, table, blocks, expected) for table, blocks in tables
        }


def _counts(client: Client, source: Source) -> dict[str, int]:
    """How many rows each landing table is to get, in one statement."""
    counts = " UNION ALL ".join(
        f"SELECT '{table.name}', count() FROM {table.rows(source)}" for table in LANDING_TABLES
    )
    return {str(name): int(rows) for name, rows in client.query(counts).result_rows}


def _open(client: Client, table: LandingTable, source: Source) -> ByteStream:
    """The rows to copy, as COPY reads them."""
    query = f"SELECT {', '.join(table.expressions())} FROM {table.rows(source)}"
    response = cast(ByteStream, client.raw_stream(query, fmt="TabSeparated"))
    return UnpackedRows(response) if table.is_packed else response


def _copy_table(
    connection: psycopg.Connection[Any],
    table: LandingTable,
    blocks: Iterable[bytes],
    expected: Future[dict[str, int]],
) -> int:
    """Fill one truncated table and let the planner know; returns its rows."""
    copied = _stream(blocks, connection, table)
    if copied != expected.result()[table.name]:
        raise CopyError(
            f"landing.{table.name} received {copied} of {expected.result()[table.name]} rows:"
            " run again, and see that nothing else writes the marts"
        )
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier("landing", table.name)))
    return copied


def _stream(
    blocks: Iterable[bytes], connection: psycopg.Connection[Any], table: LandingTable
) -> int:
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
                for block in blocks:
                    tail = (tail + block[-TAIL_BYTES:])[-TAIL_BYTES:]
                    copy.write(block)
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
