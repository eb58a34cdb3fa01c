"""A BI login writes nothing, anywhere."""

from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, ObjectNotInPrerequisiteState

SCHEMAS = ("access", "auth", "gosight", "hxi", "hxi_v0", "landing", "migrations", "ops", "public")
DENIED = (
    "CREATE SCHEMA mine",
    "CREATE TEMPORARY TABLE mine (n integer)",
    "SELECT 1 AS n INTO TEMPORARY mine",
    "CREATE EXTENSION vector SCHEMA hxi",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/mine'",
    "COPY hxi.users FROM STDIN",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT pg_logical_emit_message(false, 'x', 'x')",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_xact_lock_shared(1, 1)",
    "SELECT nextval('ops.plan_fence')",
    "SELECT nextval('hxi.events_event_id_seq')",
    "ALTER SYSTEM SET work_mem = '1MB'",
    "SELECT pg_reload_conf()",
    "CALL access.serve('hxi.users')",
    "CHECKPOINT",
)
ON_A_TABLE = (
    "INSERT INTO {} DEFAULT VALUES",
    "INSERT INTO {} (project_id) VALUES (gen_random_uuid())",
    "UPDATE {} SET project_id = project_id",
    "DELETE FROM {}",
    "SELECT FROM {} FOR UPDATE",
    "SELECT FROM {} FOR SHARE",
    "MERGE INTO {} AS t USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE",
)
ON_A_BASE_TABLE = (
    "TRUNCATE {}",
    "LOCK TABLE {} IN EXCLUSIVE MODE",
    "ALTER TABLE {} NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE {} ADD COLUMN mine integer",
    "CREATE POLICY mine ON {} USING (true)",
    "CREATE INDEX ON {} (project_id)",
    "CREATE TRIGGER mine AFTER INSERT ON {} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "COMMENT ON TABLE {} IS 'mine'",
    "ALTER TABLE {} OWNER TO bi_reader",
    "DROP TABLE {}",
)


def readable(connection: psycopg.Connection[Any], kinds: str) -> list[sql.Identifier]:
    rows = connection.execute(
        "SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        " AND relkind::text = ANY (%s) AND has_schema_privilege(nspname, 'USAGE')"
        " AND has_table_privilege(pg_class.oid, 'SELECT')",
        (list(kinds),),
    ).fetchall()
    assert rows
    return [sql.Identifier(schema, name) for schema, name in rows]


@pytest.mark.parametrize(("kinds", "statements"), [("rv", ON_A_TABLE), ("r", ON_A_BASE_TABLE)])
def test_nothing_that_can_be_read_can_be_changed(
    reader: psycopg.Connection[Any], kinds: str, statements: tuple[str, ...]
) -> None:
    for name in readable(reader, kinds):
        for statement in statements:
            # A view of two tables cannot be written by anybody.
            refused = (InsufficientPrivilege, ObjectNotInPrerequisiteState)
            with pytest.raises(refused), reader.transaction():
                reader.execute(sql.SQL(statement).format(name))


@pytest.mark.parametrize("statement", DENIED)
def test_nothing_is_made_locked_or_written_elsewhere(
    reader: psycopg.Connection[Any], statement: str
) -> None:
    with pytest.raises((InsufficientPrivilege, psycopg.errors.UndefinedFile)) as refused:
        reader.execute(statement.encode())
    assert "permission denied" in str(refused.value) or "must be" in str(refused.value)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_nothing_is_created_in_any_schema(reader: psycopg.Connection[Any], schema: str) -> None:
    for statement in (
        "CREATE TABLE {} (n integer)",
        "CREATE VIEW {} AS SELECT 1",
        "CREATE FUNCTION {}() RETURNS integer LANGUAGE sql RETURN 1",
        "CREATE SEQUENCE {}",
    ):
        with pytest.raises(InsufficientPrivilege):
            reader.execute(sql.SQL(statement).format(sql.Identifier(schema, "mine")))
