"""The stores while the lease is held: each client is given out after the lease was checked."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client

from orchestration.lease import lease
from orchestration.stores.clients import clickhouse_client, mongodb_client, postgres_connection
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

    def clickhouse(self) -> Client:
        """One for all; never closed by the caller."""
        self.lease.check()
        return self.client

    def postgres(self) -> "psycopg.Connection[Any]":
        """A new connection, to be closed by the caller."""
        self.lease.check()
        return postgres_connection(self.settings.postgres_dsn)

    def mongodb(self) -> "pymongo.MongoClient[dict[str, Any]]":
        """A new client, to be closed by the caller."""
        self.lease.check()
        return mongodb_client(self.settings.mongodb_uri)


@contextmanager
def held_stores(settings: Settings) -> Iterator[HeldStores]:
    """Hold the lease for the block; LeaseHeldError at once if a run holds it."""
    with (
        lease.held(settings.postgres_dsn) as mine,
        closing(clickhouse_client(settings.clickhouse_url)) as client,
    ):
        yield HeldStores(settings, mine, client)
