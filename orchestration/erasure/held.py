"""What the stores hold of a person or a session: counted, and given out as lines of JSON."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from bson.json_util import RELAXED_JSON_OPTIONS, dumps
from clickhouse_connect.driver.client import Client
from psycopg import sql
from psycopg.rows import dict_row
from pymongo import MongoClient

from ingest.sinks.mongodb import connect
from orchestration.erasure import clickhouse, mongodb, postgres
from orchestration.erasure import redis as realtime
from orchestration.erasure.erasing import redis_of, trace_of
from orchestration.erasure.requests import Subject
from orchestration.erasure.subject import sessions_of
from orchestration.erasure.trace import Trace
from orchestration.stores.clients import clickhouse_client, short_connection
from orchestration.stores.settings import Settings

# Bookkeeping of runs, and copies on the way to be served: nothing in them is not elsewhere.
NOT_GIVEN = ("ops.", "landing.", "raw.session_index")


@dataclass(frozen=True)
class Held:
    """The sessions, and rows, documents or keys by store."""

    sessions: tuple[str, ...]
    by_store: Mapping[str, int]


@dataclass(frozen=True)
class _Stores:
    clickhouse: Client
    mongo: "MongoClient[dict[str, Any]]"
    postgres: "psycopg.Connection[Any]"


def held(settings: Settings, subject: Subject) -> Held:
    """Counted without the lease; changes nothing."""
    with _opened(settings) as stores, redis_of(settings) as now:
        trace = _trace(stores, subject)
        counts = {
            "clickhouse": clickhouse.count(stores.clickhouse, trace),
            "mongodb": mongodb.count(stores.mongo, trace),
            "postgresql": postgres.count(stores.postgres, trace),
            **({"redis": realtime.count(now, trace)} if now is not None else {}),
        }
    return Held(trace.sessions, counts)


def given(settings: Settings, subject: Subject) -> Iterator[tuple[str, Iterator[str]]]:
    """Each table and collection that holds something, with its rows as lines of JSON."""
    with _opened(settings) as stores:
        trace = _trace(stores, subject)
        yield from _rows(stores.clickhouse, trace)
        yield from _documents(stores.mongo, trace)
        yield from _served(stores.postgres, trace)


@contextmanager
def _opened(settings: Settings) -> Iterator[_Stores]:
    with (
        closing(clickhouse_client(settings.clickhouse_url)) as client,
        connect(settings.mongodb_uri) as mongo,
        closing(short_connection(settings.postgres_dsn)) as connection,
    ):
        yield _Stores(client, mongo, connection)


def _trace(stores: _Stores, subject: Subject) -> Trace:
    sessions = sessions_of(stores.clickhouse, stores.mongo, subject)
    return trace_of(subject, sorted(sessions))


def _rows(client: Client, trace: Trace) -> Iterator[tuple[str, Iterator[str]]]:
    for table, column in clickhouse.of_sessions(client):
        if not table.startswith(NOT_GIVEN) and column == "session_id":
            yield f"clickhouse/{table}", _lines_of(client, table, trace)


def _lines_of(client: Client, table: str, trace: Trace) -> Iterator[str]:
    where = clickhouse.condition(table, "session_id")
    for ids in trace.chunks():
        query = f"SELECT * FROM {table} WHERE {where} ORDER BY ALL"
        parameters = clickhouse.parameters(trace, ids)
        with client.query_arrow_stream(query, parameters=parameters, use_strings=False) as batches:
            for batch in batches:
                yield from (_line(row) for row in batch.to_pylist())


def _documents(
    mongo: "MongoClient[dict[str, Any]]", trace: Trace
) -> Iterator[tuple[str, Iterator[str]]]:
    for collection in mongodb.collections(mongo):
        lines = (
            dumps(document, json_options=RELAXED_JSON_OPTIONS)
            for query in mongodb.of_sessions(trace)
            for document in collection.find(query)
        )
        yield f"mongodb/{collection.full_name}", lines


def _served(
    connection: "psycopg.Connection[Any]", trace: Trace
) -> Iterator[tuple[str, Iterator[str]]]:
    for table in postgres.naming(connection, trace):
        place = f"{table.schema}.{table.table}"
        if place.startswith(NOT_GIVEN):
            continue
        query = sql.SQL("SELECT * FROM {} WHERE {}").format(table.place, table.rows)
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(query, table.given(trace)).fetchall()
        yield f"postgresql/{place}", map(_line, rows)


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, default=_text, ensure_ascii=False)


def _text(value: object) -> str:
    """Texts of ClickHouse come as bytes, because payloads are no UTF-8."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return b64encode(value).decode()
