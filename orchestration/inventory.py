"""What the warehouse holds: rows of every served table, for summaries and status."""

from dataclasses import dataclass

import psycopg
from clickhouse_connect.driver.client import Client
from psycopg import sql

from orchestration.publish.tables import SERVED_TABLES
from orchestration.resources.clients import integer


@dataclass(frozen=True)
class Holding:
    """Rows of one served table."""

    store: str
    table: str
    rows: int


def holdings(clickhouse: Client, postgres: psycopg.Connection) -> list[Holding]:
    """Every table of ClickHouse `gosight` and every published one of PostgreSQL, by name."""
    marts = clickhouse.query(
        "SELECT name FROM system.tables"
        " WHERE database = 'gosight' AND engine NOT LIKE '%View' ORDER BY name"
    ).result_rows
    served = sorted((table.schema, table.name) for table in SERVED_TABLES)
    return [
        *(
            Holding(
                "ClickHouse",
                f"gosight.{name}",
                integer(clickhouse, f"SELECT count() FROM gosight.{name}"),
            )
            for (name,) in marts
        ),
        *(
            Holding("PostgreSQL", f"{schema}.{name}", _count(postgres, schema, name))
            for schema, name in served
        ),
    ]


def _count(connection: psycopg.Connection, schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
