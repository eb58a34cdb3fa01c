"""kill -9 of ingest in the middle of a load: what was acknowledged lands, and lands once."""

import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import httpx
import pymongo
from clickhouse_connect.driver.client import Client
from gosight.ingest_pb2 import EventBatch

from hxi.admin.endpoints import Endpoints
from orchestration.stores.clients import integer
from stack.embedded import Stack
from tests.conftest import TestProject
from tests.integration.clickhouse_front.front_process import Front
from tests.integration.ingest_doors.ingest_process import IngestProcess, environment, stores_of
from tests.unit.ingest_doors.door_clients import WAYS, Door, GrpcDoorClient, open_way
from tests.unit.ingest_doors.sent_events import clicks

Mongo: TypeAlias = "pymongo.MongoClient[dict[str, Any]]"
EVENTS_OF_A_BATCH = 25
KILLS = 4
RANDOM = random.Random(17)


class Sender(threading.Thread):
    """Sends batch after batch, each until it is acknowledged, as an SDK does; ends when told."""

    def __init__(self, way: str, ingest: IngestProcess, key: str) -> None:
        super().__init__(name=way)
        self._way = way
        self._addresses = ingest.http_url, ingest.grpc_address
        self._key = key
        self.enough = threading.Event()
        self.acknowledged: list[str] = []
        self.repeats = 0

    def run(self) -> None:
        while not self.enough.is_set():
            batch = clicks(EVENTS_OF_A_BATCH, self._key)
            while not self._is_taken(batch):
                self.repeats += 1
                time.sleep(0.05)
            self.acknowledged += [event.event_id for event in batch.events]

    def _is_taken(self, batch: EventBatch) -> bool:
        # A new connection each time: one that has failed waits longer than a restart takes.
        try:
            with open_way(self._way, *self._addresses) as door:
                return self._send(door, batch)
        except (httpx.TransportError, grpc.RpcError):
            return False

    def _send(self, door: Door, batch: EventBatch) -> bool:
        outcome = door.send(batch)
        return (outcome.code, outcome.response.events_accepted) == ("OK", EVENTS_OF_A_BATCH)


def test_every_acknowledged_event_lands_once_however_often_ingest_is_killed(
    stores: Stack,
    project: TestProject,
    clickhouse: Client,
    mongo: Mongo,
    tmp_path: Path,
) -> None:
    """In both stores' files too, copied the moment the spool has forgotten the events."""
    variables = environment(tmp_path, **stores_of(stores.endpoints))
    with IngestProcess(variables, tmp_path / "log") as ingest:
        senders = [Sender(way, ingest, project.key) for way in WAYS]
        for sender in senders:
            sender.start()
        for _ in range(KILLS):
            time.sleep(RANDOM.uniform(0.3, 1.0))
            ingest.kill()
            ingest.start()
        for sender in senders:
            sender.enough.set()
        for sender in senders:
            sender.join()
        ingest.wait_drained()
        shutil.copytree(stores.folder.store("mongodb"), tmp_path / "copy")
        _copy_clickhouse(clickhouse, stores.folder.store("clickhouse"), tmp_path / "parts")
        assert ingest.stop() == 0
    assert all(sender.repeats for sender in senders), "no kill has met a request"
    sent = sorted(event_id for sender in senders for event_id in sender.acknowledged)
    documents = mongo.hxi_events_db.events.find({"projectId": project.id}, {"eventId": 1})
    assert sorted(document["eventId"] for document in documents) == sent
    assert _ids_in_files(tmp_path / "copy" / "hxi_events_db.db", project.id) == sent
    assert _ids_in_rows(clickhouse, project.id) == sent
    opened = Front(tmp_path / "parts")
    try:
        opened.wait_ready()
        with opened.client() as copied:
            assert _ids_in_rows(copied, project.id) == sent
    finally:
        opened.end(signal.SIGTERM)
    ledger = clickhouse.query(
        "SELECT sum(landed), sum(valid) - sum(landed) - sum(duplicate), sum(received) - sum(valid)"
        " FROM raw.ingest_ledger FINAL WHERE project_id = {project:String}",
        parameters={"project": project.id},
    ).result_rows
    assert tuple(ledger[0]) == (len(sent), 0, 0)


def _ids_in_rows(client: Client, project_id: str) -> list[str]:
    rows = client.query(
        "SELECT toString(event_id) FROM raw.events FINAL WHERE project_id = {project:String}",
        parameters={"project": project_id},
    ).result_rows
    return sorted(str(event_id) for (event_id,) in rows)


def _copy_clickhouse(client: Client, folder: Path, to: Path) -> None:
    """Events as they are now; files of other tables may come and go meanwhile."""
    client.command("SYSTEM STOP MERGES raw.events")
    try:
        while integer(client, "SELECT count() FROM system.merges WHERE table = 'events'"):
            time.sleep(0.05)
        subprocess.run(["cp", "-a", str(folder), str(to)], check=False, capture_output=True)
    finally:
        client.command("SYSTEM START MERGES raw.events")


def _ids_in_files(file: Path, project_id: str) -> list[str]:
    """Event ids, without the server."""
    query = "SELECT json_extract(data, '$.eventId') FROM events WHERE _id LIKE ? ORDER BY 1"
    with closing(sqlite3.connect(file)) as db:
        return [str(one) for (one,) in db.execute(query, (f"{project_id}:%",))]


def test_what_waited_in_the_spool_of_a_killed_ingest_lands_after_its_start(
    endpoints: Endpoints, project: TestProject, mongo: Mongo, tmp_path: Path
) -> None:
    # With ClickHouse away nothing can land before the kill.
    stores = stores_of(endpoints)
    variables = environment(tmp_path, **{**stores, "HXI_CLICKHOUSE_URL": "http://127.0.0.1:9"})
    with IngestProcess(variables, tmp_path / "log") as ingest:
        with GrpcDoorClient(ingest.grpc_address, stream=False) as door:
            sent = [clicks(10, key=project.key) for _ in range(20)]
            assert {door.send(batch).code for batch in sent} == {"OK"}
        assert ingest.health()["spool"]["events"] == 200
        ingest.kill()
        variables |= stores
        ingest.start()
        ingest.wait_drained()
    kept = mongo.hxi_events_db.events.count_documents({"projectId": project.id})
    assert kept == 200
