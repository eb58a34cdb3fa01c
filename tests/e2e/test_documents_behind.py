"""MongoDB's documents behind the tables: they hold up nothing but erasures, and are caught up."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from hxi.admin.status import Documents, collect
from hxi.load import load_batches
from hxi.run import RunFailedError, refreshed_once
from orchestration.documents.collections import DERIVED
from orchestration.erasure.requests import Subject, ask
from orchestration.run.idle import nothing_is_new
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.e2e.derived_warehouse import Mongo, Warehouse
from tests.e2e.scheduler import documents_failing
from tests.e2e.served import documents

pytestmark = pytest.mark.timeout(900)
FAILS = "every table is done, documents in MongoDB are behind .*(locked|stopped)"


@contextmanager
def refusing(stack: Stack, database: str) -> Iterator[None]:
    """The embedded server cannot write to one of its databases."""
    file = stack.folder.store("mongodb") / f"{database}.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_documents_that_cannot_be_written_hold_up_no_table_and_are_caught_up(
    stack: Stack,
    clickhouse: Client,
    postgres: psycopg.Connection[Any],
    mongo: Mongo,
    variables: None,
) -> None:
    # What is tried beside the publish fails as well, and holds up as little.
    project, _, key = projects.create(postgres, f"behind {uuid4().hex}")

    def land(seed: int) -> None:
        load_batches(replace(stack.endpoints, project_key=key), generate(Plan(3, 1, seed)))

    def sessions() -> list[str]:
        query = "SELECT session_id::text FROM hxi.sessions WHERE project_id = %s ORDER BY 1"
        served = [str(one) for (one,) in postgres.execute(query, (project,))]
        marts = clickhouse.query(
            "SELECT toString(session_id) FROM gosight.sessions WHERE project_id = {p:String}",
            parameters={"p": project},
        ).result_rows
        assert sorted(str(one) for (one,) in marts) == served
        return served

    def status() -> Documents:
        told = collect(stack.endpoints)
        assert told.waiting_sessions == 0, "every table is done"
        assert told.documents is not None
        return told.documents

    refresh()
    before = status()
    assert before.served_plan == before.built_plan
    land(1)
    with refusing(stack, "hxi_journey_db"):
        with pytest.raises(RunFailedError, match=FAILS):
            refreshed_once(progress=False)
        assert len(sessions()) == 3
        assert status().served_plan == before.served_plan < status().built_plan
        assert not nothing_is_new()

    # Another run, with its own sessions and one that goes: what it leaves adds to the first's.
    request = ask(postgres, Subject(project, session_id=sessions()[0]))
    land(2)
    with documents_failing(), pytest.raises(RunFailedError, match=FAILS):
        refreshed_once(progress=False)
    assert len(sessions()) == 5
    assert status().served_plan == before.served_plan
    done = "SELECT done_at IS NOT NULL FROM ops.erasure_requests WHERE request_id = %s"
    assert postgres.execute(done, (request,)).fetchone() == (False,)

    refresh()
    assert status().served_plan == status().built_plan > before.built_plan
    assert nothing_is_new()
    assert postgres.execute(done, (request,)).fetchone() == (True,)
    caught_up = documents(mongo, [project])
    assert len(caught_up["mongodb.journeys"]) == 5
    assert Warehouse(stack.endpoints, clickhouse, mongo, project).written(*DERIVED, full=True)
    assert documents(mongo, [project]) == caught_up
