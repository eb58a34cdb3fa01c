"""Statements at ClickHouse carry their run's fence in their id; a run ends those of earlier ones.

ClickHouse cannot check a fence, so a run that was paused between its own check and its statement
could still write; what it had sent before is ended here, and what it sends after is refused by its
lease (decision 7).
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast
from uuid import uuid4

from clickhouse_connect.driver.client import Client

WRITES = {"command", "insert", "insert_arrow", "insert_df", "raw_insert"}

# The embedded server has ids of its own and keeps ours beside them.
OLDER = """
    SELECT DISTINCT if(startsWith(query_id, 'hxi-'), query_id, Settings['log_comment']) AS id
    FROM system.processes
    WHERE startsWith(id, 'hxi-') AND toUInt64OrZero(splitByChar('-', id)[2]) < {fence:UInt64}"""
MUTATIONS = """
    SELECT count() FROM system.mutations WHERE NOT is_done
    AND database IN ('raw', 'ops', 'gosight', 'intermediate', 'signals')"""
END_SECONDS = 600.0
POLL_SECONDS = 0.2


class EarlierRunError(Exception):
    """Statements of an earlier run do not end."""


def statement_id(fence: int) -> str:
    """A new one, from which the fence can be read."""
    return f"hxi-{fence}-{uuid4()}"


def fenced(client: Client, check: Callable[[], None], fence: int) -> Client:
    """The client, that calls `check` before each statement that may write and marks it."""
    return cast(Client, _Fenced(client, check, fence))


class _Fenced:
    def __init__(self, client: Client, check: Callable[[], None], fence: int) -> None:
        self._client, self._check, self._fence = client, check, fence

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return partial(self._checked, method) if name in WRITES else method

    def _checked(self, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self._check()
        own = {**(options.pop("settings", None) or {}), "query_id": statement_id(self._fence)}
        return method(*args, settings=own, **options)


def end_earlier(client: Client, fence: int) -> None:
    """Return when no statement of an earlier fence runs, and no deletion that one began."""
    end = time.monotonic() + END_SECONDS
    while older := client.query(OLDER, parameters={"fence": fence}).result_rows:
        ids = ", ".join(f"'{found}'" for (found,) in older)
        client.command(f"KILL QUERY WHERE query_id IN ({ids}) ASYNC")
        _pause(end)
    while client.query(MUTATIONS).result_rows[0][0]:
        _pause(end)


def _pause(end: float) -> None:
    if time.monotonic() > end:
        raise EarlierRunError("statements of an earlier run do not end: see system.processes")
    time.sleep(POLL_SECONDS)
