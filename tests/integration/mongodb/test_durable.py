"""What the embedded MongoDB has answered is on disk: nothing of it waits for a later write."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.monitoring import CommandListener, CommandStartedEvent

from hxi.admin.endpoints import Endpoints
from ingest.sinks.interface import Kind
from ingest.sinks.mongodb import MongoSink, connect
from stack.embedded import Stack
from stack.mongodb.handler import Handler
from stack.stores import mongodb

Document = dict[str, Any]
FULL = 2  # SQLite's number of `synchronous = FULL`: a commit waits for the disk


class _Inserts(CommandListener):
    """What ingest asks for with its inserts."""

    def __init__(self) -> None:
        self.concerns: list[Any] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "insert":
            self.concerns.append(event.command.get("writeConcern"))

    def succeeded(self, event: Any) -> None:
        pass

    def failed(self, event: Any) -> None:
        pass


def test_a_copy_of_the_folder_at_the_moment_of_the_answer_has_every_document(
    tmp_path: Path,
) -> None:
    """Before kill -9 and after it: the copy is all that a later start may rely on."""
    wanted = []
    with Stack(tmp_path / "stack", environment={}) as stack:
        folder = stack.folder
        stack._start(mongodb.program(folder, stack.ports.mongodb))
        stack.wait_ready()
        with MongoClient[Document](mongodb.uri(stack.ports.mongodb)) as client:
            for number in range(3):
                some = [{"_id": f"{number}:{one}"} for one in range(200)]
                client.copied.some.insert_many(some, ordered=False)
                client.copied.some.update_one({"_id": f"{number}:0"}, {"$set": {"seen": True}})
                client.copied.some.delete_one({"_id": f"{number}:1"})
                wanted += [one["_id"] for one in some if one["_id"] != f"{number}:1"]
                shutil.copytree(folder.store("mongodb"), tmp_path / f"copy{number}")
                assert _ids(tmp_path / f"copy{number}") == sorted(wanted)
            os.kill(stack.pids["mongodb"], signal.SIGKILL)
        assert _ids(folder.store("mongodb")) == sorted(wanted)


def _ids(folder: Path) -> list[str]:
    """As SQLite finds them, without the server."""
    with closing(sqlite3.connect(folder / "copied.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return sorted(str(one) for (one,) in db.execute("SELECT _id FROM some"))


def test_every_database_waits_for_the_disk_whatever_a_client_asks_for(tmp_path: Path) -> None:
    handler = Handler(data_dir=str(tmp_path))
    try:
        body = {"insert": "some", "$db": "weak", "writeConcern": {"w": 0, "j": False}}
        documents = [{"_id": "one"}]
        message = {"request_id": 1, "sections": [("body", {**body, "documents": documents})]}
        assert handler.handle_insert(message) == (1, {"ok": 1, "n": 1})
        db = handler.get_database("weak").db
        assert db.execute("PRAGMA synchronous").fetchone() == (FULL,)
        assert not db.in_transaction
    finally:
        handler.close_all()


def test_ingest_asks_for_a_majority_and_its_journals(endpoints: Endpoints) -> None:
    listener = _Inserts()
    with connect(endpoints.mongodb_uri, event_listeners=[listener]) as client:
        sink = MongoSink(client)
        document = {"projectId": "durable", "eventId": "1", "sessionId": "s", "batchId": "b"}
        sink.insert(Kind.EVENTS, [document])
        sink.delete(Kind.EVENTS, [document])
    assert listener.concerns == [{"w": "majority", "j": True}]
