"""What anon, the publisher, ingest and services may do, each column of each relation asked."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from hxi.admin import access, projects
from orchestration.lease.publisher import publisher_connection
from orchestration.publish.tables import SERVED_TABLES
from tests.integration.access.two_projects import TwoProjects

WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
Privileges = set[tuple[str, str]]


def on_tables(connection: psycopg.Connection[Any], role: str) -> Privileges:
    """(table, privilege) of the whole table or any of its columns, in every schema but system's."""
    rows = connection.execute(
        """
        SELECT nspname || '.' || relname, privilege
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        CROSS JOIN unnest(%(all)s::text[]) AS privilege
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
          AND nspname !~ '^pg_' AND nspname <> 'information_schema'
          AND has_schema_privilege(%(role)s, pg_namespace.oid, 'USAGE')
          AND (has_table_privilege(%(role)s, pg_class.oid, privilege)
               OR CASE WHEN privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                  THEN has_any_column_privilege(%(role)s, pg_class.oid, privilege) END)
        """,
        {"all": ["SELECT", *WRITES], "role": role},
    ).fetchall()
    return set(rows)


def columns(connection: psycopg.Connection[Any], role: str, table: str, privilege: str) -> set[str]:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %(table)s::regclass AND attnum > 0"
        " AND NOT attisdropped"
        " AND has_column_privilege(%(role)s, attrelid, attnum, %(privilege)s)",
        {"role": role, "table": table, "privilege": privilege},
    ).fetchall()
    return {name for (name,) in rows}


def test_anon_inserts_recordings_and_nothing_else(
    two: TwoProjects, owner: psycopg.Connection[Any], admin: psycopg.Connection[Any]
) -> None:
    recordings = "traceflow.session_recordings"
    assert on_tables(owner, "anon") == {(recordings, "INSERT")}
    insert = f"INSERT INTO {recordings} (project_id, session_id) VALUES (%s, %s)".encode()
    admin.execute("SET ROLE anon")
    with admin.transaction(force_rollback=True):
        admin.execute(insert, (two.ours.project, uuid4().hex))
    with pytest.raises(InsufficientPrivilege), admin.transaction():
        admin.execute(insert + b" RETURNING id", (two.ours.project, uuid4().hex))


def test_claims_count_for_no_role_that_a_login_can_become(owner: psycopg.Connection[Any]) -> None:
    logins = owner.execute(
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper"
        " AND (pg_has_role(oid, 'authenticated', 'SET') OR pg_has_role(oid, 'anon', 'SET')"
        "   OR pg_has_role(oid, 'authenticated', 'USAGE'))"
    ).fetchall()
    assert logins == []


def test_the_publisher_writes_derived_columns_of_served_tables_and_what_it_works_with(
    owner: psycopg.Connection[Any],
) -> None:
    served = {f"{table.schema}.{table.name}": table for table in SERVED_TABLES}
    may = on_tables(owner, "hxi_publisher")
    written = {name for name, privilege in may if privilege in WRITES}
    assert {name for name in written if not name.startswith(("landing.", "stage."))} == set(served)
    others = {(name, privilege) for name, privilege in may if not name.startswith("landing.")}
    assert not {name for name, privilege in others if privilege in {"TRIGGER", "REFERENCES"}}
    assert {name for name, _ in may if name.startswith("gosight.")} == {"gosight.projects"}
    for name, table in served.items():
        inserted = columns(owner, "hxi_publisher", name, "INSERT")
        updated = columns(owner, "hxi_publisher", name, "UPDATE")
        assert inserted == set(table.columns), name
        assert updated == {*table.key, *table.derived}, name


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT FROM gosight.api_keys",
        "SELECT FROM gosight.users",
        "UPDATE gosight.projects SET name = ''",
        "INSERT INTO access.bi_grants VALUES ('bi', gen_random_uuid())",
        "UPDATE traceflow.traceflow_ux_issues SET status = 'open'",
        "UPDATE traceflow.traceflow_sessions SET ai_summary = ''",
        "TRUNCATE hxi.events",
        "DROP TABLE landing.copied",
        "CREATE TABLE hxi.mine (n integer)",
        "DELETE FROM migrations.history",
    ],
)
def test_a_runs_connection_can_write_nothing_of_people_or_services(
    two: TwoProjects, statement: str
) -> None:
    with publisher_connection(two.dsn) as connection:
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode())
        connection.rollback()


def test_the_publisher_sees_every_project(two: TwoProjects) -> None:
    with publisher_connection(two.dsn) as connection:
        rows = connection.execute("SELECT DISTINCT project_id::text FROM hxi.events").fetchall()
    assert {project for (project,) in rows} == {two.ours.project, two.theirs.project}


