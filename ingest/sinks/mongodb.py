"""MongoDB as the lander sees it: bulk writes, and owners of duplicates."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.collection import Collection as MongoCollection
from pymongo.errors import (
    BulkWriteError,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from ingest.decode.documents import Document
from ingest.errors import RefusedByStoreError, SettingsError, StoreDownError
from ingest.schema import mongo as schema
from ingest.sinks.interface import Kind, Session, Written
from ingest.sinks.split import parts, write_or_split

COLLECTION = {Kind.EVENTS: schema.EVENTS, Kind.REPLAY: schema.REPLAY_CHUNKS}
DUPLICATE_KEY = 11000
# A refusal with one of these codes is about the server or the login: wait, no document is to blame.
PASSING_CODES = frozenset(
    {6, 7, 11, 13, 18, 43, 46, 50, 63, 64, 89, 91, 100, 112, 133, 150, 189, 202, 211, 225, 234}
    | {246, 262, 317, 358, 384, 391, 9001, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031}
)
# The embedded server passes on SQLite's troubles and its refusals under one code for all.
UNKNOWN_ERROR = 8
PASSING_TEXTS = ("locked", "disk", "readonly", "unable to open", "out of memory", "closed", "busy")
# What a client refuses to encode; never sent.
UNENCODABLE = (BSONError, DocumentTooLarge, OverflowError, UnicodeError, RecursionError)
MIN_CHUNK = 500  # documents for one writer; fewer are not worth a thread
# Ids named in one command: MongoDB takes 16 MiB, some hundred thousand of them.
LOOKUP_CHUNK = 1000


def document_id(project_id: str, event_id: str) -> str:
    """The `_id` of an event's document: the project leads, and owners are found by primary key."""
    return f"{project_id}:{event_id}"


def connect(uri: str, **options: Any) -> "MongoClient[Document]":
    """Does not wait for the server; times come back in UTC. SettingsError when `uri` is none.

    A write is answered when a majority of the servers has it on disk: the spool then forgets it.
    """
    try:
        return MongoClient(
            uri,
            tz_aware=True,
            w="majority",
            journal=True,
            serverSelectionTimeoutMS=5_000,
            connectTimeoutMS=5_000,
            socketTimeoutMS=60_000,
            **options,
        )
    except PyMongoError as error:
        raise SettingsError(f"HXI_MONGODB_URI cannot be used: {error}") from error


