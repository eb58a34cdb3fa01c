"""A person is erased: killed on the way, repeated, with late events; then nothing is found."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pymongo
import pytest
import redis
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from hxi.admin import clients, projects
from hxi.admin.endpoints import Endpoints
from hxi.erase import erase
from hxi.export import export
from hxi.load import load_batches
from ingest.clock import now_ms
from ingest.realtime.keys import session_state
from ingest.schema import mongo as schema
from orchestration.raw.reconcile import check_ledger
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.conftest import variables_of
from tests.e2e.warehouse_rows import Rows, Served, difference
from tests.integration.retention.retention_events import recording, session, view

pytestmark = pytest.mark.timeout(1800)

ROOT = Path(__file__).resolve().parents[2]
PERSON, OTHER = "anna-4711", "berta-4712"
# The person's own two visits, one of both people, and one that is known as the person's too late.
VISITS = ("erased-one", "erased-two", "erased-shared", "erased-late", "erased-unknown")
# What stands for the person anywhere.
TRACES = (PERSON, *(session(name) for name in VISITS))


def of(user: str, event: Event) -> Event:
    event.user_id = user
    return event


def at_hand(hours: float = 2) -> int:
    """Some hours ago, in ms."""
    return now_ms() - int(hours * 3_600_000)


def visits() -> list[Event]:
    """Before the erasure; `erased-late` names nobody yet, and `kept` is somebody else's."""
    start = at_hand()
    refused = of(PERSON, view("elsewhere", start))
    refused.timestamp.millis = 1
    return [
        of(PERSON, view("erased-one", start)),
        recording("erased-one", start + 500),
        view("erased-one", start + 1_000, "/a"),
        of(PERSON, view("erased-two", now_ms() - 60_000, "/a")),  # Redis keeps what is new
        of(PERSON, view("erased-shared", start)),
        of(OTHER, view("erased-shared", start + 1_000)),
        view("erased-late", start),
        of(OTHER, view("kept", start, "/a")),
        refused,
    ]


def late() -> list[Event]:
    """What happened before the erasure and comes after it."""
    return [
        view("erased-one", at_hand(1), "/late"),
        of(PERSON, view("erased-late", at_hand(1), "/late")),
        of(PERSON, view("erased-unknown", at_hand(1), "/late")),
    ]


@dataclass(frozen=True)
class World:
    """One project of the shared stack, and clients of all stores."""

    endpoints: Endpoints
    clickhouse: Client
    mongo: "pymongo.MongoClient[dict[str, Any]]"
    postgres: "psycopg.Connection[Any]"

    @property
    def project(self) -> str:
        return self.endpoints.project_id

    def send(self, events: list[Event]) -> None:
        load_batches(self.endpoints, [EventBatch(events=events)])

    def write_beside(self) -> None:
        """What services and outside models write of a session."""
        about = session("erased-one")
        schema.EMOTION_PREDICTIONS.of(self.mongo).insert_one(
            {"projectId": self.project, "sessionId": about, "emotion": "calm", "confidence": 0.5}
        )
        self.postgres.execute(
            "INSERT INTO traceflow.traceflow_ai_queue (project_id, session_id, task_type, result)"
            " VALUES (%s, %s, 'summary', %s)",
            (self.project, about, json.dumps({"of": PERSON})),
        )

    def rows(self) -> Rows:
        return Served(self.clickhouse, self.postgres).rows([self.project])

    def everything(self) -> Iterator[tuple[str, str]]:
        """All that any store holds, whoever's it is, as text: place and row."""
        for database, table in self.clickhouse.query(
            "SELECT database, name FROM system.tables WHERE engine NOT LIKE '%View'"
            " AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')"
        ).result_rows:
            query = f"SELECT * FROM {database}.{table} FORMAT JSONCompactEachRow"
            for line in self.clickhouse.raw_query(query).decode("utf-8", "replace").splitlines():
                yield f"clickhouse {database}.{table}", line
        for name in ("hxi_events_db", "hxi_session_db", "hxi_journey_db", "hxi_emotion_db"):
            for collection in self.mongo[name].list_collection_names():
                for document in self.mongo[name][collection].find():
                    yield f"mongodb {collection}", str(document)
        for schema_name, table in self.postgres.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT LIKE 'pg_%%'"
            " AND table_schema != 'information_schema'"
        ).fetchall():
            for (row,) in self.postgres.execute(f'SELECT t::text FROM "{schema_name}"."{table}" t'):
                yield f"postgresql {schema_name}.{table}", row
        with redis.Redis.from_url(self.endpoints.redis_url) as client:
            for key in client.scan_iter():
                yield "redis", f"{key!r} {client.dump(key)!r}"

    def places(self) -> set[str]:
        """Where a trace of the person stands."""
        return {
            place for place, text in self.everything() if any(trace in text for trace in TRACES)
        }


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    with (
        clients.clickhouse(stack.endpoints.clickhouse_url) as clickhouse,
        clients.mongodb(stack.endpoints.mongodb_uri) as mongo,
        clients.postgres(stack.endpoints.postgres_dsn) as postgres,
    ):
        project, _, key = projects.create(postgres, f"erasure {uuid4().hex}")
        endpoints = replace(stack.endpoints, project_id=project, project_key=key)
        with variables_of(endpoints):
            yield World(endpoints, clickhouse, mongo, postgres)


