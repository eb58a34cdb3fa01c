"""One warehouse with simulated traffic and its answer sheet, for tests that only read."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import access, clients, projects
from hxi.admin.endpoints import Endpoints
from hxi.load import Options, load_batches, load_files
from orchestration.run.refresh import refresh
from simulate import Plan, SessionTruth, Truth, generate
from simulate.clocks import with_wrong_clocks
from simulate.output import truth_writer
from stack.embedded import Stack
from tests.conftest import SHARED_DATA, variables_of
from tests.e2e import dirty_traffic
from tests.e2e.pages_site import Visitor, served, signed_in
from tests.e2e.sdk_recordings import post_recording, recorded_sdks, wait_landed

PLAN = Plan(sessions=1_000, days=3, seed=11, dirty=0.04)
WRONG_CLOCKS = 0.05
SENT_TWICE = 5  # every fifth batch
# The first is there in two forms, so that each of its events comes twice.
RECORDINGS = [
    SHARED_DATA / name
    for name in ("human_mouse.binpb", "human_mouse.ndjson.gz", "rrweb_page.ndjson.gz")
]


@dataclass(frozen=True)
class PlannedWarehouse:
    """A project that holds the plan's traffic alone; `truth` is what was planned.

    `on_the_way`: ms by which the sessions of wrong clocks happened later than planned, all of them
    told by one skew. `recordings`, `reported`: other projects, with the recordings of real visits
    and the files of reported traffic beside the checkout if there are any. `dirty`: dirt of the
    same kinds. `sdks`: one more for each SDK whose requests are recorded there, by its name.
    """

    client: Client
    project_id: str
    truth: Path
    on_the_way: dict[str, int]
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
    planned_sessions: list[SessionTruth] = []
    plan = list(generate(PLAN, Truth(planned_sessions.append)))
    now = time.time_ns() // 1_000_000
    batches, ahead = with_wrong_clocks(plan, WRONG_CLOCKS, Random(PLAN.seed), now)
    shuffled = [*batches[::-1], *batches[::SENT_TWICE]]
    load_batches(replace(stack.endpoints, project_key=key), shuffled)
    recorded = replace(stack.endpoints, project_key=other_key)
    load_files(recorded, [path for path in RECORDINGS if path.is_file()], Options(backfill=True))
    load_batches(
        replace(stack.endpoints, project_key=dirty_key), [dirty_traffic.batch()], backfill=True
    )
    reports = replace(stack.endpoints, project_key=reported_key)
    load_files(reports, sorted((SHARED_DATA / "traffic").glob("*.ndjson")), Options(backfill=True))
    sdks = {name: _posted_twice(stack.endpoints, name) for name in recorded_sdks()}
    with variables_of(stack.endpoints):
        refresh()
    with clients.clickhouse(stack.endpoints.clickhouse_url) as client:
        late = _on_the_way(client, planned, ahead)
        _write_truth(truth, planned_sessions, late)
        yield PlannedWarehouse(client, planned, truth, late, recordings, dirty, reported, sdks)


@pytest.fixture(scope="module")
def reader(
    planned_warehouse: PlannedWarehouse, endpoints: Endpoints
) -> Iterator[psycopg.Connection[Any]]:
    """A BI login of the planned project; the server holds other projects too."""
    login = f"bi_{uuid4().hex}"
    with clients.postgres(endpoints.postgres_dsn) as owner:
        password = access.grant(owner, login, [planned_warehouse.project_id])
        assert password is not None
        dsn = access.dsn_of(endpoints.postgres_dsn, login, password)
        with psycopg.connect(dsn, autocommit=True) as connection:
            yield connection
        access.drop(owner, login)


def _posted_twice(endpoints: Endpoints, name: str) -> str:
    """A project of its own with what the SDK sent, as it was but for the key."""
    with clients.postgres(endpoints.postgres_dsn) as postgres:
        project, _, key = projects.create(postgres, f"{name} {uuid4().hex}")
    for _ in range(2):
        post_recording(endpoints.ingest_url, name, key)
    wait_landed(endpoints)
    return project


def _on_the_way(client: Client, project: str, ahead: dict[str, int]) -> dict[str, int]:
    """By session: what the door took for its clock's, beyond what its clock is wrong."""
    rows = client.query(
        "SELECT DISTINCT toString(session_id), clock_skew_ms FROM gosight.events"
        " WHERE project_id = {p:String} AND clock_skew_ms != 0",
        parameters={"p": project},
    ).result_rows
    assert len(rows) == len({session for session, _ in rows}), "one batch, one skew"
    return {session: skew + ahead[session] for session, skew in rows}


def _write_truth(file: Path, sessions: list[SessionTruth], on_the_way: dict[str, int]) -> None:
    with truth_writer(file) as note:
        truth = Truth(note)
        for session in sessions:
            session.move(on_the_way.get(session.session_id, 0))
            truth.add(session)
        assert note is not None
        note(truth.totals)


@pytest.fixture(scope="module")
def visitor(planned_warehouse: PlannedWarehouse, endpoints: Endpoints) -> Iterator[Visitor]:
    """Who looks at the planned warehouse's pages."""
    with (
        served(endpoints) as base,
        signed_in(base, endpoints, planned_warehouse.project_id) as one,
    ):
        yield one
