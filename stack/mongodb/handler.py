"""nx-27017's handler with our inserts, reads and deletes, and with every write synced."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from neosqlite import Connection
from neosqlite._sqlite import sqlite3
from nx_27017.handler import NeoSQLiteHandler
from nx_27017.wire_protocol import MAX_BSON_DOCUMENT_SIZE

from stack.mongodb import inserts
from stack.mongodb.errors import UNKNOWN, MongoError, bad_value
from stack.mongodb.projection import projected
from stack.mongodb.reading import Table
from stack.mongodb.stages import ordered, run
from stack.mongodb.values import MISSING, Document, key

Reply = dict[str, Any]
VERSION = [7, 0, 0, 0]
# By SQLite's own (2 MB, 4 MB of log) each block of documents writes the same index pages again.
_TUNED = {"cache_size": -32_768, "wal_autocheckpoint": 4_000}  # KiB kept, pages of 4 KiB
# nx-27017's own: each is one transaction here.
_WRITES = ("update", "findAndModify", "bulkWrite")
_UNTOLD = "this server does not have {}"


class Handler(NeoSQLiteHandler):  # type: ignore[misc] # it has no types
    """Answers rightly or with MongoDB's error; a write is on disk when it is answered."""

    def _open_db_conn(self, db_name: str) -> Connection:
        connection = super()._open_db_conn(db_name)
        connection.db.execute("PRAGMA synchronous = FULL")
        for name, value in _TUNED.items():
            connection.db.execute(f"PRAGMA {name} = {value}")
        return connection

    def _apply_write_concern(self, db: Connection, db_name: str, write_concern: Any) -> None:
        """A weaker wish changes nothing: the next writer may have a stronger one."""

    def handle_insert(self, msg: dict[str, Any]) -> tuple[int, Reply]:
        """All documents of a command in one transaction."""
        body, sequences = _parts(msg)
        documents = [*body.get("documents", []), *sequences.get("documents", [])]
        name = body.get("insert")
        if not isinstance(name, str) or self._is_gridfs_collection(name):
            return super().handle_insert(msg)  # type: ignore[no-any-return] # no types
        return self._answered(
            msg, body, lambda db: self._insert(db, body, documents, _place(body, name))
        )

    def handle_command(self, msg: dict[str, Any]) -> tuple[int, Reply]:
        """Ours where there is one, else nx-27017's."""
        body, sequences = _parts(msg)
        body = {**body, **{name: one for name, one in sequences.items() if name not in body}}
        command = next(iter(body), "")
        ours = self._ours(command, body)
        if ours is not None:
            return self._answered(msg, body, ours)
        if command == "update" and not all(map(_by_id, body["updates"])):
            return self._answered(msg, body, lambda db: self._update(db, msg, body))
        if command in _WRITES:
            return self._answered(msg, body, lambda db: self._inherited(db, msg))
        return super().handle_command(msg)  # type: ignore[no-any-return] # no types

    def _ours(self, command: str, body: Document) -> Callable[[Connection], Reply] | None:
        if body.get("startTransaction") or body.get("autocommit") is False:
            return _refusal(20, "Transaction numbers are only allowed on a replica set member")
        if command in ("buildInfo", "buildinfo"):
            return lambda _: _build_info()
        if command == "create" and ("viewOn" in body or "timeseries" in body):
            return _refusal(115, _UNTOLD.format("views or time series"))
        answer = _ANSWERS.get(command)
        name = body.get(command)
        if answer is None or not isinstance(name, str) or self._is_gridfs_collection(name):
            return _refusal(115, _UNTOLD.format("it")) if answer and name == 1 else None
        if command == "aggregate" and _is_inherited(body):
            return None
        return lambda db: answer(db, name, body)

    def _answered(
        self, msg: dict[str, Any], body: Document, answer: Callable[[Connection], Reply]
    ) -> tuple[int, Reply]:
        """Under the database's lock; every error is told with a code."""
        database = str(body.get("$db", "test"))
        try:
            with self._lock_for(database):
                reply = answer(self.get_database(database))
        except MongoError as error:
            reply = error.reply()
        except sqlite3.Error as error:  # full or broken disks, which clients wait for
            reply = MongoError(UNKNOWN, str(error)).reply()
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            reply = bad_value(f"not understood: {type(error).__name__} {error}").reply()
        if reply.get("ok") and "_cursor" in reply:
            reply = self._cursor(msg, body, reply["_cursor"], database)
        return msg["request_id"], reply

    def _cursor(
        self, msg: dict[str, Any], body: Document, documents: list[Document], database: str
    ) -> Reply:
        place = f"{database}.{body[next(iter(body))]}"
        size = self._first_batch_size(body)
        owner = msg.get("_conn_id")
        first, number = self._split_first_batch(documents, size, place, database, owner=owner)
        return {"ok": 1, "cursor": {"id": number, "ns": place, "firstBatch": first}}

    def _inherited(self, db: Connection, msg: dict[str, Any]) -> Reply:
        with inserts.transaction(db.db):
            reply: Reply = super().handle_command(msg)[1]
        return reply

    def _update(self, db: Connection, msg: dict[str, Any], body: Document) -> Reply:
        """Which documents is decided here, what becomes of them by nx-27017, one by one."""
        reply: Reply = {"ok": 1, "n": 0, "nModified": 0, "upserted": [], "writeErrors": []}
        table = Table(db[body["update"]])
        with inserts.transaction(db.db):
            for index, update in enumerate(body["updates"]):
                for one in _by_ids(table, update):
                    section = ("body", {**body, "updates": [one]})
                    told = super().handle_command({**msg, "sections": [section]})[1]
                    reply["n"] += told["n"]
                    reply["nModified"] += told["nModified"]
                    for name in ("upserted", "writeErrors"):
                        reply[name] += [{**each, "index": index} for each in told.get(name, [])]
                if reply["writeErrors"] and body.get("ordered", True):
                    break
        return {name: one for name, one in reply.items() if one != []}

    def _insert(
        self, db: Connection, body: Document, documents: list[Document], place: str
    ) -> Reply:
        name = body["insert"]
        is_ordered = bool(body.get("ordered", True))
        with inserts.transaction(db.db):
            if name not in db.list_collection_names():
                db[name].create()
            table = Table(db[name]).name
            errors = inserts.insert(db.db, table, documents, ordered=is_ordered, place=place)
        tried = errors[-1]["index"] + 1 if errors and is_ordered else len(documents)
        reply: Reply = {"ok": 1, "n": tried - len(errors)}
        return {**reply, "writeErrors": errors} if errors else reply


