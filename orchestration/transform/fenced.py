"""dbt's statements at ClickHouse under a run's lease: each is checked and carries its fence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dbt.adapters.clickhouse import httpclient


@contextmanager
def fenced(statement_id: Callable[[], str]) -> Iterator[None]:
    """For the length of the block; `statement_id` raises when the lease is lost.

    dbt-clickhouse has no setting for the ids of its statements, but looks its client's class up
    each time it connects.
    """
    original = httpclient.ChHttpClient

    class Fenced(original):  # type: ignore[misc, valid-type] # it has no types
        def query(self, sql: str, **options: Any) -> Any:
            return super().query(sql, **{**options, "query_id": statement_id()})

        def command(self, sql: str, **options: Any) -> Any:
            return super().command(sql, **{**options, "query_id": statement_id()})

    httpclient.ChHttpClient = Fenced  # type: ignore[misc] # that is the point
    try:
        yield
    finally:
        httpclient.ChHttpClient = original  # type: ignore[misc]
