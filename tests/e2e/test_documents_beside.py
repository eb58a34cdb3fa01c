"""Documents are written beside the publish: once, by whole runs alone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import current_thread
from typing import Any
from unittest import mock
from uuid import uuid4

import dagster as dg
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from hxi.load import load_batches
from orchestration.documents import beside, writing
from orchestration.documents.collections import DERIVED
from orchestration.erasure.requests import Subject, ask
from orchestration.rebuild.resource import Run
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.e2e.derived_warehouse import Mongo
from tests.e2e.scheduler import Scheduler, stopping
from tests.e2e.served import documents

pytestmark = pytest.mark.timeout(900)
JOURNEYS, SESSIONS = "mongodb.journeys", "mongodb.sessions"
Done = Counter[tuple[str, str, str]]
"""How often a collection (by name) was cleared or written, by which kind of thread."""


@contextmanager
def watched() -> Iterator[tuple[Done, list[int]]]:
    """What is done to collections, and how many documents were written each time."""
    done, written = Done(), []
    write, clear = writing.write, writing.clear

    def note(what: str, derived: Any) -> None:
        done[current_thread().name.partition("_")[0], what, derived.name] += 1

    def writes(client: Client, mongo: Mongo, derived: Any, *args: Any) -> int:
        note("write", derived)
        written.append(write(client, mongo, derived, *args))
        return written[-1]

    def clears(mongo: Mongo, derived: Any) -> None:
        note("clear", derived)
        clear(mongo, derived)

    with mock.patch.multiple(writing, write=writes, clear=clears):
        yield done, written


@pytest.fixture
def tried(stack: Stack, postgres: psycopg.Connection[Any], variables: None) -> tuple[str, str]:
    """A project with three sessions that have landed, and its key; all before them is built."""
    project, _, key = projects.create(postgres, f"beside {uuid4().hex}")
    refresh()
    land(stack, key)
    return project, key


def land(stack: Stack, key: str) -> None:
    """Three sessions, others each time; one may have no page and so no journey."""
    traffic = generate(Plan(3, 1, seed=uuid4().int % 10**6))
    load_batches(replace(stack.endpoints, project_key=key), traffic)


def test_each_document_is_written_once_beside_the_publish_and_counted(
    stack: Stack,
    mongo: Mongo,
    clickhouse: Client,
    tried: tuple[str, str],
) -> None:
    for full in (False, True):
        land(stack, tried[1])
        before = documents(mongo, [tried[0]])[SESSIONS]
        with watched() as (done, written):
            refreshed = refresh(full=full)
        assert {kind for kind, _, _ in done} == {"beside"}
        assert set(done.values()) == {1}
        cleared = {name for _, what, name in done if what == "clear"}
        assert cleared == {one.name for one in DERIVED if full and not one.is_of_record}
        assert refreshed.written["documents in MongoDB"] == sum(written) > 0
        after = documents(mongo, [tried[0]])
        assert set(before) < set(after[SESSIONS])
        assert len(after[SESSIONS]) == (9 if full else 6)
        ((journeys,),) = clickhouse.query(
            "SELECT uniqExact(session_id) FROM gosight.journeys WHERE project_id = {p:String}",
            parameters={"p": tried[0]},
        ).result_rows
        assert len(after[JOURNEYS]) == journeys


def test_only_whole_runs_of_a_plan_begin_them(stack: Stack, tried: tuple[str, str]) -> None:
    refresh()
    with mock.patch.object(Run, "beside") as begin, dg.DagsterInstance.ephemeral() as instance:
        begin.return_value.exception.return_value = ValueError("as if it had failed at once")
        scheduler = Scheduler(instance)
        land(stack, tried[1])
        late = dg.AssetSelection.groups("documents", "erase")
        assert scheduler.materialise(dg.AssetSelection.all() - late).error == ""
        land(stack, tried[1])
        begin.assert_not_called()
        with stopping(in_step="landing/sessions"):
            stopped = scheduler.refresh()
        begin.assert_called_once()
        assert scheduler.again(stopped, from_failure=True).error == ""
        begin.assert_called_once()


def test_documents_of_a_run_that_died_before_its_end_are_erased_like_others(
    stack: Stack,
    postgres: psycopg.Connection[Any],
    mongo: Mongo,
    tried: tuple[str, str],
) -> None:
    marts_are_built = Run.marts_are_built

    def and_all_are_written(run: Run, context: dg.AssetExecutionContext) -> None:
        marts_are_built(run, context)
        assert beside.ended(run)

    with (
        mock.patch.object(Run, "marts_are_built", and_all_are_written),
        dg.DagsterInstance.ephemeral() as instance,
        stopping(in_step="landing/sessions"),
    ):
        assert "stopped" in Scheduler(instance).refresh().error
    (erased, *kept) = mongo.hxi_journey_db.journeys.find({"projectId": {"$eq": tried[0]}})
    request = ask(postgres, Subject(tried[0], session_id=erased["sessionId"]))

    refresh()

    after = documents(mongo, [tried[0]])
    assert after[JOURNEYS] == sorted(map(str, kept))
    assert not [name for name, found in after.items() if erased["sessionId"] in str(found)]
    done = "SELECT done_at IS NOT NULL FROM ops.erasure_requests WHERE request_id = %s"
    assert postgres.execute(done, (request,)).fetchone() == (True,)
