"""Exactness with retention: the warehouse ends as if what came too late had never come."""

from collections.abc import Iterator
from random import Random

import pytest
from psycopg import sql

from hxi.admin import projects
from ingest.schema import mongo as schema
from orchestration.raw.reconcile import check_ledger
from orchestration.run.refresh import refresh
from tests.e2e.exact_histories import ProjectHistory
from tests.e2e.landing_path import LandingPath
from tests.e2e.retention_histories import RetentionHistory
from tests.e2e.warehouse_rows import AUDIT, Mongo, Rows, Served, difference, own_stores

PROJECTS = 4
RUNS = 3
# When a batch was accepted, and ids that a store gives: other ones each time.
NOT_COMPARED = {"sent_order", "order_number", "ingested_at", "created_at", "updated_at"}
GIVEN_IDS = {"id", "event_id"}
RECORDINGS = {"gosight.replay_chunks", "hxi.session_replay_chunks", "traceflow.session_recordings"}
# Made of several sessions: what is left of them when one has left is not compared.
ROLLED_UP = {"hxi.users", "traceflow.traceflow_ux_issues"}


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Mongo]]:
    """Stores of this test's own: an expiry takes from every project there is."""
    with own_stores(tmp_path_factory.mktemp("expiring")) as stores:
        yield stores


@pytest.mark.timeout(3600)
def test_the_warehouse_ends_as_if_what_came_too_late_had_never_come(
    own_stack: tuple[Served, Mongo],
) -> None:
    served, mongo = own_stack
    names = [projects.create(served.postgres, f"expiring {n}")[0] for n in range(PROJECTS)]
    life = RetentionHistory(
        LandingPath(mongo, served.clickhouse),
        Random(1),
        [ProjectHistory(name, Random(f"1 {number}")) for number, name in enumerate(names)],
        clickhouse=served.clickhouse,
    )
    with life.scheduler.instance:
        life.play(RUNS)
    assert check_ledger(mongo, served.clickhouse) == [], life.steps
    found = rows(served)
    gone = keys(served, "session_id FROM ops.expired_marts")
    unrecorded = keys(served, "session_id FROM ops.expired_replays")
    erased = {one.id for one in life.projects if one.erased}
    frozen = {key for key in keys(served, "day FROM ops.closed_days") if key[0] in erased}

    begin_anew(served, mongo)
    path = LandingPath(mongo, served.clickhouse)
    for project, events in life.on_time().items():
        path.accept(project, events)
    path.land()
    refresh(full=True)
    expected = rows(served)

    def is_comparable(table: str, row: str) -> bool:
        """Not what has left, nor a closed day that an erased session is counted on still."""
        if table in ROLLED_UP and any(project in row for project, _ in gone):
            return False
        left = gone | (unrecorded if table in RECORDINGS else set())
        return not any(project in row and key in row for project, key in left | frozen)

    assert gone, f"nothing has left the marts: {life.steps}"
    kept = {
        table: [row for row in of_table if is_comparable(table, row)]
        for table, of_table in expected.items()
    }
    there = {
        table: [row for row in of_table if is_comparable(table, row)]
        for table, of_table in found.items()
    }
    different = difference(there, kept)
    assert not different, "\n".join([*life.steps, different])
    left = [
        row
        for table in found.values()
        for row in table
        for project, key in gone
        if project in row and key in row
    ]
    assert left == [], life.steps


def keys(served: Served, columns_and_table: str) -> set[tuple[str, str]]:
    """Project and text of a key."""
    query = f"SELECT project_id, {columns_and_table}"
    return {(project, str(key)) for project, key in served.clickhouse.query(query).result_rows}


def rows(served: Served) -> Rows:
    """Every row of what is served, without the columns that differ each time."""
    built = {name: served.of_clickhouse(name, but=NOT_COMPARED) for name in served.built()}
    given = NOT_COMPARED | GIVEN_IDS
    return built | {name: served.of_postgresql(name, but=given) for name in published(served)}


def published(served: Served) -> list[str]:
    """Tables of PostgreSQL that a publish fills."""
    return [name for name in served.published() if name != AUDIT]


def begin_anew(served: Served, mongo: Mongo) -> None:
    """Nothing landed, nothing built, nothing served; projects stay."""
    for database, table in served.clickhouse.query(
        "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree'"
        " AND database IN ('raw', 'ops', 'signals', 'intermediate', 'gosight')"
        " AND name != 'plans'"
    ).result_rows:
        served.clickhouse.command(f"TRUNCATE TABLE {database}.{table}")
    for spec in schema.COLLECTIONS:
        spec.of(mongo).delete_many({})
    names = [sql.Identifier(*name.split(".")) for name in published(served)]
    served.postgres.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
