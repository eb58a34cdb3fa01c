"""Two projects that send the same session, event and user ids stay apart in every store."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg
import pymongo
import pytest
from clickhouse_connect.driver.client import Client
from psycopg import sql

from hxi.admin import projects
from hxi.load import load_batches
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack

PLAN = Plan(sessions=40, days=2, seed=77, recorded=0.3)
CLICKHOUSE = ("raw", "signals", "intermediate", "gosight")
POSTGRES = ("hxi", "traceflow")
# When and in what batch a row came, and surrogate ids: they are given, not derived.
NAMES = "gosight.projects"
GIVEN = {
    *("ingested_at", "landed_at", "batch_id", "received_at", "accepted_at", "sent_order"),
    "order_number",
    *("_id", "batchId", "ingestedAt", "createdAt", "updatedAt", "updated_at"),
}
SURROGATES = {"hxi": {"id", "event_id"}, "traceflow": set[str]()}
# What people did with each project.
AUDIT = "traceflow.audit_logs"
# How often rows landed: sums that are merged at any time.
COUNTS_LANDINGS = "raw.session_index"
# Ids of derived rows are made of the project's id too (RFC 9562, version 5); those sent are not.
DERIVED_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")
# Made of the project's id and the user's, so that a user of two projects is two users.
OF_PROJECT = {"user_id", "user_uuid"}

Rows = dict[str, list[str]]


@dataclass(frozen=True)
class Stores:
    """Where rows of a project are, in all three stores."""

    clickhouse: Client
    mongo: "pymongo.MongoClient[dict[str, Any]]"
    postgres: psycopg.Connection[Any]

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
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, name, kind in self.clickhouse.query(
            "SELECT c.database || '.' || c.table, c.name, c.type FROM system.columns AS c"
            " JOIN system.tables AS t ON t.database = c.database AND t.name = c.table"
            " WHERE c.database IN {databases:Array(String)} AND t.engine NOT LIKE '%View'"
            " ORDER BY c.position",
            parameters={"databases": list(CLICKHOUSE)},
        ).result_rows:
            columns.setdefault(table, []).append((name, kind))
        found = {}
        for table, those in columns.items():
            if "project_id" not in dict(those) or table == COUNTS_LANDINGS:
                continue
            if bare and table == NAMES:
                continue
            left_out = {"project_id"} | GIVEN if bare else set()
            values = [
                f"finalizeAggregation({name})" if kind.startswith("AggregateFunction") else name
                for name, kind in those
                if name not in left_out
            ]
            final = "FINAL" if table in {"raw.events", "raw.replay_chunks"} else ""
            rows = self.clickhouse.query(
                f"SELECT toString(tuple({', '.join(values)})) FROM {table} {final}"
                " WHERE project_id = {project:String}",
                parameters={"project": project},
            ).result_rows
            found[table] = sorted(row for (row,) in rows)
        return found

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
        for schema, table in self.postgres.execute(
            "SELECT table_schema, table_name FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = ANY (%s) AND column_name = 'project_id'"
            " AND table_type = 'BASE TABLE'",
            (list(POSTGRES),),
        ).fetchall():
            if bare and f"{schema}.{table}" == AUDIT:
                continue
            left_out = {"project_id"} | GIVEN | OF_PROJECT | SURROGATES[schema] if bare else set()
            query = sql.SQL("SELECT (to_jsonb(t) - %s::text[])::text FROM {} AS t").format(
                sql.Identifier(schema, table)
            )
            rows = self.postgres.execute(
                query + sql.SQL(" WHERE project_id = %s"), (list(left_out), project)
            ).fetchall()
            found[f"{schema}.{table}"] = sorted(row for (row,) in rows)
        return found


@pytest.fixture
def stores_of(
    stack: Stack,
    clickhouse: Client,
    mongo: "pymongo.MongoClient[dict[str, Any]]",
    postgres: psycopg.Connection[Any],
    variables: None,
) -> Stores:
    return Stores(clickhouse, mongo, postgres)


def differing(left: Rows, right: Rows) -> str:
    """A line for each of the first rows that only one of them has."""
    return "\n".join(
        f"{table} {side} {row}"
        for table in left
        if left[table] != right[table]
        for side, one, other in (("<", left, right), (">", right, left))
        for row in [row for row in one[table] if row not in set(other[table])][:2]
    )


def test_the_same_ids_in_two_projects_meet_nowhere(stack: Stack, stores_of: Stores) -> None:
    first, _, first_key = projects.create(stores_of.postgres, f"first {uuid4().hex}")
    second, _, second_key = projects.create(stores_of.postgres, f"second {uuid4().hex}")
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
    assert not differing(alone, stores_of.rows(first))
    assert not differing(bare, stores_of.rows(second, bare=True))
    filled = {table for table, rows in alone.items() if rows}
    assert {table.split(".")[0] for table in filled} >= {*CLICKHOUSE, *POSTGRES}
    assert {"hxi_events_db.events", "hxi_session_db.sessions"} <= filled


def test_ingest_and_runs_are_not_the_superuser(stack: Stack, stores_of: Stores) -> None:
    ingest = psutil.Process(stack.pids["ingest"]).environ()["HXI_POSTGRES_DSN"]
    assert urlsplit(ingest).username == "hxi_ingest"
    users = stores_of.postgres.execute(
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE backend_type = 'client backend'"
    ).fetchall()
    assert ("postgres",) not in users
