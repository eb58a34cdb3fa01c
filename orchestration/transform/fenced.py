"""dbt's statements at ClickHouse under a run's lease: each is checked and carries its fence."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dbt.adapters.clickhouse import httpclient

# dbt's comment before a statement: which node it is for.
OF_NODE = re.compile(r'\A/\*.*?"node_id": "([^"]+)".*?\*/\s*', re.DOTALL)


@contextmanager
def fenced(statement_id: Callable[[], str], sent: dict[str, list[str]]) -> Iterator[None]:
    """For the length of the block; `statement_id` raises when the lease is lost.

    What is sent for a node that asks for no rows is added to `sent` under its unique_id, which
    must make its lists itself.

    dbt-clickhouse has no setting for the ids of its statements, but looks its client's class up
    each time it connects.
    """
    original = httpclient.ChHttpClient

    class Fenced(original):  # type: ignore[misc, valid-type] # it has no types
        def query(self, sql: str, **options: Any) -> Any:
            return super().query(sql, **{**options, "query_id": statement_id()})

        def command(self, sql: str, **options: Any) -> Any:
            if node := OF_NODE.match(sql):
                sent[node[1]].append(sql[node.end() :])
            return super().command(sql, **{**options, "query_id": statement_id()})

    httpclient.ChHttpClient = Fenced  # type: ignore[misc] # that is the point
    try:
        yield
    finally:
        httpclient.ChHttpClient = original  # type: ignore[misc] # as above
