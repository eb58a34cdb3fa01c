"""The transactions of copy and merge: in UTC, one after the other, of the newest run only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus


class OpenTransactionError(Exception):
    """The connection is inside a transaction, so that a commit here would not be one."""


class StaleRunError(Exception):
    """A later run holds the lease, so this one must not write any more."""


@contextmanager
def publish_transaction(connection: psycopg.Connection[Any], fence: int) -> Iterator[None]:
    """Commit at the end of the block, roll back on any error; times are UTC inside.

    Raises StaleRunError unless `fence` is the lease's latest number. The number is read under a
    lock that every copy and merge takes first: whoever gets the lease later waits here until this
    transaction is over, so a run that lost its lease can never overwrite a newer one.
    """
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise OpenTransactionError("publish needs a connection outside a transaction: commit first")
    with connection.transaction():
        connection.execute("SET LOCAL TIME ZONE 'UTC'")
        connection.execute("LOCK TABLE landing.copied IN SHARE ROW EXCLUSIVE MODE")
        row = connection.execute("SELECT last_value FROM ops.plan_fence").fetchone()
        latest = row[0] if row else 0
        if latest != fence:
            raise StaleRunError(
                f"run {latest} has begun after this one ({fence}): nothing was written; run again"
            )
        yield
