"""The one writer's lease: a row of PostgreSQL with a fencing number (decision 7).

Taken, renewed and taken over by the server's clock, each in a short transaction, so that a pooler
may give every transaction another connection.
"""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.errors import LockNotAvailable

from orchestration.lease.process import is_dead, this_process
from orchestration.lease.publisher import APPLICATION
from orchestration.lease.renewing import Renewed, renewing
from orchestration.stores.clients import short_connection

# How long a run that was paused, or whose machine is gone, keeps others waiting.
SECONDS = 60.0
SECONDS_VARIABLE = "HXI_LEASE_SECONDS"
POLL_SECONDS = 1.0
# A transaction of the holder that publishes has a lock on the row; renewals pass it.
LOCK_TIMEOUT = "2s"

BUSY = "another run is bringing the tables up to date; wait until it ends, then run again"

FOUND = """
    SELECT fence, holder, process, expires_at <= clock_timestamp() FROM ops.lease
    WHERE name = 'warehouse'"""
TAKE = """
    UPDATE ops.lease SET fence = nextval('ops.plan_fence'), holder = %s, process = %s,
        expires_at = clock_timestamp() + make_interval(secs => %s)
    WHERE name = 'warehouse' RETURNING fence"""
RENEW = """
    UPDATE ops.lease SET expires_at = clock_timestamp() + make_interval(secs => %s)
    WHERE name = 'warehouse' AND fence = %s"""
FREE = """
    UPDATE ops.lease SET expires_at = '-infinity' WHERE name = 'warehouse' AND fence = %s"""
END_TRANSACTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"""


class LeaseHeldError(Exception):
    """Another run holds the lease."""


class LeaseLostError(Exception):
    """Another run has the lease, or may have it, so this one must stop."""


@dataclass(frozen=True)
class Lease:
    """Held until it is freed, or taken over when it was not renewed in time.

    `fence` is greater than that of every earlier holder.
    """

    fence: int
    renewed: Renewed

    def check(self) -> None:
        """Raise LeaseLostError unless the lease is held still. Call before each write."""
        if not self.renewed.is_held():
            raise LeaseLostError("the lease is gone: another run may be at work; run again")

    def give_up(self) -> None:
        """Let every check from now on fail: before the lease is freed, where threads may go on."""
        self.renewed.give_up()


@contextmanager
def held(dsn: str, holder: str = "", wait_s: float = 0) -> Iterator[Lease]:
    """Hold the lease for the block; LeaseHeldError when another run has it for `wait_s` seconds.

    `holder` is the run's id: it gets its own lease back at once, and whoever held it under that id
    has lost it.
    """
    seconds = float(os.environ.get(SECONDS_VARIABLE, SECONDS))
    fence = _taken(dsn, holder or str(uuid4()), seconds, wait_s)
    with closing(_Row(dsn, fence, seconds)) as row, renewing(row, seconds) as renewed:
        try:
            yield Lease(fence, renewed)
        finally:
            _free(dsn, fence)


class _Row:
    """The lease under one fence, asked through one connection as long as that lives."""

    def __init__(self, dsn: str, fence: int, seconds: float) -> None:
        self._dsn, self._fence, self._seconds = dsn, fence, seconds
        self._connection: psycopg.Connection[Any] | None = None

    def renew(self) -> bool:
        return self._execute(RENEW, (self._seconds, self._fence)).rowcount == 1

    def is_ours(self) -> bool:
        row = self._execute(FOUND, ()).fetchone()
        return row is not None and row[0] == self._fence

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _execute(self, query: str, parameters: tuple[object, ...]) -> psycopg.Cursor[Any]:
        """Once more through a new connection if the one there is has broken."""
        if self._connection is not None:
            try:
                return self._connection.execute(query.encode(), parameters)
            except psycopg.OperationalError:
                self.close()
        self._connection = short_connection(self._dsn)
        return self._connection.execute(query.encode(), parameters)


def is_held(connection: psycopg.Connection[Any]) -> bool:
    """Whether some run has the lease now."""
    row = connection.execute(FOUND).fetchone()
    return row is not None and not _is_free(row[1:], "")


def _taken(dsn: str, holder: str, seconds: float, wait_s: float) -> int:
    end = time.monotonic() + wait_s
    while True:
        fence = _take(dsn, holder, seconds)
        if fence:
            return fence
        if time.monotonic() >= end:
            raise LeaseHeldError(BUSY)
        time.sleep(POLL_SECONDS)


def _take(dsn: str, holder: str, seconds: float) -> int:
    """The new fence; 0 when another run has the lease."""
    with short_connection(dsn) as connection:
        fence = _taken_unlocked(connection, holder, seconds)
        if fence is None and _end_transactions(connection, holder):
            fence = _taken_unlocked(connection, holder, seconds)
        return fence or 0


def _taken_unlocked(connection: psycopg.Connection[Any], holder: str, seconds: float) -> int | None:
    """None when a transaction has locked the row."""
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            return _take_row(connection, holder, seconds)
    except LockNotAvailable:
        return None


def _take_row(connection: psycopg.Connection[Any], holder: str, seconds: float) -> int:
    row = connection.execute(FOUND + " FOR UPDATE").fetchone()
    if row is None or not _is_free(row[1:], holder):
        return 0
    taken = connection.execute(TAKE, (holder, this_process(), seconds)).fetchone()
    return int(taken[0]) if taken else 0


def _is_free(row: tuple[str, str, bool], holder: str) -> bool:
    last_holder, process, is_over = row
    return is_over or last_holder == holder or is_dead(process)


def _end_transactions(connection: psycopg.Connection[Any], holder: str) -> bool:
    """End those of a holder that is gone, or paused, in the middle of one; whether it may be."""
    row = connection.execute(FOUND).fetchone()
    if row is None or not _is_free(row[1:], holder):
        return False
    connection.execute(END_TRANSACTIONS, (APPLICATION.format(fence=row[0]),))
    return True


def _free(dsn: str, fence: int) -> None:
    """Let the next run begin at once; if the server does not answer, its clock will."""
    try:
        with short_connection(dsn) as connection:
            connection.execute(FREE, (fence,))
    except psycopg.OperationalError:
        return