def _parts(msg: dict[str, Any]) -> tuple[Document, dict[str, list[Document]]]:
    """The command, and the documents that came beside it, by their name in it."""
    body: Document = {}
    sequences: dict[str, list[Document]] = {}
    for kind, content in msg["sections"]:
        if kind == "body":
            body = content
        elif kind == "payload":
            sequences |= content
    return body, sequences


def _place(body: Document, name: str) -> str:
    return f"{body.get('$db', 'test')}.{name}"


def _by_id(update: Document) -> bool:
    """nx-27017 finds by a text `_id` rightly; a positional operator needs the filter as it is."""
    is_positional = ".$" in str(update["u"])
    return is_positional or (update["q"].keys() == {"_id"} and isinstance(update["q"]["_id"], str))


def _by_ids(table: Table, update: Document) -> list[Document]:
    """One update for each document it changes; itself where it may have to insert one."""
    if _by_id(update):
        return [update]
    _refuse_options(update, "collation")
    found = [document["_id"] for _, document in table.find(update["q"])]
    if not found:
        return [update] if update.get("upsert") else []
    one = {**update, "multi": False, "upsert": False}
    return [{**one, "q": {"_id": each}} for each in (found if update.get("multi") else found[:1])]


def _refusal(code: int, message: str) -> Callable[[Connection], Reply]:
    return lambda _: MongoError(code, message).reply()


def _is_inherited(body: Document) -> bool:
    """Streams of changes and lists of search indexes are nx-27017's."""
    stages = [stage for stage in body.get("pipeline", []) if isinstance(stage, dict)]
    return any("$changeStream" in one or "$listSearchIndexes" in one for one in stages)


def _build_info() -> Reply:
    return {
        "version": ".".join(map(str, VERSION[:3])),
        "versionArray": VERSION,
        "gitVersion": "nx-27017",
        "modules": [],
        "bits": 64,
        "debug": False,
        "maxBsonObjectSize": MAX_BSON_DOCUMENT_SIZE,
        "ok": 1,
    }


def _aggregate(db: Connection, name: str, body: Document) -> Reply:
    _refuse_options(body, "collation", "let", "explain")
    pipeline = body["pipeline"]
    return {"ok": 1, "_cursor": list(run(pipeline, Table(db[name]).pipeline_input(pipeline)))}


def _find(db: Connection, name: str, body: Document) -> Reply:
    _refuse_options(body, "collation", "let", "min", "max", "returnKey", "showRecordId", "tailable")
    wanted = body.get("filter") or {}
    found: Iterable[Document] = (document for _, document in Table(db[name]).find(wanted))
    if body.get("sort"):
        found = ordered(body["sort"], found)
    start, limit = int(body.get("skip") or 0), abs(int(body.get("limit") or 0))
    found = islice(found, start, start + limit if limit else None)
    if body.get("projection"):
        found = map(projected(body["projection"]), found)
    return {"ok": 1, "_cursor": list(found)}


def _count(db: Connection, name: str, body: Document) -> Reply:
    _refuse_options(body, "collation")
    count = Table(db[name]).count(body.get("query") or {})
    start, limit = int(body.get("skip") or 0), abs(int(body.get("limit") or 0))
    count = max(count - start, 0)
    return {"ok": 1, "n": min(count, limit) if limit else count}


def _distinct(db: Connection, name: str, body: Document) -> Reply:
    _refuse_options(body, "collation")
    path = str(body["key"])
    found: dict[Any, Any] = {}
    for value in Table(db[name]).values(path, body.get("query") or {}):
        for one in value if isinstance(value, list) else [value]:
            found.setdefault(key(one), one)
    found.pop(key(MISSING), None)
    return {"ok": 1, "values": list(found.values())}


def _delete(db: Connection, name: str, body: Document) -> Reply:
    table = Table(db[name])
    deleted = 0
    with inserts.transaction(db.db):
        for one in body["deletes"]:
            _refuse_options(one, "collation")
            if not one["q"] and not one.get("limit"):
                deleted += table.clear()
                continue
            numbers = table.numbers(one["q"])
            some = numbers[:1] if one.get("limit") else numbers
            statement = f"DELETE FROM {table.name} WHERE id = ?"
            db.db.executemany(statement, [(number,) for number in some])
            deleted += len(some)
    return {"ok": 1, "n": deleted}


def _refuse_options(body: Document, *names: str) -> None:
    for name in names:
        if body.get(name):
            raise MongoError(115, _UNTOLD.format(f"the option '{name}'"))


_ANSWERS: dict[str, Callable[[Connection, str, Document], Reply]] = {
    "aggregate": _aggregate,
    "count": _count,
    "delete": _delete,
    "distinct": _distinct,
    "find": _find,
}
