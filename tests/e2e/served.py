"""Every row of every served table as text, to compare what two ways of building left."""

from collections.abc import Sequence
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from orchestration.documents.collections import DERIVED
from tests.e2e.warehouse_rows import Mongo, Rows, Served


def served(clickhouse: Client, postgres: psycopg.Connection[Any], mongo: Mongo) -> Rows:
    """ClickHouse `gosight`, PostgreSQL's served schemas, MongoDB's derived documents."""
    stores = Served(clickhouse, postgres)
    marts = {name: stores.of_clickhouse(name) for name in stores.built(["gosight"])}
    return (
        marts | {name: stores.of_postgresql(name) for name in stores.published()} | documents(mongo)
    )


def documents(mongo: Mongo, projects: Sequence[str] = ()) -> Rows:
    """Derived documents of some projects, or of all."""
    only = {"projectId": {"$in": list(projects)}} if projects else {}
    return {
        f"mongodb.{derived.name}": sorted(map(str, derived.spec.of(mongo).find(only)))
        for derived in DERIVED
    }
