"""A run's connection to PostgreSQL: as the publisher, in UTC, while the lease is held."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

# May write landing, stage and derived columns of served tables; dbt-postgres becomes it too.
PUBLISHER = "hxi_publisher"
APPLICATION = "hxi publish {fence}"
# The lock lets renewals pass; a run that takes the lease over waits for the transaction's end.
FENCE = "SELECT fence FROM ops.lease WHERE name = 'warehouse' FOR KEY SHARE"


class StaleConnectionError(Exception):
    """A later run holds the lease, so nothing may be written here any more."""


class PublisherConnection(psycopg.Connection[Any]):
    """Each of its transactions begins with who it is and whether the lease is still its run's.

    Nothing is kept from one transaction to the next, so that a pooler may give each another server
    connection. StaleConnectionError from the first statement of a transaction.
    """

    fence: int | None = None

    @contextmanager
    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[psycopg.Transaction]:
        """As psycopg's."""
        is_first = self._is_idle()
        with super().transaction(savepoint_name, force_rollback) as transaction:
            if is_first:
                self._begin()
            yield transaction

    def execute(self, *args: Any, **options: Any) -> psycopg.Cursor[Any]:
        """As psycopg's."""
        if self._is_idle():
            self._begin()
        return super().execute(*args, **options)

    def _is_idle(self) -> bool:
        return self.info.transaction_status == TransactionStatus.IDLE

    def _begin(self) -> None:
        super().execute("SET LOCAL TIME ZONE 'UTC'")
        if self.fence is not None:
            row = super().execute(FENCE).fetchone()
            if row is None or row[0] != self.fence:
                raise StaleConnectionError(
                    f"run {row and row[0]} has taken the lease over from this one ({self.fence}):"
                    " run again"
                )
        super().execute(f"SET LOCAL ROLE {PUBLISHER}")


def publisher_connection(dsn: str, fence: int | None = None) -> PublisherConnection:
    """Acts as the publisher, whoever logs in; `fence` is the lease's number, None without one.

    The caller commits and closes.
    """
    connection = PublisherConnection.connect(
        dsn, prepare_threshold=None, application_name=APPLICATION.format(fence=fence or "")
    )
    connection.fence = fence
    return connection