@dataclass(frozen=True)
class Story:
    """What was seen at the turns."""

    before: set[str]
    dry: dict[str, Any]
    files: dict[str, str]
    unchanged: bool
    told: dict[str, Any]
    after: set[str]
    left: Rows
    back: set[str]
    full: Rows
    ledger: list[str]


@pytest.fixture(scope="module")
def story(world: World, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Played once: built, asked, killed, sent late, repeated, and built anew from nothing."""
    world.send(visits())
    load_batches(world.endpoints, generate(Plan(20, days=2, seed=4)))
    refresh()
    world.write_beside()
    built = world.rows()
    before = world.places()
    dry = json.loads(hxi(erase, "--user", PERSON, "--dry-run", "--json"))
    archive = tmp_path_factory.mktemp("export") / "anna.zip"
    hxi(export, "--user", PERSON, "--out", str(archive))
    is_unchanged = world.rows() == built

    killed_while("building: marts", "--user", PERSON)
    world.send(late())
    told = json.loads(hxi(erase, "--user", PERSON, "--json"))
    after = world.places()
    world.send([*late(), of(PERSON, view("back", now_ms(), "/back"))])
    refresh()
    left, back = world.rows(), world.places()
    refresh(full=True)
    ledger = check_ledger(world.mongo, world.clickhouse, world.project)
    return Story(
        before, dry, files_of(archive), is_unchanged, told, after, left, back, world.rows(), ledger
    )


def hxi(command: Any, *arguments: str) -> str:
    answer = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def files_of(archive: Path) -> dict[str, str]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


def killed_while(told: str, *arguments: str) -> None:
    """`hxi erase`, killed as soon as it says so."""
    with subprocess.Popen(
        [sys.executable, "-m", "hxi", "erase", *arguments],
        cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = [
            line for line in iter(process.stderr.readline, "") if not found(told, line, process)
        ]
        assert process.wait() == -signal.SIGKILL, said


def found(told: str, line: str, process: "subprocess.Popen[str]") -> bool:
    if told in line:
        os.killpg(process.pid, signal.SIGKILL)
    return told in line


def test_every_kind_of_store_held_something(story: Story) -> None:
    stores = {place.split()[0] for place in story.before}
    assert stores == {"clickhouse", "mongodb", "postgresql", "redis"}
    assert "clickhouse raw.rejected_events" in story.before
    assert "postgresql traceflow.traceflow_ai_queue" in story.before


def test_nothing_of_the_person_is_found_in_any_store_but_what_keeps_it_from_landing(
    story: Story,
) -> None:
    assert story.after == {"clickhouse raw.tombstones"}


def test_who_comes_back_after_an_erasure_is_kept(story: Story) -> None:
    assert any(session("back") in row for row in story.left["gosight.sessions"])
    assert not any(session(name) in row for name in VISITS for row in story.left["gosight.events"])
    assert {"clickhouse raw.events", "mongodb events", "postgresql hxi.users"} <= story.back


def test_each_store_is_proven(story: Story) -> None:
    assert story.told["done"] is True
    proofs = {one["store"]: one for one in story.told["proofs"]}
    assert set(proofs) == {"clickhouse", "mongodb", "postgresql", "redis", "spool"}
    assert all(one["found"] == 0 for one in proofs.values())
    assert all(proofs[name]["erased"] > 0 for name in ("clickhouse", "mongodb", "postgresql"))


def test_marts_are_those_of_a_full_rebuild(story: Story) -> None:
    assert difference(story.left, story.full) == ""
    assert any(session("kept") in row for row in story.left["hxi.sessions"])


def test_the_ledger_adds_up(story: Story) -> None:
    assert story.ledger == []


def test_a_dry_run_counts_and_changes_nothing(story: Story) -> None:
    assert story.dry["sessions"] == 3
    assert set(story.dry["held"]) == {"clickhouse", "mongodb", "postgresql", "redis"}
    assert story.unchanged


def test_an_export_has_what_each_store_holds_of_the_person_and_of_nobody_else(
    story: Story,
) -> None:
    names = set(story.files)
    for name in ("clickhouse/raw.events", "mongodb/hxi_events_db.events", "postgresql/hxi.events"):
        assert f"{name}.jsonl" in names
    lines = [
        json.loads(line) for line in story.files["clickhouse/gosight.sessions.jsonl"].splitlines()
    ]
    assert len(lines) == 3
    assert not any(session("kept") in text for text in story.files.values())


def test_no_part_has_masked_rows(story: Story, world: World) -> None:
    del story
    left = world.clickhouse.query(
        "SELECT count() FROM system.parts WHERE active AND has_lightweight_delete"
        " AND database = 'raw' AND table IN ('events', 'replay_chunks', 'rejected_events')"
    ).result_rows
    assert left == [(0,)]


def test_live_state_of_the_person_is_gone_at_once(story: Story, world: World) -> None:
    del story
    with redis.Redis.from_url(world.endpoints.redis_url) as client:
        assert not client.exists(session_state(world.project, session("erased-two")))
