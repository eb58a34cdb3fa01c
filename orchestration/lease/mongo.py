"""MongoDB under a run's lease: each call that writes asks first whether the lease is held."""

from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

TIMEOUT_MS = 10_000

Document = dict[str, Any]
WRITES = (
    *("insert_one", "insert_many", "bulk_write", "replace_one", "update_one", "update_many"),
    *("delete_one", "delete_many"),
)


class FencedMongo(MongoClient[Document]):
    """`check` raises when the lease is lost."""

    check: Callable[[], None]

    def __getitem__(self, name: str) -> Database[Document]:
        """A database whose collections check the lease."""
        return _Database(self, name)


class _Database(Database[Document]):
    def __getitem__(self, name: str) -> Collection[Document]:
        return _Collection(self, name)


class _Collection(Collection[Document]):
    def __getattribute__(self, name: str) -> Any:
        if name in WRITES:
            client = self.database.client
            assert isinstance(client, FencedMongo)  # noqa: S101 - it made this
            client.check()
        return super().__getattribute__(name)


def fenced_mongo(uri: str, check: Callable[[], None]) -> FencedMongo:
    """Times come back with their zone. The caller closes."""
    client = FencedMongo(uri, tz_aware=True, serverSelectionTimeoutMS=TIMEOUT_MS)
    client.check = check
    return client
