"""Opens a store for a command, turning "it does not answer" into one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from hxi.admin import clients
from hxi.admin.endpoints import resolve
from hxi.admin.errors import StoreDownError


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
