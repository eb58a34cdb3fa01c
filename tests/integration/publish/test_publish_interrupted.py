"""Runs that die while they publish, and runs that are no longer the newest."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

import psycopg
import pytest

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from hxi.admin.folder import CHECKOUT
from orchestration.publish.copy import copy_plan
from orchestration.publish.merge import LandingLostError, merge_plan
from orchestration.publish.transaction import StaleRunError
from tests.integration.publish.stand_in_marts import whole_visit
from tests.integration.publish.warehouse import Warehouse
from tests.waiting import until

PAUSE = 4711  # the advisory lock a paused publish waits for
DEADLINE_S = 60


STAYS = whole_visit("stays", "ann")
SHRINKS = whole_visit("shrinks", "ann")
SHRUNK = replace(SHRINKS, events=SHRINKS.events[1:3], insights=(), steps=("/",))
GONE = whole_visit("gone", "carl")
NEW = whole_visit("new", "dora")
PLAN = (STAYS, SHRUNK, GONE, NEW)


def change_marts(warehouse: Warehouse) -> None:
    """From STAYS, SHRINKS and GONE to STAYS, SHRUNK and NEW."""
    warehouse.marts.put(SHRUNK, NEW)
    warehouse.marts.erase(GONE)


@dataclass
class Publishing:
    """Starts publishes in processes of their own; each is killed when the test ends."""

    url: str
    warehouse: Warehouse
    children: list[subprocess.Popen[bytes]]

    def start(self, plan_id: int) -> subprocess.Popen[bytes]:
        """Publish the marts' plan as the run of this number."""
        module = "tests.integration.publish.publishing"
        where = [self.warehouse.dsn, self.url, self.warehouse.marts.database]
        command = [sys.executable, "-m", module, *where, str(plan_id)]
        child = subprocess.Popen(command, cwd=CHECKOUT)
        self.children.append(child)
        return child


@pytest.fixture
def publishing(warehouse: Warehouse, endpoints: Endpoints) -> Iterator[Publishing]:
    """For this test's warehouse."""
    started = Publishing(endpoints.clickhouse_url, warehouse, [])
    yield started
    for child in started.children:
        child.kill()
        child.wait()


@contextmanager
def paused_at(warehouse: Warehouse, when: LiteralString) -> Iterator[None]:
    """A publish stops at its first row `when` (e.g. INSERT ON hxi.events) until the block ends."""
    with psycopg.connect(warehouse.dsn, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (PAUSE,))
        warehouse.connection.execute(
            "CREATE FUNCTION public.pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM pg_advisory_xact_lock_shared({PAUSE}); RETURN coalesce(NEW, OLD); END $$"
        )
        warehouse.connection.execute(
            f"CREATE TRIGGER pause BEFORE {when} FOR EACH ROW EXECUTE FUNCTION public.pause()"
        )
        yield
    warehouse.connection.execute("DROP FUNCTION public.pause() CASCADE")


def waiting(connection: psycopg.Connection[Any], kind: str) -> bool:
    """Whether some session of this database waits for a lock of this kind."""
    query = (
        "SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE NOT granted AND locktype = %s AND datname = current_database()"
    )
    return connection.execute(query, (kind,)).rowcount > 0


@pytest.mark.parametrize(
    "when",
    [
        "INSERT ON landing.planned_sessions",
        "INSERT ON landing.experience_scores",
        "INSERT ON hxi.users",
        "UPDATE ON hxi.sessions",
        "DELETE ON hxi.events",
        "INSERT ON hxi.latency_metrics",
        "INSERT ON hxi.error_logs",
        "INSERT ON traceflow.traceflow_sessions",
        "DELETE ON traceflow.traceflow_events",
        "UPDATE ON traceflow.traceflow_ux_issues",
        "DELETE ON hxi.sessions",
        "DELETE ON hxi.users",
    ],
)
def test_a_run_killed_while_it_publishes_leaves_no_trace_and_the_next_makes_all_whole(
    warehouse: Warehouse, fresh: Warehouse, publishing: Publishing, when: LiteralString
) -> None:
    warehouse.marts.put(STAYS, SHRINKS, GONE)
    warehouse.publish(STAYS, SHRINKS, GONE)
    before, ids = warehouse.everything(), warehouse.ids()
    change_marts(warehouse)
    warehouse.marts.plan(PLAN)

    with paused_at(warehouse, when):
        child = publishing.start(warehouse.begin())
        until(lambda: waiting(warehouse.connection, "advisory"))
        assert warehouse.everything() == before
        child.kill()
        assert child.wait() == -9
    assert warehouse.everything() == before

    warehouse.publish(*PLAN)
    fresh.publish(STAYS, SHRUNK, NEW)
    assert warehouse.facts() == fresh.facts()
    for table, now in warehouse.ids().items():
        assert now.items() & ids[table].items() == {
            (k, v) for k, v in now.items() if k in ids[table]
        }


