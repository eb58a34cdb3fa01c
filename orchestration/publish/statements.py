"""The SQL of a merge, built from the declaration of a table; pure."""

from collections.abc import Iterable

from psycopg import sql

from orchestration.publish.served_table import ServedTable

# traceflow's session ids are text.
PLANNED_TEXTS = """
CREATE TEMPORARY TABLE planned_texts ON COMMIT DROP AS
SELECT project_id, session_id::text AS session_id FROM landing.planned_sessions
"""

# Users whose sessions the plan touches: those the sessions had until now, and those they have now.
AFFECTED_USERS = """
CREATE TEMPORARY TABLE affected_users ON COMMIT DROP AS
SELECT served.project_id, served.user_id
FROM landing.planned_sessions AS planned
JOIN hxi.sessions AS served USING (project_id, session_id)
WHERE served.user_id IS NOT NULL
UNION
SELECT project_id, user_id FROM stage.hxi_users
"""

# An affected user as all of its sessions show it: the planned ones as they will be, the others as
# they are served. A user without any session is in no row here, so the merge deletes it.
CURRENT_USERS = """
CREATE TEMPORARY TABLE current_users ON COMMIT DROP AS
WITH sessions AS (
    SELECT project_id, user_id, session_id, start_time, device_type, locale, traits
    FROM stage.hxi_sessions
    WHERE user_id IS NOT NULL
    UNION ALL
    SELECT project_id, user_id, session_id, start_time, device_type, locale, traits
    FROM affected_users
    JOIN hxi.sessions AS served USING (project_id, user_id)
    WHERE NOT EXISTS (
        SELECT FROM landing.planned_sessions AS planned
        WHERE (planned.project_id, planned.session_id) = (served.project_id, served.session_id))
),
users AS (
    SELECT
        project_id,
        user_id,
        (array_agg(device_type ORDER BY start_time DESC, session_id DESC)
            FILTER (WHERE device_type IS NOT NULL))[1] AS device_type,
        (array_agg(locale ORDER BY start_time DESC, session_id DESC)
            FILTER (WHERE locale IS NOT NULL))[1] AS locale,
        min(start_time) AS created_at
    FROM sessions
    GROUP BY project_id, user_id
),
-- Each trait as it was told last, in whichever session.
told AS (
    SELECT DISTINCT ON (project_id, user_id, name)
        project_id, user_id, name, trait ->> 'value' AS value
    FROM sessions CROSS JOIN LATERAL jsonb_each(traits) AS each (name, trait)
    ORDER BY project_id, user_id, name, (trait ->> 'at') COLLATE "C" DESC, session_id DESC
),
known AS (
    SELECT
        project_id,
        user_id,
        jsonb_object_agg(name, value) AS traits,
        -- A cut address is somebody else's.
        min(value) FILTER (
            WHERE lower(name) = 'email' AND value LIKE '%@%' AND length(value) <= 255
        ) AS email
    FROM told
    GROUP BY project_id, user_id
)
SELECT
    project_id,
    user_id,
    coalesce(landed.external_user_id, served.external_user_id) AS external_user_id,
    known.email,
    users.device_type,
    users.locale,
    users.created_at,
    coalesce(known.traits, '{}') AS traits
FROM users
LEFT JOIN known USING (project_id, user_id)
LEFT JOIN stage.hxi_users AS landed USING (project_id, user_id)
LEFT JOIN hxi.users AS served USING (project_id, user_id)
"""


def update(table: ServedTable) -> sql.Composed:
    """Replace the rows that differ; equal rows are not touched."""
    return sql.SQL(
        """
        UPDATE {served} AS served
        SET ({derived}) = ROW ({source_derived})
        FROM {source} AS source {and_scope}
        WHERE {same_key} AND {in_scope}
          AND ({served_derived}) IS DISTINCT FROM ({source_derived})
        """
    ).format(
        and_scope=_and_scope(table),
        in_scope=_in_scope(table),
        served=_served(table),
        source=sql.Identifier(*table.source),
        same_key=_equal("served", "source", table.key),
        derived=_names(table.derived),
        served_derived=_names(table.derived, "served"),
        source_derived=_names(table.derived, "source"),
    )


def insert(table: ServedTable) -> sql.Composed:
    """Add the rows whose key is new; one a service adds meanwhile is taken over."""
    return sql.SQL(
        """
        INSERT INTO {served} AS served ({columns})
        SELECT {columns} FROM {source} AS source
        WHERE NOT EXISTS (
            SELECT FROM {served} AS served {and_scope} WHERE {in_scope} AND {same_key})
        {or_take_over}
        """
    ).format(
        and_scope=_and_scope(table),
        in_scope=_in_scope(table),
        served=_served(table),
        source=sql.Identifier(*table.source),
        columns=_names(table.columns),
        same_key=_equal("served", "source", table.key),
        or_take_over=_take_over(table) if table.is_shared else sql.SQL(""),
    )


def fill(table: ServedTable) -> sql.Composed:
    """Add all rows: for a table without any; one a service adds meanwhile is taken over."""
    return sql.SQL(
        "INSERT INTO {served} AS served ({columns}) SELECT {columns} FROM {source} {or_take_over}"
    ).format(
        served=_served(table),
        source=sql.Identifier(*table.source),
        columns=_names(table.columns),
        or_take_over=_take_over(table) if table.is_shared else sql.SQL(""),
    )


def delete(table: ServedTable) -> sql.Composed:
    """Delete the rows of the scope that the source no longer has."""
    return sql.SQL(
        """
        DELETE FROM {served} AS served
        USING {scope} AS scope
        WHERE {in_scope} AND {is_published}
          AND NOT EXISTS (SELECT FROM {source} AS source WHERE {same_key})
        """
    ).format(
        served=_served(table),
        scope=sql.Identifier(*table.scope),
        source=sql.Identifier(*table.source),
        in_scope=_equal("served", "scope", table.scope_key),
        is_published=_is_published(table),
        same_key=_equal("served", "source", table.key),
    )


def _and_scope(table: ServedTable) -> sql.Composable:
    """The scope beside the served table: rows are then found session by session, not one by one."""
    if not table.is_within_scope:
        return sql.SQL("")
    return sql.SQL(", {} AS scope").format(sql.Identifier(*table.scope))


def _in_scope(table: ServedTable) -> sql.Composable:
    if not table.is_within_scope:
        return sql.SQL("true")
    return _equal("served", "scope", table.scope_key)


def _take_over(table: ServedTable) -> sql.Composed:
    return sql.SQL("ON CONFLICT ({key}) DO UPDATE SET ({derived}) = ROW ({new})").format(
        key=_names(table.key),
        derived=_names(table.derived),
        new=_names(table.derived, "excluded"),
    )


def _is_published(table: ServedTable) -> sql.Composable:
    if not table.published_mark:
        return sql.SQL("true")
    return sql.SQL("{} IS NOT NULL").format(sql.Identifier("served", table.published_mark))


def _served(table: ServedTable) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def _names(columns: Iterable[str], relation: str = "") -> sql.Composed:
    names = [sql.Identifier(relation, c) if relation else sql.Identifier(c) for c in columns]
    return sql.SQL(", ").join(names)


def _equal(left: str, right: str, columns: Iterable[str]) -> sql.Composed:
    pairs = [
        sql.SQL("{} = {}").format(sql.Identifier(left, c), sql.Identifier(right, c))
        for c in columns
    ]
    return sql.SQL(" AND ").join(pairs)
