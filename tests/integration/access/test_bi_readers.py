"""A BI login over every relation of the database: its project's rows, and nothing else."""

from contextlib import suppress
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import (
    CardinalityViolation,
    DivisionByZero,
    InsufficientPrivilege,
    InternalError_,
)

from hxi.admin import access
from tests.integration.access.two_projects import TwoProjects

READABLE = {
    "access.bi_grants",
    "traceflow.session_recordings",
    "traceflow.traceflow_events",
    "traceflow.traceflow_sessions",
    "traceflow.traceflow_ux_issue_sessions",
    "traceflow.traceflow_ux_issues",
    "access.issue_statuses",
    "access.saved_filters",
}
SERVED_WHOLE = {"hxi", "hxi_v0"}
# Views of hardware that is not everywhere.
NOT_ON_THIS_MACHINE = InternalError_
RELATIONS: LiteralString = """
    SELECT nspname, relname, relkind::text
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""


def relations(connection: psycopg.Connection[Any], kinds: str) -> list[tuple[str, str]]:
    rows = connection.execute(RELATIONS).fetchall()
    return [(schema, name) for schema, name, kind in rows if kind in kinds]


def select(connection: psycopg.Connection[Any], what: LiteralString, *relation: str) -> list[Any]:
    query = sql.SQL("SELECT {} FROM {} AS t").format(sql.SQL(what), sql.Identifier(*relation))
    return [value for (value,) in connection.execute(query).fetchall()]


def may_read(schema: str, name: str) -> bool:
    return schema in SERVED_WHOLE or f"{schema}.{name}" in READABLE


def visible(connection: psycopg.Connection[Any]) -> set[str]:
    """Projects whose rows it sees, in any served table or view."""
    found: set[str] = set()
    for schema, name in relations(connection, "rv"):
        if may_read(schema, name):
            found |= set(select(connection, "project_id::text", schema, name))
    return found


def test_only_rows_of_its_project_are_read_in_every_table_and_view_and_no_other_relation(
    two: TwoProjects, owner: psycopg.Connection[Any], reader: psycopg.Connection[Any]
) -> None:
    tables = relations(owner, "rpvmf")
    assert {f"{s}.{n}" for s, n in tables if s not in SERVED_WHOLE} > READABLE
    for schema, name in tables:
        if may_read(schema, name):
            rows = select(reader, "t::text", schema, name)
            assert rows, f"{schema}.{name} is empty: nothing was proved"
            assert set(select(reader, "project_id::text", schema, name)) == {two.ours.project}
            assert not [row for row in rows if two.theirs.word in row]
            if schema != "access":
                assert len(select(owner, "1", schema, name)) == 2 * len(rows)
        else:
            with pytest.raises(InsufficientPrivilege):
                select(reader, "1", schema, name)
    sequences = relations(owner, "S")
    assert sequences
    for schema, name in sequences:
        with pytest.raises(InsufficientPrivilege):
            select(reader, "last_value", schema, name)


def test_every_served_table_forces_row_security_and_every_view_asks_as_its_reader(
    owner: psycopg.Connection[Any],
) -> None:
    tables = owner.execute(
        "SELECT oid::regclass::text, relkind::text, relrowsecurity AND relforcerowsecurity,"
        " coalesce(reloptions::text LIKE '%security_invoker=true%', false)"
        " FROM pg_class WHERE relkind IN ('r', 'v')"
        " AND has_any_column_privilege('bi_reader', oid, 'SELECT')"
        " AND relnamespace::regnamespace::text IN ('hxi', 'hxi_v0', 'traceflow')"
        # They read gosight, which no login may, as their owner, and ask for the grants themselves.
        " AND oid NOT IN ('hxi.projects'::regclass, 'hxi.alerts'::regclass)"
    ).fetchall()
    assert len(tables) > 20
    for name, kind, forced, invoker in tables:
        assert forced if kind == "r" else invoker, name
    policed = owner.execute(
        "SELECT DISTINCT polrelid::regclass::text FROM pg_policy WHERE polname LIKE 'BI logins%'"
    ).fetchall()
    served = {(name,) for name, kind, _, _ in tables if kind == "r"}
    assert {*policed} == {*served, ("access.bi_grants",)}
    unindexed = owner.execute(
        "SELECT polrelid::regclass::text FROM pg_policy WHERE polname LIKE 'BI logins%'"
        " AND NOT EXISTS (SELECT FROM pg_index JOIN pg_attribute"
        "   ON attrelid = indrelid AND attnum = indkey[0]"
        "   WHERE indrelid = polrelid AND attname = 'project_id')"
        " AND polrelid <> 'access.bi_grants'::regclass"
    ).fetchall()
    assert unindexed == []


def test_a_login_of_both_projects_reads_both_and_of_one_again_one(
    two: TwoProjects, owner: psycopg.Connection[Any]
) -> None:
    login = f"bi_{uuid4().hex}"
    password = access.grant(owner, login, [two.ours.project])
    assert password
    with psycopg.connect(access.dsn_of(two.dsn, login, password), autocommit=True) as reader:
        assert visible(reader) == {two.ours.project}
        assert access.grant(owner, login, [two.theirs.project]) is None
        assert visible(reader) == {two.ours.project, two.theirs.project}
        access.revoke(owner, login, [two.ours.project])
        assert visible(reader) == {two.theirs.project}
        access.revoke(owner, login, [two.theirs.project])
        assert visible(reader) == set()
    access.drop(owner, login)


def test_a_second_project_added_by_hand_without_its_group_shows_nothing(
    two: TwoProjects, owner: psycopg.Connection[Any], reader: psycopg.Connection[Any]
) -> None:
    grant = (two.ours.login, two.theirs.project)
    owner.execute("INSERT INTO access.bi_grants VALUES (%s, %s)", grant)
    try:
        with pytest.raises(CardinalityViolation):
            reader.execute("SELECT FROM hxi.sessions")
    finally:
        owner.execute("DELETE FROM access.bi_grants WHERE (login, project_id) = (%s, %s)", grant)


ALLOWED_SETTINGS: tuple[LiteralString, ...] = (
    "SET hxi.project_id = '{project}'",
    "SET hxi.login = '{login}'",
    "SET hxi.publishing = 'on'",
    """SET request.jwt.claims = '{{"sub": "{member}", "role": "service_role"}}'""",
    "SET request.jwt.claim.sub = '{member}'",
    "SET search_path = traceflow, hxi, access, gosight, public",
    "SET application_name = '{login}'",
    "SET default_transaction_read_only = off",
    "SET ROLE bi_reader",
    "SET SESSION AUTHORIZATION DEFAULT",
    "RESET ALL",
    "DISCARD ALL",
)
REFUSED_SETTINGS: tuple[LiteralString, ...] = (
    "SET ROLE authenticated",
    "SET ROLE anon",
    "SET ROLE bi_reader_many",
    "SET ROLE hxi_publisher",
    "SET ROLE hxi_ingest",
    "SET ROLE hxi",
    "SET ROLE postgres",
    "SET ROLE {login}",
    "SET SESSION AUTHORIZATION {login}",
    "SET SESSION AUTHORIZATION hxi",
    "SET session_replication_role = replica",
    "SET session_preload_libraries = 'x'",
    "ALTER ROLE {login} PASSWORD 'x'",
    "ALTER ROLE bi_reader BYPASSRLS",
    "GRANT hxi_publisher TO bi_reader",
    "GRANT authenticated TO bi_reader",
)


@pytest.mark.parametrize("setting", ALLOWED_SETTINGS)
def test_no_setting_shows_another_project(two: TwoProjects, setting: LiteralString) -> None:
    statement = setting.format(**vars(two.theirs))
    with psycopg.connect(two.ours.dsn, autocommit=True) as reader:
        reader.execute(statement.encode())
        assert visible(reader) == {two.ours.project}


@pytest.mark.parametrize("setting", REFUSED_SETTINGS)
def test_nobody_else_can_be_acted_as(
    two: TwoProjects, reader: psycopg.Connection[Any], setting: LiteralString
) -> None:
    with pytest.raises(InsufficientPrivilege):
        reader.execute(setting.format(**vars(two.theirs)).encode())
    assert visible(reader) == {two.ours.project}


@pytest.mark.parametrize("role", ["hxi_publisher", "hxi", "authenticated"])
def test_a_connection_cannot_begin_as_somebody_else(two: TwoProjects, role: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied to set role"):
        psycopg.connect(two.ours.dsn, options=f"-c role={role}")


def test_row_security_cannot_be_turned_off(reader: psycopg.Connection[Any]) -> None:
    reader.execute("SET row_security = off")
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        reader.execute("SELECT FROM hxi.sessions")


def test_a_condition_that_fails_on_others_rows_never_meets_them(
    owner: psycopg.Connection[Any], reader: psycopg.Connection[Any]
) -> None:
    for query in (
        b"SELECT count(*) FROM hxi.sessions WHERE 1 / (duration_ms - 777) < 5",
        b"SELECT count(*) FROM hxi_v0.sessions WHERE 1 / (duration_ms - 777) < 5",
    ):
        assert reader.execute(query).fetchall() == [(12,)]
        with pytest.raises(DivisionByZero):
            owner.execute(query)


def test_no_function_of_the_warehouse_can_be_called(
    owner: psycopg.Connection[Any], reader: psycopg.Connection[Any]
) -> None:
    functions = owner.execute(
        "SELECT pg_proc.oid, pronamespace, prosecdef FROM pg_proc"
        " JOIN pg_namespace ON pg_namespace.oid = pronamespace"
        " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
    ).fetchall()
    assert [oid for oid, _, definer in functions if definer]
    for oid, schema, _ in functions:
        allowed = reader.execute(
            "SELECT has_schema_privilege(%s, 'USAGE') AND has_function_privilege(%s, 'EXECUTE')",
            (schema, oid),
        ).fetchall()
        assert allowed == [(False,)], oid


def test_catalogues_and_statistics_tell_nothing_of_others_rows(
    two: TwoProjects, reader: psycopg.Connection[Any], admin: psycopg.Connection[Any]
) -> None:
    beginning, end = two.theirs.word[:20], two.theirs.word[20:]
    holding = sql.SQL("SELECT count(*) FROM {} AS t WHERE strpos(t::text, {} || {}) > 0")
    told: set[str] = set()
    with psycopg.connect(two.theirs.dsn, autocommit=True) as other:
        other.execute(sql.SQL("SELECT {}").format(two.theirs.word))
        for schema in ("pg_catalog", "information_schema"):
            names = admin.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace"
                " AND relkind IN ('r', 'v')",
                (schema,),
            ).fetchall()
            for (name,) in names:
                query = holding.format(sql.Identifier(schema, name), beginning, end)
                with suppress(NOT_ON_THIS_MACHINE):
                    if admin.execute(query).fetchall() != [(0,)]:
                        told.add(name)
                with suppress(InsufficientPrivilege, NOT_ON_THIS_MACHINE):
                    assert reader.execute(query).fetchall() == [(0,)], name
    assert {"pg_stats", "pg_statistic", "pg_stat_activity"} <= told  # else nothing was hidden
