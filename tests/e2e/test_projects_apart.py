"""Two projects that send the same session, event and user ids stay apart in every store."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from hxi.load import load_batches
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.e2e.warehouse_rows import AUDIT, SERVED, Mongo, Rows, Served, difference

PLAN = Plan(sessions=40, days=2, seed=77, recorded=0.3)
CLICKHOUSE = ("raw", "signals", "intermediate", "gosight")
# When and in what batch a row came, and surrogate ids: they are given, not derived.
NAMES = "gosight.projects"
GIVEN = {
    *("ingested_at", "landed_at", "batch_id", "received_at", "accepted_at", "sent_order"),
    "order_number",
    *("_id", "batchId", "ingestedAt", "createdAt", "updatedAt", "updated_at"),
}
SURROGATES = {"hxi": {"id", "event_id"}, "traceflow": set[str]()}
# How often rows landed: sums that are merged at any time.
COUNTS_LANDINGS = "raw.session_index"
# Ids of derived rows are made of the project's id too (RFC 9562, version 5); those sent are not.
DERIVED_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")
# Made of the project's id and the user's, so that a user of two projects is two users.
OF_PROJECT = {"user_id", "user_uuid"}


@dataclass(frozen=True)
class Stores:
    """Where rows of a project are, in all three stores."""

    served: Served
    mongo: Mongo

    def rows(self, project: str, *, bare: bool = False) -> Rows:
        """Every row as text by table; `bare`: without what cannot be equal in two projects."""
        found = {
            **self._clickhouse(project, bare=bare),
            **self._mongodb(project, bare=bare),
            **self._postgres(project, bare=bare),
        }
        if not bare:
            return found
        return {
            table: sorted(DERIVED_ID.sub("derived", row) for row in rows)
            for table, rows in found.items()
        }

    def _clickhouse(self, project: str, *, bare: bool) -> Rows:
        left_out = {"project_id"} | GIVEN if bare else set()
        return {
            table: self.served.of_clickhouse(table, [project], left_out)
            for table in self.served.built(CLICKHOUSE)
            if table != COUNTS_LANDINGS and not (bare and table == NAMES)
        }

    def _mongodb(self, project: str, *, bare: bool) -> Rows:
        found = {}
        for database in self.mongo.list_database_names():
            if not re.fullmatch(r"hxi_\w+_db", database):
                continue
            for name in self.mongo[database].list_collection_names():
                documents = self.mongo[database][name].find({"projectId": project})
                left_out = {"projectId", "_id"} | GIVEN if bare else set()
                found[f"{database}.{name}"] = sorted(
                    json.dumps(
                        {name: value for name, value in one.items() if name not in left_out},
                        default=str,
                    )
                    for one in documents
                )
        return found

    def _postgres(self, project: str, *, bare: bool) -> Rows:
        found = {}
        for table in self.served.published():
            if bare and table == AUDIT:
                continue
            surrogates = SURROGATES[table.split(".")[0]]
            left_out = {"project_id"} | GIVEN | OF_PROJECT | surrogates if bare else set()
            found[table] = self.served.of_postgresql(table, [project], left_out)
        return found


@pytest.fixture
def stores_of(
    stack: Stack,
    clickhouse: Client,
    mongo: Mongo,
    postgres: psycopg.Connection[Any],
    variables: None,
) -> Stores:
    return Stores(Served(clickhouse, postgres), mongo)


def test_the_same_ids_in_two_projects_meet_nowhere(stack: Stack, stores_of: Stores) -> None:
    first, _, first_key = projects.create(stores_of.served.postgres, f"first {uuid4().hex}")
    second, _, second_key = projects.create(stores_of.served.postgres, f"second {uuid4().hex}")
    batches = list(generate(PLAN))

    sent = load_batches(replace(stack.endpoints, project_key=first_key), batches)
    refresh()
    alone = stores_of.rows(first)
    bare = stores_of.rows(first, bare=True)
    assert len(alone["gosight.events"]) + len(alone["raw.replay_chunks"]) == sent.landed
    assert len(alone["gosight.sessions"]) == PLAN.sessions

    again = load_batches(replace(stack.endpoints, project_key=second_key), batches)
    assert (again.landed, again.duplicate) == (sent.landed, 0)
    refresh()
    assert not difference(alone, stores_of.rows(first))
    assert not difference(bare, stores_of.rows(second, bare=True))
    filled = {table for table, rows in alone.items() if rows}
    assert {table.split(".")[0] for table in filled} >= {*CLICKHOUSE, *SERVED}
    assert {"hxi_events_db.events", "hxi_session_db.sessions"} <= filled


def test_ingest_and_runs_are_not_the_superuser(stack: Stack, stores_of: Stores) -> None:
    ingest = psutil.Process(stack.pids["ingest"]).environ()["HXI_POSTGRES_DSN"]
    assert urlsplit(ingest).username == "hxi_ingest"
    users = stores_of.served.postgres.execute(
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE backend_type = 'client backend'"
    ).fetchall()
    assert ("postgres",) not in users
