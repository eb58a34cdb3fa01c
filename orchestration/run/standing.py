"""Asks again and again in one process whether anything is new, cheaply while nothing moved.

What the last whole question found holds as long as the stores and the rules are as they were when
it was asked: no part of a table came or went, no project was changed, no served session was
touched, no prediction was added, no erasure asked for. What leaves none of these traces (a
prediction that another program changes in place, documents that somebody deletes) waits for the
next whole question.
"""

import time
from collections.abc import Callable
from typing import Any

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client

from ingest.schema.mongo import EMOTION_PREDICTIONS
from orchestration.rebuild.rules import written
from orchestration.run.idle import nothing_is_new
from orchestration.stores.clients import kept_client, short_connection
from orchestration.stores.settings import Settings

WHOLE_QUESTION_SECONDS = 300.0
MONGO_TIMEOUT_MS = 10_000
Traces = tuple[object, ...]

# Parts are never changed, only replaced; views and empty tables have none.
OF_CLICKHOUSE = """
    SELECT
        (SELECT (count(), groupBitXor(sipHash64(database, table, name))) FROM system.parts
         WHERE active AND database IN {databases:Array(String)}),
        (SELECT (count(), groupBitXor(sipHash64(database, name, uuid, metadata_modification_time)))
         FROM system.tables WHERE database IN {databases:Array(String)})"""
DATABASES = ["raw", "ops", "signals", "intermediate", "gosight"]
# The server counts what was written to a table, within a second or so.
OF_POSTGRESQL = """
    SELECT md5(coalesce(string_agg(projects::text, '' ORDER BY id), '')),
        (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::text FROM pg_stat_user_tables
         WHERE (schemaname, relname) IN (('hxi', 'sessions'))),
        (SELECT max(request_id) FROM ops.erasure_requests WHERE done_at IS NULL)
    FROM gosight.projects"""


class Standing:
    """Keeps its connections; after an error from a store they are opened anew."""

    def __init__(self, settings: Settings, ask: Callable[[], bool] = nothing_is_new) -> None:
        self._settings = settings
        self._ask = ask
        self._postgres: psycopg.Connection[Any] | None = None
        self._mongo: pymongo.MongoClient[dict[str, Any]] | None = None
        self._seen: Traces | None = None
        self._asked_at = 0.0

    def nothing_is_new(self) -> bool:
        """As the question of that name, which it asks when there are traces or time is up.

        The lease is taken for the whole question alone.
        """
        try:
            traces = self._traces()
        except Exception:
            self.close()
            raise
        age = time.monotonic() - self._asked_at
        if traces == self._seen and age < WHOLE_QUESTION_SECONDS:
            return True
        self._seen = None
        if not self._ask():
            return False
        self._seen, self._asked_at = traces, time.monotonic()
        return True

    def close(self) -> None:
        """May be used again afterwards."""
        if self._postgres is not None:
            self._postgres.close()
        if self._mongo is not None:
            self._mongo.close()
        self._postgres = self._mongo = None

    def _traces(self) -> Traces:
        return (
            written(),
            _of_clickhouse(kept_client(self._settings.clickhouse_url)),
            self._of_postgresql(),
            self._of_mongodb(),
        )

    def _of_postgresql(self) -> object:
        if self._postgres is None:
            self._postgres = short_connection(self._settings.postgres_dsn)
        return self._postgres.execute(OF_POSTGRESQL).fetchone()

    def _of_mongodb(self) -> int:
        if self._mongo is None:
            self._mongo = pymongo.MongoClient(
                self._settings.mongodb_uri, serverSelectionTimeoutMS=MONGO_TIMEOUT_MS
            )
        return EMOTION_PREDICTIONS.of(self._mongo).estimated_document_count()


def _of_clickhouse(client: Client) -> object:
    return client.query(OF_CLICKHOUSE, parameters={"databases": DATABASES}).result_rows[0]