def test_a_newer_run_waits_for_an_older_ones_merge_and_has_the_last_word(
    warehouse: Warehouse, fresh: Warehouse, publishing: Publishing
) -> None:
    warehouse.marts.put(STAYS, SHRINKS, GONE)
    warehouse.marts.plan([STAYS, SHRINKS, GONE])

    with paused_at(warehouse, "INSERT ON hxi.events"):
        older = publishing.start(warehouse.begin())
        until(lambda: waiting(warehouse.connection, "advisory"))
        change_marts(warehouse)
        warehouse.marts.plan(PLAN)
        newer = publishing.start(warehouse.begin())
        until(lambda: waiting(warehouse.connection, "relation"))
        assert warehouse.rows("sessions") == []
    assert (older.wait(DEADLINE_S), newer.wait(DEADLINE_S)) == (0, 0)

    fresh.publish(STAYS, SHRUNK, NEW)
    assert warehouse.facts() == fresh.facts()


def test_a_run_that_is_no_longer_the_newest_can_neither_copy_nor_merge(
    warehouse: Warehouse,
) -> None:
    warehouse.marts.put(STAYS)
    stale = warehouse.begin()
    warehouse.copy(STAYS, plan_id=stale)
    newest = warehouse.begin()
    warehouse.copy(GONE, plan_id=newest)

    with pytest.raises(StaleRunError, match=f"run {newest} has begun after this one"):
        merge_plan(warehouse.connection, stale)
    with pytest.raises(StaleRunError, match="nothing was written"):
        copy_plan(warehouse.clickhouse, warehouse.connection, stale, warehouse.marts.source)

    assert warehouse.rows("sessions") == []
    assert merge_plan(warehouse.connection, newest).keys() == warehouse.everything().keys()


def test_the_copy_of_another_run_is_not_merged(warehouse: Warehouse) -> None:
    warehouse.marts.put(STAYS)
    warehouse.copy(STAYS)
    with pytest.raises(LandingLostError, match="run the copy to landing first"):
        merge_plan(warehouse.connection, warehouse.begin())
    assert warehouse.rows("sessions") == []


def test_a_merge_before_any_copy_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(LandingLostError, match="run the copy to landing first"):
        merge_plan(warehouse.connection, warehouse.begin())


def test_landing_tables_that_a_crash_of_the_server_emptied_delete_nothing(
    warehouse: Warehouse,
) -> None:
    warehouse.marts.put(STAYS)
    warehouse.publish(STAYS)
    before = warehouse.everything()
    plan_id = warehouse.begin()
    warehouse.copy(STAYS, plan_id=plan_id)
    warehouse.connection.execute(
        "TRUNCATE landing.planned_sessions, landing.sessions, landing.events, landing.insights,"
        " landing.journeys, landing.experience_scores"
    )

    with pytest.raises(LandingLostError, match="0 of the 1 planned sessions"):
        merge_plan(warehouse.connection, plan_id)
    assert warehouse.everything() == before


def test_a_publish_inside_an_open_transaction_is_refused(warehouse: Warehouse) -> None:
    with clients.postgres(warehouse.dsn) as connection, connection.transaction():
        connection.execute("SELECT 1")
        with pytest.raises(Exception, match="commit first"):
            merge_plan(connection, 1)
