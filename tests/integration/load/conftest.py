"""A project of each test's own on the session's stack, and what both stores hold of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymongo
import pytest
from clickhouse_connect.driver.client import Client
from gosight.ingest_pb2 import EventBatch

from hxi.admin.endpoints import Endpoints
from ingest.schema.mongo import EVENTS, REPLAY_CHUNKS
from simulate import Plan, Truth, generate
from simulate.output import batch_writer
from stack.embedded import Stack

EVENTS_A_BATCH = 50


@dataclass(frozen=True)
class Kept:
    """Distinct events and replay payloads in each store."""

    clickhouse: tuple[int, int]
    mongodb: tuple[int, int]


@pytest.fixture
def own(stack: Stack, project: Any) -> Endpoints:
    """The session's stack as a fresh project sees it."""
    return replace(stack.endpoints, project_id=project.id, project_key=project.key)


@pytest.fixture
def kept(
    own: Endpoints, clickhouse: Client, mongo: "pymongo.MongoClient[dict[str, Any]]"
) -> Callable[[], Kept]:
    """Asks both stores, by distinct event ids, so that a double cannot hide a loss."""

    def rows(table: str) -> int:
        ((count, distinct),) = clickhouse.query(
            f"SELECT count(), uniqExact(event_id) FROM raw.{table} FINAL"
            " WHERE project_id = {p:String}",
            parameters={"p": own.project_id},
        ).result_rows
        assert count == distinct
        return int(count)

    def ask() -> Kept:
        documents = [
            spec.of(mongo).count_documents({"projectId": own.project_id})
            for spec in (EVENTS, REPLAY_CHUNKS)
        ]
        return Kept((rows("events"), rows("replay_chunks")), (documents[0], documents[1]))

    return ask


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder with the same visits as visits.binpb and visits.ndjson, and how many events.

    In many small batches, so that a load of few events has a middle.
    """
    folder = tmp_path_factory.mktemp("simulated")
    truth = Truth()
    with (
        batch_writer(folder / "visits.binpb") as binary,
        batch_writer(folder / "visits.ndjson") as text,
    ):
        for batch in generate(Plan(sessions=100, days=3, seed=77, recorded=0), truth):
            for start in range(0, len(batch.events), EVENTS_A_BATCH):
                part = EventBatch(events=batch.events[start : start + EVENTS_A_BATCH])
                binary(part)
                text(part)
    return folder, truth.totals.events + truth.totals.doubled
