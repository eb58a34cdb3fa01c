"""A large first publish fills empty tables without their keys and indexes, and makes them after."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RaiseException

from hxi.admin import clients
from orchestration.publish import merge
from orchestration.publish.merge import UNCHANGED
from tests.integration.publish.documents import tables
from tests.integration.publish.stand_in_marts import Visit, whole_visit
from tests.integration.publish.warehouse import Warehouse

SCHEMAS = ("hxi", "traceflow")
REMOVE = "SELECT landing.remove_keys('{hxi.events}'::text[]::regclass[])"


def visits() -> list[Visit]:
    """With rows in every table."""
    return [whole_visit(str(n), str(n % 2)) for n in range(4)]


def keys(warehouse: Warehouse) -> dict[str, Any]:
    """Every constraint and index of the served tables, by name."""
    rows = warehouse.connection.execute(
        "SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace::regnamespace::text = ANY(%(schemas)s) UNION ALL"
        " SELECT tablename || ' ' || indexname, indexdef FROM pg_indexes"
        " WHERE schemaname = ANY(%(schemas)s)",
        {"schemas": list(SCHEMAS)},
    )
    return dict(rows.fetchall())


@pytest.fixture
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few sessions count as a large first publish."""
    monkeypatch.setattr(merge, "MIN_SESSIONS", 1)


@pytest.fixture
def filled(warehouse: Warehouse, any_size: None) -> Iterator[Warehouse]:
    """Published into empty tables without keys; they must be as before afterwards."""
    before = keys(warehouse), [tables(warehouse.connection, schema) for schema in SCHEMAS]
    warehouse.marts.put(*visits())
    warehouse.publish(*visits())
    yield warehouse
    after = keys(warehouse), [tables(warehouse.connection, schema) for schema in SCHEMAS]
    assert after == before


def test_rows_are_those_of_a_fill_with_keys(
    filled: Warehouse, fresh: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    fresh.publish(*visits())
    assert filled.facts() == fresh.facts()
    assert set(filled.publish(*visits()).values()) == {UNCHANGED}


def test_a_table_somebody_reads_is_filled_with_its_keys(
    warehouse: Warehouse, any_size: None
) -> None:
    before = keys(warehouse)
    warehouse.marts.put(*visits())
    with clients.postgres(warehouse.dsn) as reader, reader.transaction():
        reader.execute("SELECT FROM hxi.events")
        inserted = warehouse.publish(*visits())["events"].inserted
    assert inserted == sum(len(visit.events) for visit in visits())
    assert keys(warehouse) == before


def test_a_reader_waits_for_the_whole_of_a_large_first_publish(
    warehouse: Warehouse, any_size: None
) -> None:
    warehouse.marts.put(*visits())
    over = threading.Event()
    seen: set[tuple[int, ...]] = set()

    def read() -> None:
        with clients.postgres(warehouse.dsn) as connection:
            while not over.is_set():
                seen.update(
                    connection.execute(
                        "SELECT (SELECT count(*) FROM hxi.sessions),"
                        " (SELECT count(*) FROM hxi.events),"
                        " (SELECT count(*) FROM traceflow.traceflow_events)"
                    )
                )

    reader = threading.Thread(target=read)
    reader.start()
    warehouse.publish(*visits())
    over.set()
    reader.join()
    events = sum(len(visit.events) for visit in visits())
    assert seen <= {(0, 0, 0), (len(visits()), events, events)}


def test_only_empty_served_tables_lose_their_keys_and_only_for_the_publisher(
    filled: Warehouse,
) -> None:
    with pytest.raises(RaiseException, match=r"only an empty served table .* not hxi\.events"):
        filled.connection.execute(REMOVE)
    with pytest.raises(RaiseException, match="only an empty served table"):
        filled.connection.execute(REMOVE.replace("hxi.events", "gosight.api_keys").encode())
    for role in ("bi_reader", "authenticated", "anon", "hxi_ingest"):
        with (
            psycopg.connect(filled.dsn, options=f"-c role={role}") as other,
            pytest.raises(InsufficientPrivilege),
        ):
            other.execute(REMOVE)
