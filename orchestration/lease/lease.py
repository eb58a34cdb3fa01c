"""The one writer's lease: a PostgreSQL advisory lock with a fencing number."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

# Any constant will do, as long as nothing else in the database locks on it ("hxi run" in hex).
LOCK = 0x6878692072756E


class LeaseHeldError(Exception):
    """Another run holds the lease."""


class LeaseLostError(Exception):
    """Its connection broke: another run may have begun, so this one must stop."""


@dataclass(frozen=True)
class Lease:
    """Held as long as its connection lives; the server frees it when the holder dies.

    `fence` is greater than that of every earlier holder.
    """

    connection: psycopg.Connection
    fence: int

    def check(self) -> None:
        """Raise LeaseLostError unless the lease is still held. Call before each stage writes."""
        try:
            row = self.connection.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                " AND pid = pg_backend_pid() AND (classid::bigint << 32 | objid::bigint) = %s",
                (LOCK,),
            ).fetchone()
        except psycopg.OperationalError as error:
            raise LeaseLostError(f"the lease's connection to PostgreSQL broke: {error}") from error
        if row is None or row[0] == 0:
            raise LeaseLostError("the lease is gone; run again")


@contextmanager
def held(dsn: str) -> Iterator[Lease]:
    """Hold the lease for the block; LeaseHeldError at once if another run holds it."""
    with psycopg.connect(dsn, autocommit=True, application_name="hxi run") as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
        if not row or not row[0]:
            raise LeaseHeldError(
                "another run is bringing the tables up to date; wait until it ends, then run again"
            )
        fence = connection.execute("SELECT nextval('ops.plan_fence')").fetchone()
        assert fence is not None  # noqa: S101 - nextval always answers
        yield Lease(connection, fence[0])
