"""Brings landing tables to what their contract declares: they hold one copy and no history."""

from typing import Any

import psycopg
from psycopg import sql

from orchestration.publish.landing import MARTS, LandingTable

# Tables whose live columns are not those declared; what a numbered migration made is left out.
UNLIKE = """
WITH declared AS (
    SELECT * FROM unnest(%(tables)s::text[], %(columns)s::text[], %(types)s::text[])
        AS declared (relation, name, type)
),
live AS (
    SELECT relname::text AS relation, attname::text AS name, atttypid AS type
    FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = 'landing'::regnamespace AND relkind = 'r'
        AND attnum > 0 AND NOT attisdropped
        AND relname NOT IN ('copied', 'planned_sessions')
)
SELECT DISTINCT relation
FROM declared
FULL JOIN live USING (relation, name)
WHERE to_regtype(declared.type)::oid IS DISTINCT FROM live.type
"""


def follow_contract(connection: psycopg.Connection[Any]) -> None:
    """Make anew the tables that are not as declared, empty; drop those nothing declares.

    Views of stage on them go too: dbt makes them before they are read again.
    """
    declared = {table.name: table for table in MARTS}
    columns = [(table.name, column) for table in MARTS for column in table.columns]
    unlike = connection.execute(
        UNLIKE,
        {
            "tables": [table for table, _ in columns],
            "columns": [column.name for _, column in columns],
            "types": [column.data_type for _, column in columns],
        },
    ).fetchall()
    for (name,) in unlike:
        relation = sql.Identifier("landing", name)
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(relation))
        if name in declared:
            connection.execute(_create(declared[name]))


def _create(table: LandingTable) -> sql.Composed:
    """Unlogged: a crash empties it, which the merge notices. Autovacuum finds nothing to do."""
    columns = [
        sql.SQL("{} {} {}").format(
            sql.Identifier(column.name),
            sql.SQL(column.data_type),
            # To compress payloads that are gone with the next copy costs more than their room.
            sql.SQL("STORAGE EXTERNAL" if column.is_packed else ""),
        )
        for column in table.columns
    ]
    return sql.SQL("CREATE UNLOGGED TABLE {} ({}) WITH (autovacuum_enabled = off)").format(
        sql.Identifier("landing", table.name), sql.SQL(", ").join(columns)
    )
