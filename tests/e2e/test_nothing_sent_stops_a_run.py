"""Whatever an SDK sends through either door, the run after it ends well and texts are texts."""

import os
import random
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from google.protobuf import json_format

from hxi.admin import projects
from hxi.load import LoadTotals, load_batches, load_files
from orchestration.run.refresh import refresh
from stack.embedded import Stack
from tests.e2e.whatever_fits import batch
from tests.unit.ingest_doors.sent_events import now

SEED = 13
BATCHES, EVENTS = 6, 100
# Bytes as they were sent.
BYTES = ("data",)


@pytest.mark.timeout(900)
def test_whatever_fits_the_wire_lands_or_is_refused_and_the_run_ends_well(
    stack: Stack,
    clickhouse: Client,
    postgres: psycopg.Connection[object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project, _, key = projects.create(postgres, f"whatever fits {uuid4().hex}")
    endpoints = replace(stack.endpoints, project_key=key)
    rng = random.Random(SEED)
    batches = [batch(rng, now(), EVENTS) for _ in range(BATCHES)]
    lines = tmp_path / "events.ndjson"
    lines.write_text(
        "\n".join(
            json_format.MessageToJson(event, indent=None)
            for one in batches[BATCHES // 2 :]
            for event in one.events
        )
    )

    by_grpc = load_batches(endpoints, batches[: BATCHES // 2])
    by_http = load_files(endpoints, [lines])
    for name, value in stack.endpoints.environment().items():
        monkeypatch.setitem(os.environ, name, value)
    refresh()

    landed = accounted(by_grpc) + accounted(by_http)
    assert landed > BATCHES * EVENTS // 2
    assert rows_of(clickhouse, "gosight.events", project) > 0
    assert rows_of(clickhouse, "gosight.sessions", project) == 4
    assert broken_texts(clickhouse, project) == {}


def accounted(totals: LoadTotals) -> int:
    """How many landed; every event that was received has an end."""
    assert totals.received == BATCHES * EVENTS // 2
    assert totals.refused_by_store == 0
    assert totals.received == totals.landed + totals.duplicate + totals.rejected
    return totals.landed


def rows_of(clickhouse: Client, table: str, project: str) -> int:
    query = f"SELECT count() FROM {table} WHERE project_id = {{project:String}}"
    (count,) = clickhouse.query(query, parameters={"project": project}).result_rows[0]
    return int(count)


def broken_texts(clickhouse: Client, project: str) -> dict[str, int]:
    """Columns of marts with a value that is no UTF-8 or holds NUL, and how many."""
    columns = clickhouse.query(
        "SELECT table, name FROM system.columns WHERE database = 'gosight'"
        " AND type IN ('String', 'Nullable(String)', 'LowCardinality(String)',"
        " 'LowCardinality(Nullable(String))')"
    ).result_rows
    found = {}
    for table, name in columns:
        if name in BYTES:
            continue
        query = (
            f"SELECT countIf(NOT isValidUTF8(ifNull({name}, ''))"
            f" OR position(ifNull({name}, ''), char(0)) > 0)"
            f" FROM gosight.{table} WHERE project_id = {{project:String}}"
        )
        (count,) = clickhouse.query(query, parameters={"project": project}).result_rows[0]
        if count:
            found[f"{table}.{name}"] = int(count)
    return found
