"""The stack that a command works on; a store that does not answer is one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from hxi.admin import clients
from hxi.admin.endpoints import DEFAULT_DATA_DIR, Endpoints, resolve
from hxi.admin.errors import StoreDownError
from hxi.admin.folder import dbt_target
from hxi.admin.prepare import clickhouse_schemas, postgres_schemas


def use(endpoints: Endpoints, data_dir: Path | None) -> Endpoints:
    """Addresses, and where dbt may write, as the variables that runs, dbt and Dagster read."""
    os.environ.update(endpoints.environment() | dbt_target(data_dir or DEFAULT_DATA_DIR))
    return endpoints


def use_prepared(data_dir: Path | None) -> Endpoints:
    """Those of the stack that is asked for, once its schemas are those of this release."""
    endpoints = use(resolve(data_dir), data_dir)
    clickhouse_schemas(endpoints.clickhouse_url)
    postgres_schemas(endpoints.postgres_dsn)
    return endpoints


@contextmanager
def open_postgres(data_dir: Path | None) -> Iterator[psycopg.Connection[Any]]:
    """The warehouse's PostgreSQL; StoreDownError when it cannot be reached."""
    dsn = resolve(data_dir).postgres_dsn
    try:
        connection = clients.postgres(dsn)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise StoreDownError(f"PostgreSQL does not answer ({reason}): see `hxi status`") from None
    with connection:
        yield connection
