"""A stack that is stopped and copied, as docs/operations.md says, is the same elsewhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from hxi.admin.folder import CHECKOUT
from hxi.load import load_batches
from simulate import Plan, generate
from stack.embedded import Stack, running_stack

pytestmark = pytest.mark.timeout(900)
Contents = dict[str, Any]
MONGODB = (
    "hxi_emotion_db",
    "hxi_events_db",
    "hxi_heatmap_db",
    "hxi_journey_db",
    "hxi_session_db",
)


def test_a_copy_of_a_stopped_stack_has_equal_tables_and_goes_on(tmp_path: Path) -> None:
    here, copy, elsewhere = tmp_path / "here", tmp_path / "backup.tar", tmp_path / "elsewhere"
    with running_stack(here, environment={}) as endpoints:
        load_batches(endpoints, generate(Plan(3, days=2, seed=906)))
        assert "sessions rebuilt" in run(endpoints)
        before = contents(endpoints)
    subprocess.run(["tar", "-C", here, "-cf", copy, "."], check=True)
    elsewhere.mkdir()
    subprocess.run(["tar", "-C", elsewhere, "-xpf", copy], check=True)
    with Stack(here, environment={}) as first:  # still in use: the copy takes other ports
        first.start_stores()
        with running_stack(elsewhere, environment={}) as endpoints:
            assert endpoints.clickhouse_url != first.endpoints.clickhouse_url
            assert contents(endpoints) == before
            assert "nothing was new" in run(endpoints)
            key = replace(endpoints, project_key=first.endpoints.project_key)
            load_batches(key, generate(Plan(1, days=1, seed=907)))
            assert "1 sessions rebuilt" in run(endpoints)


def run(endpoints: Endpoints) -> str:
    """What `hxi run` says."""
    return subprocess.run(
        [sys.executable, "-m", "hxi", "run"],
        env=os.environ | endpoints.environment(),
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def contents(endpoints: Endpoints) -> Contents:
    """Rows of every table and collection, and a digest of them."""
    return dict([*_of_clickhouse(endpoints), *_of_postgresql(endpoints), *_of_mongodb(endpoints)])


def _of_clickhouse(endpoints: Endpoints) -> Iterator[tuple[str, Any]]:
    with clients.clickhouse(endpoints.clickhouse_url) as client:
        tables = client.query(
            "SELECT database || '.' || name FROM system.tables WHERE engine LIKE '%MergeTree'"
            " AND database IN ('raw', 'ops', 'signals', 'gosight', 'intermediate') ORDER BY 1"
        ).result_rows
        assert len(tables) > 30
        for (table,) in tables:
            query = f"SELECT count(), groupBitXor(sipHash64(*)) FROM {table} FINAL"
            final = query if _is_replacing(client, table) else query.removesuffix(" FINAL")
            yield table, client.query(final).result_rows


def _is_replacing(client: Any, table: str) -> bool:
    database, _, name = table.partition(".")
    engine = client.query(
        "SELECT engine FROM system.tables WHERE database = {d:String} AND name = {n:String}",
        parameters={"d": database, "n": name},
    ).result_rows[0][0]
    return bool(engine != "MergeTree")


def _of_postgresql(endpoints: Endpoints) -> Iterator[tuple[str, Any]]:
    with clients.postgres(endpoints.postgres_dsn) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN"
            " ('gosight', 'hxi', 'traceflow', 'access') ORDER BY 1, 2"
        ).fetchall()
        assert len(tables) > 25
        for schema, name in tables:
            query = sql.SQL(
                "SELECT count(*), md5(string_agg(it::text, '' ORDER BY it::text)) FROM {} AS it"
            ).format(sql.Identifier(schema, name))
            yield f"{schema}.{name}", connection.execute(query).fetchall()


def _of_mongodb(endpoints: Endpoints) -> Iterator[tuple[str, Any]]:
    with clients.mongodb(endpoints.mongodb_uri) as mongo:
        for database in MONGODB:
            for name in sorted(mongo[database].list_collection_names()):
                documents = mongo[database][name].find()
                yield f"{database}.{name}", sorted(map(repr, documents))
