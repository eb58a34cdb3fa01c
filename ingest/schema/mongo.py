"""MongoDB's collections, indexes and validators, made before anything lands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

Document = dict[str, Any]
Keys = Sequence[tuple[str, int]]

PROJECT, SESSION, EVENT = ("projectId", ASCENDING), ("sessionId", ASCENDING), ("eventId", ASCENDING)


@dataclass(frozen=True)
class CollectionSpec:
    """One collection; `unique` and `indexes` are keys, each led by the project."""

    database: str
    name: str
    unique: tuple[Keys, ...] = ()
    indexes: tuple[Keys, ...] = ()
    validator: Document | None = None

    def of(self, client: "MongoClient[Document]") -> "Collection[Document]":
        """The collection on a server."""
        return client[self.database][self.name]


EVENTS = CollectionSpec(
    "hxi_events_db",
    "events",
    unique=((PROJECT, EVENT),),
    indexes=(
        (PROJECT, SESSION),
        (PROJECT, ("type", ASCENDING)),
        (PROJECT, ("screen", ASCENDING)),
        (PROJECT, ("timestamp", DESCENDING)),
    ),
    validator={
        "$jsonSchema": {
            "bsonType": "object",
            "required": ["projectId", "eventId", "sessionId", "type", "timestamp"],
            "properties": {
                "projectId": {"bsonType": "string"},
                "eventId": {"bsonType": "string"},
                "sessionId": {"bsonType": "string"},
                "type": {"bsonType": "string"},
                "timestamp": {"bsonType": "date"},
                "metadata": {"bsonType": ["object", "null"]},
            },
        }
    },
)
SESSIONS = CollectionSpec(
    "hxi_session_db",
    "sessions",
    unique=((PROJECT, SESSION),),
    indexes=((PROJECT, ("userId", ASCENDING)), (PROJECT, ("startedAt", DESCENDING))),
)
# The chunk index is a rank that later chunks move, so it cannot be a unique key; the event is.
REPLAY_CHUNKS = CollectionSpec(
    "hxi_session_db",
    "replay_chunks",
    unique=((PROJECT, EVENT),),
    indexes=((PROJECT, SESSION, ("chunkIndex", ASCENDING)),),
)
SESSION_EVENTS = CollectionSpec(
    "hxi_session_db", "session_events", indexes=((PROJECT, SESSION, ("ts", ASCENDING)),)
)
JOURNEYS = CollectionSpec("hxi_journey_db", "journeys", indexes=((PROJECT, SESSION),))
EMOTION_PREDICTIONS = CollectionSpec(
    "hxi_emotion_db",
    "emotion_predictions",
    # By source, those of outside models are found among ours; with the session behind it, for the
    # embedded server would take an index of the source alone to find one session's of ours.
    indexes=(
        (PROJECT, SESSION, ("timestamp", DESCENDING)),
        (("source", ASCENDING), PROJECT, SESSION),
    ),
)
HEATMAPS = CollectionSpec(
    "hxi_heatmap_db",
    "heatmaps",
    indexes=((PROJECT, ("screen", ASCENDING)), (PROJECT, SESSION)),
)
# Written by ingest; the others by the pipeline, of what it made of these.
RECORDS = (EVENTS, REPLAY_CHUNKS)
# Every collection that holds something of a session.
COLLECTIONS = (*RECORDS, SESSIONS, SESSION_EVENTS, JOURNEYS, EMOTION_PREDICTIONS, HEATMAPS)


def prepare(client: "MongoClient[Document]") -> None:
    """Make what is missing; safe to repeat, and beside a running ingest."""
    for spec in COLLECTIONS:
        _make(client[spec.database], spec)
        index(client, spec)


def index(client: "MongoClient[Document]", spec: CollectionSpec) -> None:
    """Make the collection's indexes where they are missing."""
    collection = spec.of(client)
    for keys in spec.unique:
        collection.create_index(list(keys), unique=True)
    for keys in spec.indexes:
        collection.create_index(list(keys))


def _make(database: "Database[Document]", spec: CollectionSpec) -> None:
    if spec.name not in database.list_collection_names():
        database.create_collection(spec.name)
    if spec.validator:
        database.command({"collMod": spec.name, "validator": spec.validator})
