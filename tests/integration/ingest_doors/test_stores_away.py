"""Each store goes away under a running ingest and comes back: what the doors say, what is lost."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pymongo
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin.endpoints import Endpoints
from tests.conftest import TestProject
from tests.integration.ingest_doors.cable import Cable
from tests.integration.ingest_doors.ingest_process import IngestProcess, environment
from tests.unit.ingest_doors.sent_events import clicks
from tests.waiting import until

STORES = {
    "clickhouse": "HXI_CLICKHOUSE_URL",
    "mongodb": "HXI_MONGODB_URI",
    "postgresql": "HXI_POSTGRES_DSN",
    "redis": "HXI_REDIS_URL",
}
NEVER_SEEN = "gs_" + "n" * 43
SECONDS = 60.0


@dataclass(frozen=True)
class World:
    """An ingest, and a cable to each of its stores."""

    ingest: IngestProcess
    cables: dict[str, Cable]
    project: TestProject

    def send(self, key: str = "") -> httpx.Response:
        body = clicks(5, key=key or self.project.key).SerializeToString()
        headers = {"content-type": "application/x-protobuf"}
        return httpx.post(
            f"{self.ingest.http_url}/v1/events", content=body, headers=headers, timeout=60
        )

    def ready(self) -> dict[str, Any]:
        told: dict[str, Any] = httpx.get(f"{self.ingest.http_url}/ready", timeout=60).json()
        return told


@pytest.fixture(scope="module")
def ways(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The process, and the cables of its stores."""
    folder: Path = tmp_path_factory.mktemp("away")
    addresses = endpoints.environment()
    with ExitStack() as opened:
        cables = {
            store: opened.enter_context(Cable(addresses[variable]))
            for store, variable in STORES.items()
        }
        variables = {STORES[store]: cable.dsn for store, cable in cables.items()}
        variables["HXI_INGEST_KEY_CACHE_SECONDS"] = "1"
        process = IngestProcess(environment(folder, **variables), folder / "log")
        yield opened.enter_context(process), cables


@pytest.fixture
def world(ways: tuple[IngestProcess, dict[str, Cable]], project: TestProject) -> World:
    ingest, cables = ways
    return World(ingest, cables, project)


def is_answering(world: World, store: str) -> bool:
    """As /health and /ready tell."""
    health = world.ingest.health()
    if store == "redis":
        return bool(health["realtime"]["redis"])
    if store == "postgresql":
        return bool(world.ready()["stores"][store])
    return bool(health["stores"][store])


@pytest.mark.parametrize("store", STORES)
def test_what_was_acknowledged_while_a_store_was_away_lands_once_when_it_is_back(
    world: World,
    store: str,
    clickhouse: Client,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
) -> None:
    until(lambda: world.send().status_code == 200)
    until(lambda: is_answering(world, store))
    world.cables[store].cut()
    taken = 0
    try:
        taken = sum(world.send().status_code == 200 for _ in range(3))
        until(lambda: not is_answering(world, store))
        assert world.ingest.health()["status"] == "ok"
        taken += world.send().status_code == 200
        stranger = world.send(NEVER_SEEN)
    finally:
        world.cables[store].mend()
    # A known key goes on; whether another is one, PostgreSQL alone knows.
    assert taken == 4
    assert stranger.status_code == (503 if store == "postgresql" else 401)
    until(lambda: is_answering(world, store))
    world.ingest.wait_drained()

    acknowledged = 5 * (taken + 1)
    query = (
        "SELECT count(), uniqExact(event_id) FROM raw.events FINAL WHERE project_id = {id:String}"
    )
    rows = clickhouse.query(query, {"id": world.project.id}).result_rows
    assert rows == [(acknowledged, acknowledged)]
    kept = mongo.hxi_events_db.events.count_documents({"projectId": world.project.id})
    assert kept == acknowledged