LOGS = {"traceflow.neurorouter_logs", "traceflow.audit_logs"}
SERVICES_KEEP = {
    "traceflow.traceflow_sessions": {"geolocation", "ai_analyzed", "ai_summary", "ai_root_cause"},
    "traceflow.traceflow_events": set(),
    "traceflow.session_recordings": {"device_fingerprint"},
}


def test_services_keep_what_is_theirs_and_no_more(owner: psycopg.Connection[Any]) -> None:
    may = on_tables(owner, "hxi_service")
    assert {name.partition(".")[0] for name, _ in may} == {"traceflow", "auth"}
    written = {name for name, privilege in may if privilege in WRITES}
    assert written == {
        *SERVICES_KEEP,
        *LOGS,
        "traceflow.traceflow_ux_issues",
        "traceflow.traceflow_ai_queue",
        "traceflow.traceflow_subscriptions",
        "traceflow.traceflow_user_features",
    }
    assert {right for name, right in may if name in LOGS} == {"SELECT", "INSERT"}
    for name, kept in SERVICES_KEEP.items():
        assert columns(owner, "hxi_service", name, "UPDATE") == kept
    counted = {"sessions_used", "recordings_used"}
    for privilege in ("INSERT", "UPDATE"):
        plans = columns(owner, "hxi_service", "traceflow.traceflow_subscriptions", privilege)
        assert "ai_credits_used" in plans
        assert not plans & counted
    marks = columns(owner, "hxi_service", "traceflow.traceflow_ux_issues", "INSERT")
    assert {"issue_key", "status"} & marks == {"status"}


def test_services_add_rows_of_their_own_and_leave_published_ones_there(
    two: TwoProjects, admin: psycopg.Connection[Any]
) -> None:
    project = two.ours.project
    with admin.transaction(force_rollback=True):
        admin.execute("UPDATE traceflow.traceflow_sessions SET source_session_id = id")
        admin.execute("UPDATE traceflow.traceflow_events SET source_event_id = id")
        admin.execute("SET LOCAL ROLE hxi_service")
        admin.execute(
            "INSERT INTO traceflow.traceflow_sessions (project_id, session_id) VALUES (%s, 'own')",
            (project,),
        )
        admin.execute(
            "INSERT INTO traceflow.traceflow_events (project_id, session_id, event_type)"
            " VALUES (%s, 'own', 'error')",
            (project,),
        )
        summed = admin.execute("UPDATE traceflow.traceflow_sessions SET ai_summary = 'seen'")
        assert summed.rowcount > 1, "published ones too"
        for table in ("traceflow_events", "traceflow_sessions"):
            assert admin.execute(f"DELETE FROM traceflow.{table}".encode()).rowcount == 1
    admin.execute("SET ROLE hxi_service")
    for statement in (
        "UPDATE traceflow.traceflow_sessions SET event_count = 0",
        "INSERT INTO traceflow.traceflow_ux_issues (issue_key) VALUES (gen_random_uuid())",
        "UPDATE traceflow.traceflow_subscriptions SET sessions_used = 0",
        "DELETE FROM traceflow.audit_logs",
        "INSERT INTO traceflow.user_roles VALUES (gen_random_uuid(), 'admin')",
        "SELECT FROM gosight.api_keys",
        "SELECT FROM hxi.sessions",
    ):
        with pytest.raises(InsufficientPrivilege):
            admin.execute(statement.encode())


def test_ingest_reads_keys_and_settings_and_marks_keys_as_used(
    owner: psycopg.Connection[Any],
) -> None:
    keys = "gosight.api_keys"
    assert on_tables(owner, access.INGEST) == {
        (keys, "SELECT"),
        (keys, "UPDATE"),
        ("gosight.projects", "SELECT"),
    }
    assert columns(owner, access.INGEST, keys, "UPDATE") == {"last_used_at", "request_count"}


def test_ingest_looks_up_keys_as_itself(two: TwoProjects, admin: psycopg.Connection[Any]) -> None:
    admin.execute("SET ROLE hxi_ingest")
    key = projects.hash_key("gs_unknown")
    assert not admin.execute(
        "SELECT project_id::text, permissions, is_active, expires_at, rate_limit"
        " FROM gosight.api_keys WHERE key_hash = %s",
        (key,),
    ).fetchall()
    admin.execute("UPDATE gosight.api_keys SET last_used_at = now() WHERE key_hash = %s", (key,))
    for statement in (
        "SELECT * FROM gosight.api_keys",
        "SELECT FROM hxi.events",
        "UPDATE gosight.api_keys SET is_active = true",
        "INSERT INTO gosight.api_keys (project_id) VALUES (NULL)",
        "SELECT name FROM gosight.projects",
    ):
        with pytest.raises(InsufficientPrivilege):
            admin.execute(sql.SQL(statement))
