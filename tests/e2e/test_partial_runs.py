"""Parts of runs, through Dagster's API: each ends exact or refuses, and one refresh makes it whole.

The order of the tests matters to none of them: each brings sessions of a project of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from uuid import uuid4

import dagster as dg
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from hxi.admin import projects
from hxi.load import load_batches
from orchestration.automation import refresh_when_events_land
from orchestration.checks.watch import Watch
from orchestration.plan.doubts import doubted
from orchestration.run.idle import nothing_is_new
from orchestration.run.outcome import DocumentsFailedError
from orchestration.run.refresh import refresh
from simulate import Plan, generate
from stack.embedded import Stack
from tests.e2e.scheduler import Scheduler, documents_failing, stopping

pytestmark = pytest.mark.timeout(900)


GROUPS = dg.AssetSelection.groups
STAGES = (
    *map(GROUPS, ("events", "days", "signals", "marts", "landing", "stage")),
    GROUPS("hxi", "traceflow"),
)


@dataclass
class Tried:
    """A project of a test's own, and what the stores hold of it."""

    scheduler: Scheduler
    stack: Stack
    client: Client
    postgres: "psycopg.Connection[object]"
    project: str
    key: str

    def land(self, sessions: int = 2) -> None:
        """Sessions that nobody has sent."""
        traffic = generate(Plan(sessions, days=1, seed=Random().randrange(1 << 30)))
        load_batches(replace(self.stack.endpoints, project_key=self.key), traffic)

    def sessions(self) -> tuple[int, int, int]:
        """In raw, in the marts, in PostgreSQL."""
        query = "SELECT uniqExact(session_id) FROM {} WHERE project_id = '{}'"
        raw, marts = (
            self.client.query(query.format(table, self.project)).result_rows[0][0]
            for table in ("raw.events", "gosight.sessions")
        )
        served = self.postgres.execute(
            "SELECT count(*) FROM hxi.sessions WHERE project_id = %s", (self.project,)
        ).fetchone()
        assert isinstance(served, tuple)
        return raw, marts, served[0]


@pytest.fixture
def tried(
    stack: Stack,
    clickhouse: Client,
    postgres: "psycopg.Connection[object]",
    variables: None,
) -> Iterator[Tried]:
    """The stack as jobs in this process work on it; everything that landed before is built."""
    project, _, key = projects.create(postgres, f"parts {uuid4().hex}")
    with dg.DagsterInstance.ephemeral() as instance:
        scheduler = Scheduler(instance)
        assert scheduler.refresh().error == ""
        yield Tried(scheduler, stack, clickhouse, postgres, project, key)


def assets(*names: str) -> dg.AssetSelection:
    """By their keys."""
    return dg.AssetSelection.assets(*(dg.AssetKey(name.split("/")) for name in names))


def test_done_alone_closes_nothing_and_hides_nothing(tried: Tried) -> None:
    tried.land()

    assert tried.scheduler.materialise(assets("ops/done")).error == ""
    assert tried.scheduler.materialise(assets("gosight/sessions")).error == ""
    assert tried.sessions() == (2, 0, 0)
    assert not nothing_is_new()

    checks = {"sessions_are_unique", "sessions_count_their_events"}
    assert tried.scheduler.check(dg.AssetKey(["gosight", "sessions"])).passed >= checks
    assert tried.scheduler.materialise(assets("ops/planned_sessions")).error == ""
    assert tried.scheduler.check(dg.AssetKey(["gosight", "sessions"])).passed >= checks
    refused = tried.scheduler.materialise(assets("ops/done"))
    assert "tables are missing" in refused.error
    assert tried.sessions() == (2, 0, 0)

    # One stage after the other, each a run of its own, is as good as one run.
    for stage in STAGES:
        ran = tried.scheduler.materialise(stage)
        assert (ran.error, tried.scheduler.warnings(ran)) == ("", [])
    assert tried.sessions() == (2, 2, 2)
    # A mart built again is missing what reads it, until that is built again too: the copies of
    # other marts are made with its own, so what reads those as well.
    assert tried.scheduler.materialise(assets("gosight/sessions")).error == ""
    assert "tables are missing" in tried.scheduler.materialise(assets("ops/done")).error
    copies = assets("gosight/sessions").downstream(include_self=False)
    readers = copies.required_multi_asset_neighbors().downstream()
    assert tried.scheduler.materialise(readers.required_multi_asset_neighbors()).error == ""
    assert nothing_is_new()


