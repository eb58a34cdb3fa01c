"""Every row of every served table as text, to compare what two ways of building left."""

from collections.abc import Sequence
from typing import Any

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client
from psycopg import sql

from orchestration.documents.collections import DERIVED

# Rows of a table in the order of their text.
Served = dict[str, list[str]]
SCHEMAS = ("hxi", "traceflow")


def served(
    clickhouse: Client,
    postgres: psycopg.Connection[Any],
    mongo: "pymongo.MongoClient[dict[str, Any]]",
) -> Served:
    """ClickHouse `gosight` with states as their values, PostgreSQL's served schemas with ids,
    MongoDB's derived documents.
    """
    return _marts(clickhouse) | _published(postgres) | documents(mongo)


def documents(mongo: "pymongo.MongoClient[dict[str, Any]]", projects: Sequence[str] = ()) -> Served:
    """Derived documents of some projects, or of all."""
    only = {"projectId": {"$in": list(projects)}} if projects else {}
    return {
        f"mongodb.{derived.name}": sorted(map(str, derived.spec.of(mongo).find(only)))
        for derived in DERIVED
    }


def differences(expected: Served, found: Served) -> dict[str, dict[str, list[str]]]:
    """By table: a few rows that are missing and a few that should not be there."""
    wrong = {}
    for table in expected.keys() | found.keys():
        wanted, have = expected.get(table, []), found.get(table, [])
        if wanted != have:
            wrong[table] = {
                "missing": [row for row in wanted if row not in set(have)][:3],
                "unexpected": [row for row in have if row not in set(wanted)][:3],
            }
    return wrong


def _marts(client: Client) -> Served:
    columns: dict[str, list[str]] = {}
    for table, name, kind in client.query(
        "SELECT table, name, type FROM system.columns WHERE database = 'gosight'"
        " ORDER BY table, position"
    ).result_rows:
        is_state = kind.startswith("AggregateFunction")
        columns.setdefault(table, []).append(f"finalizeAggregation({name})" if is_state else name)
    return {
        f"gosight.{table}": [
            row
            for (row,) in client.query(
                f"SELECT toJSONString(tuple({', '.join(names)})) AS row"
                f" FROM gosight.{table} ORDER BY row"
            ).result_rows
        ]
        for table, names in columns.items()
    }


def _published(connection: psycopg.Connection[Any]) -> Served:
    tables = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", (list(SCHEMAS),)
    ).fetchall()
    return {
        f"{schema}.{table}": [
            row
            for (row,) in connection.execute(
                sql.SQL("SELECT to_jsonb(t)::text FROM {} AS t ORDER BY 1").format(
                    sql.Identifier(schema, table)
                )
            )
        ]
        for schema, table in tables
    }
