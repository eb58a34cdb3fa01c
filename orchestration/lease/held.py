"""The stores while the lease is held: the lease is checked before each statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client

from orchestration.lease import lease
from orchestration.lease.mongo import fenced_mongo
from orchestration.lease.publisher import publisher_connection
from orchestration.lease.statements import end_earlier, fenced, statement_id
from orchestration.stores.clients import kept_client, short_connection
from orchestration.stores.settings import Settings


@dataclass(frozen=True)
class HeldStores:
    """LeaseLostError from each method when the lease is gone."""

    settings: Settings
    lease: lease.Lease
    client: Client

    def fence(self) -> int:
        """The lease's number."""
        self.lease.check()
        return self.lease.fence

    def statement_id(self) -> str:
        """The id that a statement at ClickHouse must carry."""
        return statement_id(self.fence())

    def clickhouse(self) -> Client:
        """One for all, which checks the lease itself; never closed by the caller."""
        self.lease.check()
        return self.client

    def postgres(self) -> "psycopg.Connection[Any]":
        """A new connection, which checks the lease in each transaction; closed by the caller."""
        self.lease.check()
        return publisher_connection(self.settings.postgres_dsn, self.lease.fence)

    def owner(self) -> "psycopg.Connection[Any]":
        """A new connection as who logged in, in autocommit; closed by the caller."""
        self.lease.check()
        return short_connection(self.settings.postgres_dsn)

    def mongodb(self) -> "pymongo.MongoClient[dict[str, Any]]":
        """A new client, which checks the lease before each write; closed by the caller."""
        self.lease.check()
        return fenced_mongo(self.settings.mongodb_uri, self.lease.check)


@contextmanager
def held_stores(settings: Settings, holder: str = "", wait_s: float = 0) -> Iterator[HeldStores]:
    """Hold the lease for the block; LeaseHeldError if a run has it for `wait_s` seconds.

    Statements of runs that lost it have ended when the block begins.
    """
    with lease.held(settings.postgres_dsn, holder, wait_s) as mine:
        client = kept_client(settings.clickhouse_url)
        end_earlier(client, mine.fence)
        yield HeldStores(settings, mine, fenced(client, mine.check, mine.fence))
