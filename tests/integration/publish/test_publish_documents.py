"""The PostgreSQL documents, executed as they stand, beside the live tables."""

from pathlib import Path

import pytest

from tests.integration.publish import documents
from tests.integration.publish.documents import Table
from tests.integration.publish.warehouse import Warehouse

SPECS = Path(__file__).resolve().parents[4] / "shared" / "spec"
HXI, HXI_V0, GOSIGHT = "001_hxi_postgres_v1.md", "000_hxi_postgres_v0.md", "003_gosight.md"


def documented(warehouse: Warehouse, document: str, sections: str = ".*") -> dict[str, Table]:
    """The document's tables, made in a schema of their own."""
    if not SPECS.is_dir():
        pytest.skip("needs the source documents in ../shared/spec beside the checkout, not there")
    with warehouse.connection.transaction():
        warehouse.connection.execute("CREATE SCHEMA documented")
        warehouse.connection.execute("SET LOCAL search_path TO documented")
        for block in documents.blocks(SPECS / document, sections):
            warehouse.connection.execute(block.encode())
    return documents.tables(warehouse.connection, "documented")


def unexplained(found: set[documents.Difference], document: str) -> list[documents.Difference]:
    """Differences no entry of the list is about."""
    listed = documents.deviations(document)
    return sorted(d for d in found if not any(entry.explains(d) for entry in listed))


def outdated(found: set[documents.Difference], document: str) -> list[documents.Deviation]:
    """Entries of the list that are about no difference."""
    listed = documents.deviations(document)
    return [entry for entry in listed if not any(entry.explains(d) for d in found)]


def test_hxi_is_the_document_but_for_the_listed_deviations(warehouse: Warehouse) -> None:
    wanted = documented(warehouse, HXI)
    assert len(wanted) == 11
    found = set(documents.differences(wanted, documents.tables(warehouse.connection, "hxi")))
    assert unexplained(found, "hxi") == []
    assert outdated(found, "hxi") == []


def test_hxi_v0_has_the_names_and_types_of_its_document(warehouse: Warehouse) -> None:
    wanted = documented(warehouse, HXI_V0)
    assert len(wanted) == 11
    live = documents.tables(warehouse.connection, "hxi_v0")
    found = set(documents.differences(wanted, live, views=True))
    assert unexplained(found, "hxi_v0") == []
    assert outdated(found, "hxi_v0") == []


def test_gosight_is_the_document(warehouse: Warehouse) -> None:
    wanted = documented(warehouse, GOSIGHT, "4. PostgreSQL")
    assert len(wanted) == 7
    found = set(documents.differences(wanted, documents.tables(warehouse.connection, "gosight")))
    assert unexplained(found, "gosight_postgres") == []
    assert outdated(found, "gosight_postgres") == []


def test_differences_between_document_and_tables_are_noticed(warehouse: Warehouse) -> None:
    before = documents.tables(warehouse.connection, "hxi")
    warehouse.connection.execute("ALTER TABLE hxi.error_logs DROP COLUMN stack_trace CASCADE")
    warehouse.connection.execute("DROP VIEW hxi_v0.events")
    warehouse.connection.execute("ALTER TABLE hxi.events ALTER COLUMN x TYPE BIGINT")
    warehouse.connection.execute("DROP INDEX hxi.idx_events_type")
    warehouse.connection.execute("DROP TABLE hxi.session_replay_chunks CASCADE")

    after = documents.tables(warehouse.connection, "hxi")
    found = set(documents.differences(before, after))
    assert found == {
        documents.Difference("error_logs", "stack_trace", "missing"),
        documents.Difference("events", "x", "bigint"),
        documents.Difference("events", "project_id", "no index"),
        documents.Difference("session_replay_chunks", "*", "missing"),
    }