def test_all_that_can_be_materialised_builds_everything_and_deletes_nothing(
    tried: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kept in ("RAW", "REPLAY", "MARTS"):
        monkeypatch.setenv(f"HXI_RETENTION_{kept}_DAYS", "0")
    tried.land()

    ran = tried.scheduler.materialise(dg.AssetSelection.all())

    assert (ran.error, tried.scheduler.warnings(ran)) == ("", [])
    assert tried.sessions() == (2, 2, 2)
    assert tried.scheduler.unsynced() == []
    # Pages send the checks that are to be shown; Dagster warns of others.
    unasked = tried.scheduler.materialise(assets("gosight/sessions"), checks=False)
    assert (unasked.error, tried.scheduler.warnings(unasked)) == ("", [])
    assert unasked.passed == set()


def test_a_run_done_again_from_failure_builds_what_its_first_run_planned(tried: Tried) -> None:
    for landed, step in enumerate(("gosight/sessions", "landing/sessions", "hxi/sessions")):
        tried.land()
        with stopping(in_step=step):
            stopped = tried.scheduler.refresh()
        assert "stopped" in stopped.error
        tried.land()

        again = tried.scheduler.again(stopped, from_failure=True)

        assert again.error == ""
        assert tried.sessions() == (4 * landed + 4, 4 * landed + 2, 4 * landed + 2)
        assert not nothing_is_new(), "what landed meanwhile waits for the next plan"

    twice = tried.scheduler.again(stopped, from_failure=True)
    assert "nothing is left to do here" in twice.error
    assert tried.scheduler.status(twice) is dg.DagsterRunStatus.CANCELED
    assert tried.scheduler.refresh().error == ""
    assert tried.scheduler.unsynced() == []
    assert tried.sessions() == (12, 12, 12)
    assert nothing_is_new()


def test_a_run_whose_plan_another_one_took_over_ends_with_one_line(tried: Tried) -> None:
    tried.land()
    with stopping(in_step="gosight/sessions"):
        stopped = tried.scheduler.refresh()
    tried.land()
    with stopping(in_step="landing/sessions"):
        other = tried.scheduler.refresh()

    refused = tried.scheduler.again(stopped, from_failure=True)
    whole = tried.scheduler.again(other, from_failure=False)

    assert "taken over by another run" in refused.error
    assert whole.error == ""
    assert tried.sessions() == (4, 4, 4)


def test_what_counts_as_built_and_is_not_is_found_and_built(tried: Tried) -> None:
    def rows(table: str) -> list[Any]:
        query = f"SELECT session_id FROM gosight.{table} WHERE project_id = '{tried.project}'"
        return sorted(tried.client.query(query).result_rows)

    def doubts(*, thorough: bool) -> set[object]:
        found = tried.client.query(doubted(tried.client, thorough=thorough)).result_rows
        return {session for project, session in found if project == tried.project}

    tables = ("events", "experience_scores", "sessions")
    tried.land(4)
    assert tried.scheduler.refresh().error == ""
    built = [rows(table) for table in tables]
    exchanged, *lost = [session for (session,) in rows("sessions")]

    # Another event in place of one: no count shows that.
    one = f"project_id = '{tried.project}' AND session_id = '{exchanged}'"
    ((event,),) = tried.client.query(
        f"SELECT min(event_id) FROM gosight.events WHERE {one}"
    ).result_rows
    tried.client.command(
        "INSERT INTO gosight.events SELECT * REPLACE (generateUUIDv4() AS event_id)"
        f" FROM (SELECT * FROM gosight.events WHERE {one} AND event_id = '{event}')"
    )
    tried.client.command(f"DELETE FROM gosight.events WHERE {one} AND event_id = '{event}'")
    assert nothing_is_new()
    for number, (table, session) in enumerate(zip(tables, lost, strict=True), 1):
        tried.client.command(
            f"DELETE FROM gosight.{table} WHERE project_id = '{tried.project}'"
            f" AND session_id = '{session}'"
        )
        assert doubts(thorough=False) == set(lost[:number])
        assert not nothing_is_new()

    refresh()
    assert [rows(table) for table in tables] == built
    assert nothing_is_new()
    assert doubts(thorough=True) == {exchanged}
    refresh(verify=True)
    assert doubts(thorough=True) == set()


def test_the_sensor_asks_once_for_what_landed(tried: Tried) -> None:
    def asked() -> object:
        return refresh_when_events_land(context)

    context = dg.build_sensor_context(
        instance=tried.scheduler.instance, resources={"watch": Watch()}
    )
    with context:
        assert isinstance(asked(), dg.SkipReason)
        tried.land()
        assert isinstance(asked(), dg.RunRequest)
        assert isinstance(asked(), dg.SkipReason), "it was asked for"
        tried.land()
        assert isinstance(asked(), dg.RunRequest)
        with documents_failing(), pytest.raises(DocumentsFailedError):
            refresh()
        assert isinstance(asked(), dg.RunRequest), "for the documents that it left"
        assert isinstance(asked(), dg.SkipReason)
        refresh()
        assert isinstance(asked(), dg.SkipReason)
