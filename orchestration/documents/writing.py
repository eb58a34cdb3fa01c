"""Removes and inserts the documents of sessions, slice by slice."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from clickhouse_connect.driver.client import Client
from pymongo import DeleteMany, MongoClient, ReplaceOne, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from ingest.sinks.interface import Session
from ingest.sinks.mongodb import DUPLICATE_KEY, of_session
from orchestration.documents.collection import Derived, Document

# Blocks under way: while one is inserted, the next is made. The embedded server loses by a third;
# beside a publish a second takes from that more than it gives.
WRITERS, WRITERS_BESIDE = 2, 1
# Sessions read by one query: a query must not last as long as MongoDB takes to write it all.
SLICE = 1_000
CHUNK = 5_000  # documents in one insert: the embedded server writes a page of an index once for all
CHUNK_BYTES = 4 << 20  # their payloads, as text
BLOCK_ROWS = 1_000

Mongo = MongoClient[dict[str, Any]]


def write(
    client: Client, mongo: Mongo, derived: Derived, sessions: str, count: int, writers: int
) -> int:
    """Insert the documents of `sessions`, a query of so many; returns how many documents.

    Memory is bounded by a few chunks. A document that is there under the same id is replaced.
    """
    put = partial(_set if derived.is_of_record else _insert, derived.spec.of(mongo))
    # Few are one slice, whichever they are.
    slices = _slices(client, sessions) if count > SLICE else iter([[]])
    rows = (row for some in slices for row in _rows(client, derived, sessions, some))
    written, under_way = 0, deque[Future[int]]()
    with ThreadPoolExecutor(writers, thread_name_prefix="documents") as pool:
        for chunk in _chunks(derived, rows):
            if len(under_way) == writers:
                written += under_way.popleft().result()
            under_way.append(pool.submit(put, chunk))
        return written + sum(one.result() for one in under_way)


def clear(mongo: Mongo, derived: Derived) -> None:
    """Delete all that is derived; of documents of record, the fields."""
    collection = derived.spec.of(mongo)
    if derived.is_of_record:
        fields = dict.fromkeys(derived.sets, "")
        collection.update_many({name: {"$exists": True} for name in fields}, {"$unset": fields})
    else:
        collection.delete_many(derived.ours)


def remove(client: Client, mongo: Mongo, derived: Derived, sessions: str, only: Document) -> None:
    """Delete the documents of `sessions`, a query, as far as they are `only`."""
    collection = derived.spec.of(mongo)
    for some in _slices(client, sessions):
        deletes = [DeleteMany({**of_session(session), **only}) for session in some]
        collection.bulk_write(deletes, ordered=False)


def _slices(client: Client, sessions: str) -> Iterator[list[Session]]:
    """In the order of the keys of tables; the next is asked for when the one before is done."""
    after = ("", "00000000-0000-0000-0000-000000000000")
    while True:
        found = client.query(
            f"SELECT project_id, toString(session_id) FROM ({sessions})"
            " WHERE (project_id, session_id) > ({project:String}, {session:UUID})"
            f" ORDER BY project_id, session_id LIMIT {SLICE}",
            parameters={"project": after[0], "session": after[1]},
        ).result_rows
        some = [(str(project), str(session)) for project, session in found]
        if not some:
            return
        yield some
        if len(some) < SLICE:
            return
        after = some[-1]


def _rows(
    client: Client, derived: Derived, sessions: str, some: Sequence[Session]
) -> Iterator[Mapping[str, Any]]:
    """The rows of a slice of `sessions`; `some` is empty for the only one."""
    only, parameters = f"(project_id, session_id) IN ({sessions})", {}
    if some:
        (p0, s0), (p1, s1) = some[0], some[-1]
        only += (
            " AND (project_id, session_id) >= ({p0:String}, {s0:UUID})"
            " AND (project_id, session_id) <= ({p1:String}, {s1:UUID})"
        )
        parameters = {"p0": p0, "s0": s0, "p1": p1, "s1": s1}
    with client.query_row_block_stream(
        "SELECT * REPLACE (toString(session_id) AS session_id)"
        f" FROM ({derived.rows.replace('{only}', only)})",
        parameters=parameters,
        settings={"max_block_size": BLOCK_ROWS},
    ) as blocks:
        names = blocks.source.column_names
        for block in blocks:
            for row in block:
                yield dict(zip(names, row, strict=True))


def _chunks(derived: Derived, rows: Iterator[Mapping[str, Any]]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    size = 0
    for row in rows:
        chunk.append(derived.document(row))
        size += len(row[derived.size]) if derived.size else 0
        if len(chunk) >= CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _set(collection: "Collection[Document]", documents: list[Document]) -> int:
    """One that is no longer there stays away."""
    collection.bulk_write(
        [UpdateOne({"_id": one.pop("_id")}, {"$set": one}) for one in documents], ordered=False
    )
    return len(documents)


def _insert(collection: "Collection[Document]", documents: list[Document]) -> int:
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        errors = error.details["writeErrors"]
        if any(one["code"] != DUPLICATE_KEY for one in errors):
            raise
        twice = [documents[one["index"]] for one in errors]
        collection.bulk_write(
            [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in twice], ordered=False
        )
    return len(documents)