class MongoSink:
    """A DocumentStore on a server that `ingest.schema.mongo` has prepared."""

    def __init__(self, client: "MongoClient[Document]", writers: int = 1) -> None:
        """`writers` share the documents of one call; calls side by side wait for no other's."""
        self._client = client
        self._writers = writers

    def insert(self, kind: Kind, documents: Sequence[Document]) -> Written:
        """Each document gets the `_id` of its event."""
        for document in documents:
            document["_id"] = document_id(document["projectId"], document["eventId"])
        size = max(MIN_CHUNK, -(-len(documents) // self._writers))
        starts = range(0, len(documents), size)
        collection = COLLECTION[kind].of(self._client)
        if len(starts) <= 1:
            return _insert(collection, documents)
        with ThreadPoolExecutor(len(starts), thread_name_prefix="mongodb") as pool:
            chunks = pool.map(lambda at: _insert(collection, documents[at : at + size]), starts)
        written = Written()
        for at, chunk in zip(starts, chunks, strict=True):
            written.owners.update((at + index, owner) for index, owner in chunk.owners.items())
            written.refused.update((at + index, why) for index, why in chunk.refused.items())
        return written

    def delete(self, kind: Kind, documents: Sequence[Document]) -> None:
        """Only copies of the document's own batch go."""
        by_batch: dict[str, list[str]] = defaultdict(list)
        for document in documents:
            key = document_id(document["projectId"], document["eventId"])
            by_batch[document["batchId"]].append(key)
        collection = COLLECTION[kind].of(self._client)
        with translated():
            for batch_id, ids in by_batch.items():
                for chunk in parts(ids, LOOKUP_CHUNK):
                    collection.delete_many({"_id": {"$in": chunk}, "batchId": batch_id})

    def erase(self, session: Session) -> None:
        """From every collection, derived ones too."""
        with translated():
            for spec in schema.COLLECTIONS:
                spec.of(self._client).delete_many(of_session(session))

    def batches_of(self, session: Session) -> list[tuple[Kind, str]]:
        """One for each event or replay payload."""
        with translated():
            return [
                (kind, document["batchId"])
                for kind in Kind
                for document in COLLECTION[kind]
                .of(self._client)
                .find(of_session(session), {"batchId": 1})
            ]

    def ping(self) -> None:
        """StoreDownError when the server does not answer."""
        with translated():
            self._client.admin.command("ping")


def of_session(session: Session) -> Document:
    """A filter; the written-out $eq lets the embedded server use its index."""
    project_id, session_id = session
    return {"projectId": {"$eq": project_id}, "sessionId": {"$eq": session_id}}


def _insert(collection: "MongoCollection[Document]", documents: Sequence[Document]) -> Written:
    written = Written()

    def write(indexes: Sequence[int]) -> None:
        errors = _insert_many(collection, [documents[index] for index in indexes])
        for error in errors:
            index = indexes[error["index"]]
            if error["code"] == DUPLICATE_KEY:
                duplicates.add(index)
            elif _is_passing(error["code"], error["errmsg"]):
                raise StoreDownError(f"MongoDB: {error['errmsg']}")
            else:
                written.refused[index] = str(error["errmsg"])

    duplicates: set[int] = set()
    indexes = range(len(documents))
    written.refused.update(write_or_split(write, indexes))
    owners = _owners(collection, [documents[index]["_id"] for index in duplicates])
    for index in indexes:
        if index in written.refused:
            continue
        if index not in duplicates:
            written.owners[index] = documents[index]["batchId"]
        elif (owner := owners.get(documents[index]["_id"])) is not None:
            written.owners[index] = owner
        else:
            _insert_again(collection, documents[index], index, written)
    return written


def _insert_again(
    collection: "MongoCollection[Document]", document: Document, index: int, written: Written
) -> None:
    """A duplicate key without an owner: the owner was erased meanwhile, or another key is meant."""
    errors = _insert_many(collection, [document])
    if not errors:
        written.owners[index] = document["batchId"]
    elif _is_passing(errors[0]["code"], errors[0]["errmsg"]):
        raise StoreDownError(f"MongoDB: {errors[0]['errmsg']}")
    elif (owner := _owners(collection, [document["_id"]]).get(document["_id"])) is not None:
        written.owners[index] = owner
    else:
        written.refused[index] = str(errors[0]["errmsg"])


def _insert_many(
    collection: "MongoCollection[Document]", documents: list[Document]
) -> list[dict[str, Any]]:
    """The errors of single documents."""
    try:
        with translated():
            collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if error.details["writeConcernErrors"]:
            raise StoreDownError(f"MongoDB: {error.details['writeConcernErrors'][0]}") from error
        errors: list[dict[str, Any]] = error.details["writeErrors"]
        return errors
    return []


def _owners(collection: "MongoCollection[Document]", ids: list[str]) -> dict[str, str]:
    """Document to the batch that brought it."""
    owners: dict[str, str] = {}
    for chunk in parts(ids, LOOKUP_CHUNK):
        with translated():
            found = collection.find({"_id": {"$in": chunk}}, {"batchId": 1})
            owners |= {document["_id"]: document["batchId"] for document in found}
    return owners


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors to StoreError; the errors of single documents stay as they are."""
    try:
        yield
    except BulkWriteError:
        raise
    except UNENCODABLE as error:
        raise RefusedByStoreError(f"MongoDB cannot hold it: {error}") from error
    except OperationFailure as error:
        is_passing = isinstance(error, WriteConcernError) or _is_passing(error.code, str(error))
        kind = StoreDownError if is_passing else RefusedByStoreError
        raise kind(f"MongoDB: {error}") from error
    except PyMongoError as error:
        raise StoreDownError(f"MongoDB does not answer: {error}") from error


def _is_passing(code: int | None, text: str) -> bool:
    if code in (None, UNKNOWN_ERROR):
        return any(word in text.lower() for word in PASSING_TEXTS)
    return code in PASSING_CODES
