"""One project's derived documents, and the assets' work on them without a run around it."""

from dataclasses import dataclass
from typing import Any, cast

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from orchestration.documents.assets import bring_up_to_date, compare
from orchestration.documents.collection import Derived
from orchestration.lease.resource import RunResource
from orchestration.plan.plan import Plan
from tests.e2e.served import documents

Mongo = pymongo.MongoClient[dict[str, Any]]


@dataclass
class Stores:
    """What an asset is given of a run that has nothing planned; each call is a run of its own."""

    endpoints: Endpoints
    client: Client
    full_refresh: bool = False

    def plan(self) -> Plan:
        if not hasattr(self, "_plan"):
            with self.postgres() as connection:
                row = connection.execute("SELECT nextval('ops.plan_fence')").fetchone()
            assert row is not None
            self._plan = Plan(row[0], 0)
        return self._plan

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

    def run(self, *, full: bool = False) -> RunResource:
        return cast("RunResource", Stores(self.endpoints, self.client, full))

    def documents(self) -> dict[str, list[str]]:
        return documents(self.mongo, [self.project])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        found = self.client.query(query, parameters={"project": self.project}).result_rows
        return [tuple(row) for row in found]

    def differences(self, derived: Derived) -> list[str]:
        return [str(one) for _, one in compare(self.run(), [derived])]

    def written(self, *collections: Derived, full: bool = False) -> int:
        return sum(bring_up_to_date(self.run(full=full), collections).values())

    def doubt(self, derived: Derived) -> None:
        """Make the next run look at every session."""
        self.client.command(
            "DELETE FROM ops.derived_documents"
            f" WHERE collection = '{derived.name}' AND project_id = ''"
        )
