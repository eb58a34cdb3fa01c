"""`hxi run` asks whether anything is new before it loads what builds, and overlooks nothing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pymongo
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from hxi.load import load_batches
from ingest.schema import mongo as schema
from orchestration.lease.lease import LeaseHeldError, held
from orchestration.publish.tables import SERVED_TABLES
from orchestration.run.idle import nothing_is_new
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.conftest import variables_of

Mongo = pymongo.MongoClient[dict[str, Any]]
Postgres = psycopg.Connection[Any]

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def built(stack: Stack) -> Iterator[Stack]:
    """The session's stack with everything built."""
    load_batches(stack.endpoints, generate(Plan(3, days=1, seed=515)))
    with variables_of(stack.endpoints):
        refresh()
        yield stack


@contextmanager
def something(noticed: str) -> Iterator[None]:
    """Nothing is new around the block, which makes something so and takes it back."""
    assert nothing_is_new(), f"before {noticed}"
    yield
    assert nothing_is_new(), f"after {noticed}"


def ddl(clickhouse: Client, since: str) -> list[str]:
    """What changed a table or view since then; partitions of plans that are over are dropped."""
    clickhouse.command("SYSTEM FLUSH LOGS")
    asked = clickhouse.query(
        "SELECT query FROM system.query_log WHERE type = 'QueryFinish'"
        " AND query_kind IN ('Create', 'Alter', 'Drop', 'Rename')"
        " AND event_time_microseconds > toDateTime64({since:String}, 6)"
        " AND query NOT LIKE 'ALTER TABLE ops.plan%DROP PARTITION%'",
        parameters={"since": since},
    )
    return [str(query) for (query,) in asked.result_rows]


def undescribed(clickhouse: Client, postgres: Postgres) -> list[str]:
    """Columns of what dbt makes and of served tables that say nothing of themselves."""
    made = clickhouse.query(
        "SELECT concat(database, '.', table, '.', name) FROM system.columns WHERE comment = ''"
        " AND database IN ('gosight', 'intermediate') AND table != 'projects'"
    ).result_rows
    served = postgres.execute(
        "SELECT concat_ws('.', table_schema, table_name, column_name)"
        " FROM information_schema.columns WHERE col_description("
        " format('%%I.%%I', table_schema, table_name)::regclass, ordinal_position) IS NULL"
        " AND (table_schema, table_name) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
        (
            [table.schema for table in SERVED_TABLES],
            [table.name for table in SERVED_TABLES],
        ),
    ).fetchall()
    return [str(name) for (name,) in (*made, *served)]


def test_what_is_undone_leaves_nothing_new(
    built: Stack, clickhouse: Client, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = projects.create(postgres, f"idle {uuid4().hex}")[0]
    with something("an empty table"):
        clickhouse.command("RENAME TABLE gosight.page_views TO gosight.elsewhere")
        assert not nothing_is_new()
        clickhouse.command("RENAME TABLE gosight.elsewhere TO gosight.page_views")
    with something("a served session that is another"):
        postgres.execute("UPDATE hxi.sessions SET duration_ms = duration_ms + 1")
        assert not nothing_is_new()
        postgres.execute("UPDATE hxi.sessions SET duration_ms = duration_ms - 1")
    with something("a batch that does not add up"):
        clickhouse.command(
            "INSERT INTO raw.ingest_ledger (project_id, batch_id, received)"
            " VALUES ('nobody', generateUUIDv4(), 1)"
        )
        assert not nothing_is_new()
        clickhouse.command("DELETE FROM raw.ingest_ledger WHERE project_id = 'nobody'")
    with something("documents that are not wanted"), monkeypatch.context() as patch:
        patch.setenv("HXI_DERIVED_DOCUMENTS", "none")
        assert not nothing_is_new()
    with something("rules of a project"):
        projects.store_overrides(postgres, name, {"heatmap_grid_px": 50})
        assert nothing_is_new(), "a project without sessions has none to build"
    with held(built.endpoints.postgres_dsn), pytest.raises(LeaseHeldError):
        nothing_is_new()


def test_what_must_be_built_is_new_until_it_is(
    built: Stack, clickhouse: Client, mongo: Mongo, postgres: Postgres
) -> None:
    project, _, key = projects.create(postgres, f"idle {uuid4().hex}")
    load_batches(replace(built.endpoints, project_key=key), generate(Plan(2, days=1, seed=516)))
    assert not nothing_is_new()
    since = clickhouse.command("SELECT toString(now64(6))")
    refresh()
    assert nothing_is_new()
    assert ddl(clickhouse, str(since)) == []
    assert undescribed(clickhouse, postgres) == []

    ((session,),) = clickhouse.query(
        "SELECT toString(any(session_id)) FROM gosight.sessions WHERE project_id = {p:String}",
        parameters={"p": project},
    ).result_rows
    schema.EMOTION_PREDICTIONS.of(mongo).insert_one(
        {
            "projectId": project,
            "sessionId": session,
            "emotion": "calm",
            "confidence": 0.5,
            "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
        }
    )
    projects.store_overrides(postgres, project, {"heatmap_grid_px": 50})
    clickhouse.command(
        "DELETE FROM raw.events WHERE project_id = {p:String}", parameters={"p": project}
    )
    assert not nothing_is_new()
    refresh()
    assert nothing_is_new()
    ((events,),) = clickhouse.query(
        "SELECT count() FROM raw.events WHERE project_id = {p:String}", parameters={"p": project}
    ).result_rows
    assert events > 0, "what ClickHouse had lost was landed again"


def test_asking_loads_neither_dagster_nor_dbt() -> None:
    code = (
        "import sys, orchestration.run.idle; print(sorted({'dagster', 'dbt'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
