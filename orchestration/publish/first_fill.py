"""Large first fills: tables that are still empty get their indexes and foreign keys afterwards."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.errors import LockNotAvailable

from orchestration.publish.served_table import ServedTable

# With fewer sessions the indexes cost less than taking them away.
MIN_SESSIONS = 1000


def is_empty(connection: psycopg.Connection[Any], table: ServedTable) -> bool:
    """Whether the served table has no row."""
    query = sql.SQL("SELECT FROM {} LIMIT 1").format(sql.Identifier(table.schema, table.name))
    return connection.execute(query).rowcount == 0


@contextmanager
def without_keys(
    connection: psycopg.Connection[Any], tables: Iterable[ServedTable]
) -> Iterator[None]:
    """Within the block these empty tables have no index or foreign key that can be taken away.

    Who reads them waits until the transaction is over. Where somebody reads them now, they keep
    what they have.
    """
    names = [f"{table.schema}.{table.name}" for table in tables]
    if not names:
        yield
        return
    try:
        with connection.transaction():
            connection.execute("SELECT landing.remove_keys(%s::text[]::regclass[])", (names,))
    except LockNotAvailable:
        yield
        return
    yield
    connection.execute("SELECT landing.restore_keys()")
