"""Turns what a store's client raises into the one line a person is told."""

import errno
from collections.abc import Iterator
from sqlite3 import OperationalError as SpoolError

import psycopg
import redis
from clickhouse_connect.driver.exceptions import ClickHouseError
from pymongo.errors import PyMongoError
from urllib3.exceptions import HTTPError

from hxi.admin.errors import StoreDownError, UserError

STORES: dict[type[Exception], str] = {
    ClickHouseError: "ClickHouse",
    HTTPError: "ClickHouse",
    psycopg.Error: "PostgreSQL",
    PyMongoError: "MongoDB",
    redis.RedisError: "Redis",
    SpoolError: "the disk",
}
NO_ROOM = (
    "no space left",
    "disk full",
    "disk is full",
    "not enough space",
    "could not extend file",
)
MAX_CHARACTERS = 300


def told(error: BaseException) -> UserError | None:
    """The line for an error that has a store or a full disk at its root; None for any other."""
    for cause in _chain(error):
        if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            return _full("the disk", cause)
        for kind, store in STORES.items():
            if isinstance(cause, kind):
                return _of_store(store, cause)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from, the nearest first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _of_store(store: str, error: BaseException) -> UserError:
    if any(words in str(error).lower() for words in NO_ROOM):
        return _full(store, error)
    return StoreDownError(f"{store} failed ({_line(error)}): see `hxi status`")


def _full(store: str, error: BaseException) -> UserError:
    return StoreDownError(f"{store} has no room left ({_line(error)}): make room and repeat")


def _line(error: BaseException) -> str:
    """The system's own word for it where there is one, such as "Connection refused"."""
    system = [cause.strerror for cause in _chain(error) if isinstance(cause, OSError)]
    words = " ".join((system[-1] if system and system[-1] else str(error)).split())
    return words[:MAX_CHARACTERS] or type(error).__name__
