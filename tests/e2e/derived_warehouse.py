"""One project's derived documents, and the assets' work on them without a run around it."""

from dataclasses import dataclass
from typing import Any, cast

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from orchestration.documents.assets import compare
from orchestration.documents.collection import Derived
from orchestration.documents.freshness import freshness
from orchestration.documents.rewriting import bring_up_to_date
from orchestration.lease.resource import RunResource
from tests.e2e.served import documents

Mongo = pymongo.MongoClient[dict[str, Any]]


@dataclass
class Stores:
    """What the documents' assets are given of a run; each call is a run of its own."""

    endpoints: Endpoints
    client: Client

    def fence(self) -> int:
        with self.postgres() as connection:
            row = connection.execute("SELECT nextval('ops.plan_fence')").fetchone()
        assert row is not None
        return int(row[0])

    def clickhouse(self) -> Client:
        return self.client

    def mongodb(self) -> Mongo:
        return clients.mongodb(self.endpoints.mongodb_uri)

    def postgres(self) -> "psycopg.Connection[Any]":
        return clients.postgres(self.endpoints.postgres_dsn)


@dataclass
class Warehouse:
    """One project's documents, and the assets' work on them."""

    endpoints: Endpoints
    client: Client
    mongo: Mongo
    project: str

    def run(self) -> RunResource:
        return cast("RunResource", Stores(self.endpoints, self.client))

    def documents(self) -> dict[str, list[str]]:
        return documents(self.mongo, [self.project])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        found = self.client.query(query, parameters={"project": self.project}).result_rows
        return [tuple(row) for row in found]

    def differences(self, derived: Derived) -> list[str]:
        return [str(one) for _, one in compare(self.run(), [derived])]

    def written(self, *collections: Derived, full: bool = False) -> int:
        """Of sessions that plans built since the documents were last written."""
        served = freshness(self.client).served
        return sum(bring_up_to_date(self.run(), collections, served, full=full).values())

    def doubt(self, derived: Derived) -> None:
        """Make the next run look at every session."""
        self.client.command(
            "DELETE FROM ops.derived_documents"
            f" WHERE collection = '{derived.name}' AND project_id = ''"
        )
