"""Inserts: one transaction for a command, synced to disk before it is answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import ObjectId
from neosqlite._sqlite import sqlite3

from stack.mongodb.errors import BAD_VALUE, DUPLICATE_KEY
from stack.mongodb.storage import encode
from stack.mongodb.values import Document

WriteError = dict[str, Any]


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Synced at the end (`synchronous = FULL`); undone by an error."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        if not db.in_transaction:  # SQLite undoes it itself when the disk is full
            raise sqlite3.OperationalError("the disk refused a transaction")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def insert(
    db: sqlite3.Connection, table: str, documents: list[Document], *, ordered: bool, place: str
) -> list[WriteError]:
    """Within a transaction; a document that is refused leaves the others as they are.

    `place` is the collection's name with its database, for messages.
    """
    statement = f"INSERT INTO {table} (data, _id) VALUES (?, ?)"
    errors: list[WriteError] = []
    for index, document in enumerate(documents):
        error = _insert_one(db, statement, document, place)
        if error is not None:
            errors.append({"index": index, **error})
            if ordered:
                break
    return errors


def _insert_one(
    db: sqlite3.Connection, statement: str, document: Document, place: str
) -> WriteError | None:
    if document.get("_id") is None:
        document = {"_id": ObjectId(), **document}
    try:
        db.execute(statement, (encode(document), str(document["_id"])))
    except sqlite3.IntegrityError as error:
        return duplicate(place, str(error))
    except (TypeError, ValueError, RecursionError, sqlite3.DataError) as error:
        return {"code": BAD_VALUE, "errmsg": str(error)}
    return None


def duplicate(place: str, why: str) -> WriteError:
    """In MongoDB's words; SQLite names the index or the column."""
    index = "_id_" if why.endswith("._id") else why.rpartition("index ")[2].strip("'")
    message = f"E11000 duplicate key error collection: {place} index: {index}"
    return {"code": DUPLICATE_KEY, "errmsg": message}
