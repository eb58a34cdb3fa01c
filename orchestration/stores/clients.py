"""Clients of the stores as a run uses them: in UTC, patient, for one thread or several."""

from collections.abc import Mapping
from typing import Any

import clickhouse_connect
import psycopg
import pymongo
from clickhouse_connect.driver.client import Client

# Long statements of a full refresh stay within this; a stuck server does not hold a run for ever.
CLICKHOUSE_TIMEOUT_S = 3600
MONGODB_TIMEOUT_MS = 10_000
# May write landing, stage and derived columns of served tables; dbt-postgres becomes it too.
PUBLISHER = "hxi_publisher"


def clickhouse_client(url: str) -> Client:
    """No server session, so that its queries may run side by side; deletes are waited for."""
    return clickhouse_connect.get_client(
        dsn=url,
        database="default",  # the address's own may not be made yet
        autogenerate_session_id=False,
        send_receive_timeout=CLICKHOUSE_TIMEOUT_S,
        settings={
            "session_timezone": "UTC",
            "mutations_sync": 2,
            "max_partitions_per_insert_block": 0,
        },
    )


def integer(client: Client, query: str, parameters: Mapping[str, Any] | None = None) -> int:
    """The one number a query answers with."""
    return int(client.query(query, parameters=dict(parameters or {})).result_rows[0][0])


def postgres_connection(dsn: str) -> psycopg.Connection[Any]:
    """Acts as the publisher, whoever logs in. The caller commits and closes."""
    options = f"-c timezone=UTC -c role={PUBLISHER}"
    return psycopg.connect(dsn, options=options, application_name="hxi publish")


def mongodb_client(uri: str) -> "pymongo.MongoClient[dict[str, Any]]":
    """Times come back with their zone. The caller closes."""
    return pymongo.MongoClient(uri, tz_aware=True, serverSelectionTimeoutMS=MONGODB_TIMEOUT_MS)
