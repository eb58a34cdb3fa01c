"""One transaction in UTC, for the copy and the merge."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus


class OpenTransactionError(Exception):
    """The connection is inside a transaction, so that a commit here would not be one."""


@contextmanager
def utc_transaction(connection: psycopg.Connection) -> Iterator[None]:
    """Commit at the end of the block, roll back on any error; times are UTC inside."""
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise OpenTransactionError("publish needs a connection outside a transaction: commit first")
    with connection.transaction():
        connection.execute("SET LOCAL TIME ZONE 'UTC'")
        yield
