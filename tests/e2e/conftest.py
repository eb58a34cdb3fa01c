"""One warehouse with simulated traffic and its answer sheet, for tests that only read."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from gosight.ingest_pb2 import EventBatch

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints
from hxi.load import load_batches, load_files
from orchestration.run.refresh import refresh
from simulate import Plan, Truth, generate
from simulate.output import truth_writer
from stack.embedded import Stack
from tests.conftest import SHARED_DATA
from tests.e2e import dirty_traffic
from tests.e2e.sdk_recordings import post_recording, recorded_sdks, wait_landed

PLAN = Plan(sessions=1_000, days=3, seed=11)
SENT_TWICE = 5  # every fifth batch
# The first is there in two forms, so that each of its events comes twice.
RECORDINGS = [
    SHARED_DATA / name
    for name in ("human_mouse.binpb", "human_mouse.ndjson.gz", "rrweb_page.ndjson.gz")
]


@dataclass(frozen=True)
class PlannedWarehouse:
    """A project that holds the plan's traffic alone; `truth` is what was planned.

    `recordings`, `reported`: others, with the recordings of real visits and the files of reported
    traffic beside the checkout if there are any. `dirty`: dirt of the same kinds.
    `recordings`: another, with the recordings of real visits beside the checkout if there are any.
    `sdks`: one more for each SDK whose requests are recorded there, by its name.
    """

    client: Client
    project_id: str
    truth: Path
    recordings: str
    dirty: str
    reported: str
    sdks: dict[str, str]


@pytest.fixture(scope="session")
def planned_warehouse(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PlannedWarehouse]:
    """Loaded from its last batch to its first, some of it twice, and built by one run."""
    truth = tmp_path_factory.mktemp("planned") / "truth.jsonl"
    with clients.postgres(stack.endpoints.postgres_dsn) as postgres:
        planned, _, key = projects.create(postgres, f"planned {uuid4().hex}")
        recordings, _, other_key = projects.create(postgres, f"recordings {uuid4().hex}")
        dirty, _, dirty_key = projects.create(postgres, f"dirty {uuid4().hex}")
        reported, _, reported_key = projects.create(postgres, f"reported {uuid4().hex}")
    load_batches(replace(stack.endpoints, project_key=key), _out_of_order(truth))
    recorded = replace(stack.endpoints, project_key=other_key)
    load_files(recorded, [path for path in RECORDINGS if path.is_file()], backfill=True)
    load_batches(
        replace(stack.endpoints, project_key=dirty_key), [dirty_traffic.batch()], backfill=True
    )
    reports = replace(stack.endpoints, project_key=reported_key)
    load_files(reports, sorted((SHARED_DATA / "traffic").glob("*.ndjson")), backfill=True)
    sdks = {name: _posted_twice(stack.endpoints, name) for name in recorded_sdks()}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.endpoints.environment().items():
            patch.setitem(os.environ, name, value)
        refresh()
    with clients.clickhouse(stack.endpoints.clickhouse_url) as client:
        yield PlannedWarehouse(client, planned, truth, recordings, dirty, reported, sdks)


def _posted_twice(endpoints: Endpoints, name: str) -> str:
    """A project of its own with what the SDK sent, as it was but for the key."""
    with clients.postgres(endpoints.postgres_dsn) as postgres:
        project, _, key = projects.create(postgres, f"{name} {uuid4().hex}")
    for _ in range(2):
        post_recording(endpoints.ingest_url, name, key)
    wait_landed(endpoints)
    return project


def _out_of_order(truth_file: Path) -> list[EventBatch]:
    with truth_writer(truth_file) as note:
        truth = Truth(note)
        batches = list(generate(PLAN, truth))
        assert note is not None
        note(truth.totals)
    return [*batches[::-1], *batches[::SENT_TWICE]]
