"""Where what is built beside the served tables lies, and statements that are told to read there."""

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, cast

from clickhouse_connect.driver.client import Client

DATABASE = "hxi_diff"
Name = tuple[str, str]
"""Database and table as they are served."""

RELATION = re.compile(r"(?<![\w.`'])`?(gosight|intermediate|ops|signals)`?\.`?(\w+)`?")
READS = {"command", "query", "query_arrow", "query_arrow_stream"}


def seen(name: Name) -> str:
    """What reads the table reads this instead: the part as built, and all else as served."""
    return f"`{DATABASE}`.`{'__'.join(name)}`"


def built(name: Name) -> str:
    """The rows that were built of a table."""
    return f"`{DATABASE}`.`{'__'.join(name)}__built`"


def redirected(sql: str, names: Collection[Name]) -> str:
    """The statement with each of `names` read beside the served tables."""

    def beside(found: re.Match[str]) -> str:
        name = found[1], found[2]
        return seen(name) if name in names else found[0]

    return RELATION.sub(beside, sql)


def beside(client: Client, names: Collection[Name]) -> Client:
    """The client, whose statements read `names` beside, and whose inserts of frames go there."""
    return cast(Client, _Beside(client, names))


class _Beside:
    def __init__(self, client: Client, names: Collection[Name]) -> None:
        self._client, self._names = client, names

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return partial(self._redirected, method) if name in READS else method

    def _redirected(self, method: Callable[..., Any], sql: str, *args: Any, **options: Any) -> Any:
        return method(redirected(sql, self._names), *args, **options)

    def insert_arrow(self, table: str, *args: Any, **options: Any) -> Any:
        database, _, name = table.partition(".")
        return self._client.insert_arrow(built((database, name)), *args, **options)
