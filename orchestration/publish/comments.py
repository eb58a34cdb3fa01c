"""What served tables and their columns hold, as comments in PostgreSQL: BI tools show them.

Said once, in the contracts of the stage's models; sent only where the live comment is another.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from orchestration.publish.served_table import ServedTable

# Schema, table and column; '' for the table itself.
Place: TypeAlias = tuple[str, str, str]

SURROGATE = "Given to the row when it is first served, and kept for its life"
INITIAL = "Given with the row; from then on people and services write it"
KEPT = "Written by people and services; runs leave it as it is"
# What the merge works out itself, so that no model describes it.
ROLLED_UP = {
    "users": {
        "device_type": "Of the user's latest session that has one",
        "locale": "As device_type",
        "created_at": "Start of the user's first session, UTC",
        "email": "The trait email, cut; null where none was told",
        "traits": "Last value of each trait told of the user; {} for none",
    },
    "traceflow_ux_issues": {
        "": "One row per project, kind of issue, page and element.",
        "project_id": "Project",
        "issue_key": "Kind, page and element: the same on every run",
        "issue_type": "Signal, e.g. rage_click",
        "severity": "By the rule of docs/publish.md",
        "page_url": "Clean page path",
        "element_selector": "CSS selector; null where the issue is of the page",
        "occurrence_count": "How often it was found",
        "affected_sessions": "Sessions it was found in",
        "affected_users": "Users of those sessions",
        "first_detected_at": "First time it was found",
        "last_detected_at": "Last time it was found",
        "created_at": "As first_detected_at",
    },
}

LIVE = """
    SELECT n.nspname, c.relname, coalesce(a.attname, ''),
           CASE WHEN a.attnum IS NULL THEN obj_description(c.oid, 'pg_class')
                ELSE col_description(c.oid, a.attnum) END
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT attname, attnum FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
        UNION ALL SELECT NULL, NULL) a
    WHERE n.nspname IN ('hxi', 'traceflow') AND c.relkind IN ('r', 'p')
"""


def comments(
    tables: tuple[ServedTable, ...], models: Mapping[str, Mapping[str, Any]]
) -> dict[Place, str]:
    """What each place is to say; `models`: dbt's nodes by name."""
    wanted: dict[Place, str] = {}
    for table in tables:
        model = models.get(table.model, {"description": "", "columns": {}})
        texts = {
            "": model["description"],
            **dict.fromkeys(table.surrogate, SURROGATE),
            **dict.fromkeys(table.kept, KEPT),
            **dict.fromkeys(table.initial, INITIAL),
            **{name: column["description"] for name, column in model["columns"].items()},
            **ROLLED_UP.get(table.name, {}),
        }
        wanted |= {
            (table.schema, table.name, name): text.strip() for name, text in texts.items() if text
        }
    return wanted


def write_comments(connection: psycopg.Connection[Any], wanted: Mapping[Place, str]) -> int:
    """Those that differ, in one transaction; how many that were. Places that are not there: none.

    Only the owner may: for this the connection steps back from the role that publishes.
    """
    live = {
        (schema, table, column): text
        for schema, table, column, text in connection.execute(LIVE).fetchall()
    }
    other = {place: text for place, text in wanted.items() if place in live and live[place] != text}
    if other:
        connection.execute("SET LOCAL ROLE NONE")
        connection.execute(sql.SQL("; ").join(_comment(place, other[place]) for place in other))
    connection.commit()
    return len(other)


def _comment(place: Place, text: str) -> sql.Composed:
    kind, name = ("COLUMN", place) if place[2] else ("TABLE", place[:2])
    return sql.SQL(f"COMMENT ON {kind} {{}} IS {{}}").format(
        sql.Identifier(*name), sql.Literal(text)
    )
