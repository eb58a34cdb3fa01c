"""MongoDB: every collection of the warehouse's databases, documents of record and derived ones."""

from collections.abc import Iterator
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from ingest.schema import mongo as schema
from ingest.sinks.mongodb import translated
from orchestration.erasure.trace import Trace

Document = dict[str, Any]
Mongo = MongoClient[Document]
# Where documents name a user; of `metadata`, what `identify` says.
USER_FIELDS = ("userId", "metadata.identify.userId")


def collections(mongo: Mongo) -> Iterator[Collection[Document]]:
    """Whoever made them."""
    for name in sorted({spec.database for spec in schema.COLLECTIONS}):
        database = mongo[name]
        for collection in sorted(database.list_collection_names()):
            yield database[collection]


def count(mongo: Mongo, trace: Trace) -> int:
    """Documents of the sessions."""
    return sum(
        collection.count_documents(query)
        for collection in collections(mongo)
        for query in of_sessions(trace)
    )


def delete(mongo: Mongo, trace: Trace) -> None:
    """Those of the sessions, and what names the user."""
    with translated():
        for collection in collections(mongo):
            for query in (*of_sessions(trace), *_of_user(trace)):
                collection.delete_many(query)


def search(mongo: Mongo, trace: Trace) -> dict[str, int]:
    """Documents by collection and what they were found by."""
    found: dict[str, int] = {}
    with translated():
        for collection in collections(mongo):
            for query in (*of_sessions(trace), *_of_user(trace)):
                if number := collection.count_documents(query):
                    place = f"{collection.full_name}.{[*query][1]}"
                    found[place] = found.get(place, 0) + number
    return found


def of_sessions(trace: Trace) -> Iterator[Document]:
    """Filters; the written-out $eq lets the embedded server use its index."""
    for session in trace.sessions:
        yield {"projectId": {"$eq": trace.project_id}, "sessionId": {"$eq": session}}


def _of_user(trace: Trace) -> Iterator[Document]:
    if trace.user_id:
        for field in USER_FIELDS:
            yield {"projectId": {"$eq": trace.project_id}, field: {"$eq": trace.user_id}}
