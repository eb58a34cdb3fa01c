"""Deletes what an expiry has recorded, by the records alone; every function may be repeated."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg
import pymongo
from clickhouse_connect.driver.client import Client
from psycopg import sql

from ingest.schema import mongo as schema
from ingest.sinks.interface import Kind, Session
from ingest.sinks.mongodb import COLLECTION, LOOKUP_CHUNK, of_session
from ingest.sinks.split import parts
from orchestration.publish.copy import copy_plan
from orchestration.publish.landing import Source
from orchestration.publish.merge import merge_plan
from orchestration.publish.tables import SERVED_TABLES
from orchestration.retention.records import KEY, Expiry, of_expiry
from orchestration.stores.clients import delete_rows

Mongo = pymongo.MongoClient[dict[str, Any]]
Postgres = psycopg.Connection[Any]

# Tables here that have a column session_id are of session or event grain, whoever adds them.
BUILT_DATABASES = ("gosight", "intermediate", "signals")
# Landed beside the events, and gone with the marts that show them.
LANDED_BESIDE = "predictions"
# Served tables that hold recordings; rows that services insert there are theirs.
RECORDINGS = tuple(
    table
    for table in SERVED_TABLES
    if table.name in ("session_replay_chunks", "session_recordings")
)
# Documents of record leave batch by batch with their rows in raw; all others are derived.
RECORDS = tuple(COLLECTION.values())


def delete_documents(client: Client, mongo: Mongo, expiry: Expiry) -> None:
    """Documents of record of the batches that leave. Before their rows: none is landed again."""
    for kind in Kind:
        collection = COLLECTION[kind].of(mongo)
        for session, batches in _batches(client, kind, expiry):
            for chunk in parts(batches, LOOKUP_CHUNK):
                collection.delete_many({**of_session(session), "batchId": {"$in": chunk}})


def delete_raw(client: Client, expiry: Expiry) -> None:
    """Rows of raw of the batches that leave."""
    for kind in Kind:
        delete_rows(
            client,
            f"raw.{kind.value}",
            f"({KEY}, batch_id) IN (SELECT {KEY}, batch_id FROM ops.expired"
            f" WHERE expiry_id = {expiry.expiry_id} AND kind = '{kind.value}')",
        )


def delete_replays(client: Client, postgres: Postgres, expiry: Expiry) -> None:
    """Recordings in the marts; signals.replay_facts stay."""
    sessions = of_expiry("expired_replays", expiry)
    delete_rows(client, "gosight.replay_chunks", f"({KEY}) IN ({sessions})")
    keys = client.query(f"SELECT project_id, toString(session_id) FROM ({sessions})").result_rows
    projects, ids = ([key[at] for key in keys] for at in (0, 1))
    with postgres.transaction():
        # Subscriptions go on counting what was recorded.
        postgres.execute("SET LOCAL hxi.expiring = 'on'")
        for table in RECORDINGS:
            ours = sql.SQL(" AND {} IS NOT NULL").format(sql.Identifier(table.published_mark))
            postgres.execute(
                sql.SQL(
                    "DELETE FROM {} USING unnest(%s::uuid[], %s::text[]) AS gone (project, session)"
                    " WHERE project_id = gone.project AND session_id::text = gone.session{}"
                ).format(
                    sql.Identifier(table.schema, table.name),
                    ours if table.published_mark else sql.SQL(""),
                ),
                (projects, ids),
            )


def delete_marts(client: Client, expiry: Expiry) -> None:
    """Rows of session and event grain, of every table there is; day-grain rows stay."""
    tables = client.query(
        "SELECT DISTINCT concat(c.database, '.', c.table) FROM system.columns AS c"
        " INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table"
        f" WHERE (c.database IN ({', '.join(repr(one) for one in BUILT_DATABASES)})"
        f" OR c.database = 'raw' AND c.table = '{LANDED_BESIDE}')"
        " AND c.name = 'session_id' AND t.engine NOT LIKE '%View' ORDER BY 1"
    ).result_rows
    gone = f"({KEY}) IN ({of_expiry('expired_marts', expiry)})"
    for (table,) in tables:
        delete_rows(client, table, gone)


def unpublish(client: Client, postgres: Postgres, expiry: Expiry, fence: int) -> None:
    """Their rows in every served table, in one transaction, as a publish of sessions without rows.

    Users are derived from the sessions that are left. After `delete_marts`; `fence` is the lease's.
    """
    gone = Source(plan=f"({of_expiry('expired_marts', expiry)})")
    copy_plan(client, postgres, fence, gone)
    merge_plan(postgres, fence)


def delete_derived_documents(client: Client, mongo: Mongo, expiry: Expiry) -> None:
    """Whatever MongoDB holds of these sessions but documents of record."""
    derived = [spec for spec in schema.COLLECTIONS if spec not in RECORDS]
    for project_id, session_id in client.query(
        f"SELECT project_id, toString(session_id) FROM ({of_expiry('expired_marts', expiry)})"
    ).result_rows:
        for spec in derived:
            spec.of(mongo).delete_many(of_session((project_id, session_id)))


def _batches(client: Client, kind: Kind, expiry: Expiry) -> Iterator[tuple[Session, list[str]]]:
    batches: dict[Session, list[str]] = defaultdict(list)
    for project_id, session_id, batch_id in client.query(
        "SELECT DISTINCT project_id, toString(session_id), toString(batch_id) FROM ops.expired"
        f" WHERE expiry_id = {expiry.expiry_id} AND kind = '{kind.value}'"
    ).result_rows:
        batches[project_id, session_id].append(batch_id)
    yield from batches.items()
