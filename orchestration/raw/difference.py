"""Where MongoDB and raw differ: counts first, then ids of single events, in bounded memory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from ingest.decode.documents import Document
from ingest.sinks.clickhouse import ClickHouseSink
from ingest.sinks.interface import Kind, Session
from ingest.sinks.mongodb import (
    COLLECTION,
    LOOKUP_CHUNK,
    document_id,
    of_session,
    translated,
)
from ingest.sinks.split import parts

Mongo = MongoClient[dict[str, Any]]
Count = tuple[str, int]
# Sessions whose ids are compared at once.
SESSIONS = 200


@dataclass(frozen=True, slots=True)
class SessionDifference:
    """Events with a document but no row (and their batch), and with a row but no document."""

    session: Session
    missing: dict[str, str]
    surplus: list[str]


def differences(
    mongo: Mongo, rows: ClickHouseSink, kind: Kind, project_id: str | None = None
) -> Iterator[SessionDifference]:
    """Sessions whose number of events differs.

    All projects are looked at unless one is named, and then only if the stores' totals differ.
    MongoDB is always read first: what lands meanwhile shows as missing at worst, and a row that
    came after its session was read is not surplus.
    """
    collection = COLLECTION[kind].of(mongo)
    projects = [project_id] if project_id else _projects(collection, rows, kind)
    for project in projects:
        documents = _documents_by_session(collection, project)
        landed = _rows_by_session(rows, kind, project)
        unequal = _unequal(documents, landed)
        while some := list(islice(unequal, SESSIONS)):
            yield from _compare(collection, rows, kind, project, some)


def _projects(collection: "Collection[Document]", rows: ClickHouseSink, kind: Kind) -> list[str]:
    """Projects whose number of events differs."""
    with translated():
        total = collection.estimated_document_count()
    query = f"SELECT project_id, count() FROM raw.{kind.value} FINAL GROUP BY project_id"
    landed = {str(project_id): int(count) for project_id, count in rows.rows(query)}
    if total == sum(landed.values()):
        return []
    with translated():
        projects = sorted({*collection.distinct("projectId"), *landed})
        return [
            project_id
            for project_id in projects
            if _documents_of(collection, project_id) != landed.get(project_id, 0)
        ]


def _documents_of(collection: "Collection[Document]", project_id: str) -> int:
    # The count command: the embedded server answers count_documents by reading every document.
    query = {"projectId": {"$eq": project_id}}
    answer = collection.database.command("count", collection.name, query=query)
    return int(answer["n"])


def _documents_by_session(collection: "Collection[Document]", project_id: str) -> Iterator[Count]:
    """In the order of session ids."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"projectId": project_id}},
        {"$group": {"_id": "$sessionId", "n": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    with translated(), collection.aggregate(pipeline, allowDiskUse=True) as cursor:
        for group in cursor:
            yield group["_id"], int(group["n"])


def _rows_by_session(rows: ClickHouseSink, kind: Kind, project_id: str) -> Iterator[Count]:
    """In the order of session ids."""
    yield from rows.stream(
        f"SELECT toString(session_id) AS session, count() FROM raw.{kind.value} FINAL"
        " WHERE project_id = %(project)s GROUP BY session ORDER BY session",
        {"project": project_id},
    )


def _unequal(left: Iterable[Count], right: Iterable[Count]) -> Iterator[str]:
    """Sessions that are not in both with one count; both sides are in order."""
    negative = ((session_id, -count) for session_id, count in right)
    both = merge(left, negative, key=itemgetter(0))
    for session_id, counts in groupby(both, key=itemgetter(0)):
        if sum(count for _, count in counts):
            yield session_id


def _compare(
    collection: "Collection[Document]",
    rows: ClickHouseSink,
    kind: Kind,
    project_id: str,
    session_ids: Sequence[str],
) -> Iterator[SessionDifference]:
    documents = {
        session_id: _batch_of_each(collection, (project_id, session_id))
        for session_id in session_ids
    }
    landed: dict[str, set[str]] = defaultdict(set)
    for session_id, event_id in rows.rows(
        f"SELECT DISTINCT toString(session_id), toString(event_id) FROM raw.{kind.value}"
        " WHERE project_id = %(project)s AND session_id IN %(sessions)s",
        {"project": project_id, "sessions": session_ids},
    ):
        landed[session_id].add(event_id)
    for session_id, batches in documents.items():
        here = landed[session_id]
        missing = {event_id: batch for event_id, batch in batches.items() if event_id not in here}
        surplus = _still_without(collection, project_id, sorted(here - batches.keys()))
        if missing or surplus:
            yield SessionDifference((project_id, session_id), missing, surplus)


def _batch_of_each(collection: "Collection[Document]", session: Session) -> dict[str, str]:
    with translated():
        found = collection.find(of_session(session), {"eventId": 1, "batchId": 1})
        return {document["eventId"]: document["batchId"] for document in found}


def _still_without(
    collection: "Collection[Document]", project_id: str, event_ids: Sequence[str]
) -> list[str]:
    """Those that have no document now: some may have come since the documents were read."""
    ids = {document_id(project_id, event_id): event_id for event_id in event_ids}
    kept: set[str] = set()
    for chunk in parts(list(ids), LOOKUP_CHUNK):
        with translated():
            found = collection.find({"_id": {"$in": chunk}}, {"_id": 1})
            kept |= {document["_id"] for document in found}
    return [event_id for key, event_id in ids.items() if key not in kept]
