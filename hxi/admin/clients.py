"""Opens clients of the stores from their addresses, in UTC, the same way everywhere."""

from typing import Any

import clickhouse_connect
import psycopg
import pymongo
from clickhouse_connect.driver.client import Client

from ingest.sinks.placement import as_writer, interface_of


def clickhouse(url: str, database: str = "default") -> Client:
    """No server session, so that one client may serve several threads."""
    client = clickhouse_connect.get_client(
        dsn=url,
        interface=interface_of(url),
        database=database,
        autogenerate_session_id=False,
        tz_mode="aware",
    )
    return as_writer(client)


def postgres(dsn: str) -> psycopg.Connection[Any]:
    """Autocommit; open a transaction with `connection.transaction()`. A pooler may be between."""
    connection: psycopg.Connection[Any] = psycopg.connect(
        dsn, autocommit=True, prepare_threshold=None
    )
    connection.execute("SET timezone TO 'UTC'")
    return connection


def mongodb(uri: str) -> "pymongo.MongoClient[dict[str, Any]]":
    """Datetimes come back with their zone."""
    return pymongo.MongoClient(uri, tz_aware=True, serverSelectionTimeoutMS=5000)
