"""Clients of the stores as a run uses them: in UTC, patient, for one thread or several."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import clickhouse_connect
import psycopg
from clickhouse_connect.driver.client import Client

from ingest.sinks.placement import as_writer, interface_of

# Long statements of a full refresh stay within this; a stuck server does not hold a run for ever.
CLICKHOUSE_TIMEOUT_S = 3600
POSTGRES_TIMEOUT_S = 10


def clickhouse_client(url: str) -> Client:
    """No server session, so that its queries may run side by side; deletes are waited for."""
    client = clickhouse_connect.get_client(
        dsn=url,
        interface=interface_of(url),
        database="default",  # the address's own may not be made yet
        autogenerate_session_id=False,
        send_receive_timeout=CLICKHOUSE_TIMEOUT_S,
        settings={
            "session_timezone": "UTC",
            "mutations_sync": 2,
            "max_partitions_per_insert_block": 0,
        },
    )
    return as_writer(client)


@lru_cache(maxsize=4)
def kept_client(url: str) -> Client:
    """The same, opened once for the life of the process: each new one asks the server three times.

    Never closed by the caller. Connections that break are opened again by the next statement.
    """
    return clickhouse_client(url)


def integer(client: Client, query: str, parameters: Mapping[str, Any] | None = None) -> int:
    """The one number a query answers with."""
    return int(client.query(query, parameters=dict(parameters or {})).result_rows[0][0])


def delete_rows(
    client: Client, table: str, where: str, parameters: Mapping[str, Any] | None = None
) -> None:
    """A delete rewrites parts even when it finds nothing, so it is sent where there are rows."""
    given = dict(parameters or {})
    if client.query(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1", parameters=given).result_rows:
        client.command(f"DELETE FROM {table} WHERE {where}", parameters=given)


def short_connection(dsn: str) -> psycopg.Connection[Any]:
    """For a transaction or two: autocommit, without prepared statements, which poolers lose.

    The caller closes.
    """
    return psycopg.connect(
        dsn,
        autocommit=True,
        prepare_threshold=None,
        connect_timeout=POSTGRES_TIMEOUT_S,
        application_name="hxi",
    )
