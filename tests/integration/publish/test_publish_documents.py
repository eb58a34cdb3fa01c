"""The PostgreSQL documents, executed as they stand, beside the live tables."""

from typing import Any, LiteralString

import psycopg
import pytest

from hxi.admin.folder import CHECKOUT
from hxi.admin.migrations import PostgresTarget, migrate, read_folder
from hxi.admin.prepare import POSTGRES_COMPONENTS
from orchestration.publish.landing_tables import follow_contract
from tests import source_tables
from tests.integration.publish import documents, er_diagram
from tests.integration.publish.documents import Table

HXI, HXI_V0 = "001_hxi_postgres_v1.md", "000_hxi_postgres_v0.md"
TRACEFLOW, GOSIGHT = "002_traceflow.md", "003_gosight.md"

# Tables the document of TRACEFLOW names and does not define.
ASSUMED = """
CREATE TABLE traceflow_projects (id UUID PRIMARY KEY);
CREATE TABLE traceflow_project_members (project_id UUID, user_id UUID);
CREATE TABLE user_roles (user_id UUID, role TEXT);
CREATE TABLE users (id UUID PRIMARY KEY);
"""


def documented(
    served: psycopg.Connection[Any],
    document: str,
    sections: str = ".*",
    assumed: LiteralString = "",
) -> dict[str, Table]:
    """The tables of the document's sections, made in a schema of their own."""
    text = source_tables.document(document)
    with served.transaction():
        served.execute("CREATE SCHEMA documented")
        served.execute("SET LOCAL search_path TO documented")
        if assumed:
            served.execute(assumed)
        known = documents.tables(served, "documented")
        for block in documents.blocks(text, sections):
            here = block.replace("public.", "documented.").replace("auth.users", "documented.users")
            served.execute(here.encode())
    made = documents.tables(served, "documented")
    return {name: table for name, table in made.items() if name not in known}


def unexplained(found: set[documents.Difference], document: str) -> list[documents.Difference]:
    """Differences no entry of the list is about."""
    listed = documents.deviations(document)
    return sorted(d for d in found if not any(entry.explains(d) for entry in listed))


def outdated(found: set[documents.Difference], document: str) -> list[documents.Deviation]:
    """Entries of the list that are about no difference."""
    listed = documents.deviations(document)
    return [entry for entry in listed if not any(entry.explains(d) for d in found)]


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ("hxi", (HXI,)),
        ("hxi_v0", (HXI_V0,)),
        ("gosight", (GOSIGHT, "4. PostgreSQL")),
        ("traceflow", (TRACEFLOW, "(?!Migration)", ASSUMED)),
    ],
)
def test_the_facts_are_what_the_documents_say(
    served: psycopg.Connection[Any], schema: str, arguments: tuple[Any, ...]
) -> None:
    made = documented(served, *arguments)
    assert source_tables.of_tables(made) == source_tables.facts("postgresql", schema)


def test_hxi_is_the_document_but_for_the_listed_deviations(served: psycopg.Connection[Any]) -> None:
    wanted = source_tables.tables("hxi")
    assert len(wanted) == 11
    found = set(documents.differences(wanted, documents.tables(served, "hxi")))
    assert unexplained(found, "hxi") == []
    assert outdated(found, "hxi") == []


def test_the_er_diagram_is_of_the_live_schema(served: psycopg.Connection[Any]) -> None:
    assert er_diagram.page(served) == er_diagram.PAGE.read_text()


def test_hxi_v0_has_the_names_and_types_of_its_document(served: psycopg.Connection[Any]) -> None:
    wanted = source_tables.tables("hxi_v0")
    assert len(wanted) == 11
    live = documents.tables(served, "hxi_v0")
    found = set(documents.differences(wanted, live, views=True))
    assert unexplained(found, "hxi_v0") == []
    assert outdated(found, "hxi_v0") == []


def test_gosight_is_the_document(served: psycopg.Connection[Any]) -> None:
    wanted = source_tables.tables("gosight")
    assert len(wanted) == 7
    found = set(documents.differences(wanted, documents.tables(served, "gosight")))
    assert unexplained(found, "gosight_postgres") == []
    assert outdated(found, "gosight_postgres") == []


def test_traceflow_is_the_document_but_for_the_listed_deviations(
    served: psycopg.Connection[Any],
) -> None:
    wanted = source_tables.tables("traceflow")
    assert len(wanted) == 8
    found = set(documents.differences(wanted, documents.tables(served, "traceflow")))
    assert unexplained(found, "traceflow") == []
    assert outdated(found, "traceflow") == []


def test_differences_between_document_and_tables_are_noticed(
    served: psycopg.Connection[Any],
) -> None:
    before = documents.tables(served, "hxi")
    served.execute("ALTER TABLE hxi.error_logs DROP COLUMN stack_trace CASCADE")
    served.execute("DROP VIEW hxi_v0.events")
    served.execute("ALTER TABLE hxi.events ALTER COLUMN x TYPE BIGINT")
    served.execute("DROP INDEX hxi.idx_events_type")
    served.execute("DROP TABLE hxi.session_replay_chunks CASCADE")

    after = documents.tables(served, "hxi")
    found = set(documents.differences(before, after))
    assert found == {
        documents.Difference("error_logs", "stack_trace", "missing"),
        documents.Difference("events", "x", "bigint"),
        documents.Difference("events", "project_id", "no index"),
        documents.Difference("session_replay_chunks", "*", "missing"),
    }


def test_every_migration_can_be_taken_back_and_applied_again(
    served: psycopg.Connection[Any],
) -> None:
    schemas = ("landing", "hxi", "hxi_v0", "traceflow")
    before = {schema: documents.tables(served, schema) for schema in schemas}
    target, folders = PostgresTarget(served), {**POSTGRES_COMPONENTS}
    names = [*folders]
    # What was built on its tables goes first and comes last.
    upon = names[names.index("publish") + 1 :]
    for name in reversed(upon):
        migrate(target, name, CHECKOUT / folders[name], 0)
    folder = CHECKOUT / folders["publish"]
    newest = len(read_folder(folder))

    for version in range(newest - 1, -1, -1):
        migrate(target, "publish", folder, version)
    left = served.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [[*schemas]])
    assert left.fetchall() == []
    assert len(migrate(target, "publish", folder)) == newest
    for name in upon:
        migrate(target, name, CHECKOUT / folders[name])
    follow_contract(served)
    assert {schema: documents.tables(served, schema) for schema in schemas} == before
