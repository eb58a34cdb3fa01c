"""Rolls traceflow_ux_issues up from which sessions met what: traceflow_ux_issue_sessions.

An issue is (project, type, page, selector). Only issues that planned sessions touch, before or
after, are counted anew; of the planned projects' other issues only the severity can change.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class IssueType:
    """`weight`: points of experience score (xs-1) that one occurrence costs its session.

    `description` and `recommendation` are what a new issue says until a service says more.
    """

    name: str
    weight: int
    description: str
    recommendation: str


ISSUE_TYPES = (
    IssueType(
        "rage_click",
        12,
        "Visitors clicked one spot again and again within a second.",
        "Show at once that a click was taken, and see whether the handler is slow or fails.",
    ),
    IssueType(
        "form_abandonment",
        8,
        "Visitors filled in a form and left without sending it.",
        "Look at the last field they changed: ask for less, and say what is wrong beside it.",
    ),
    IssueType(
        "error",
        6,
        "The page reported errors.",
        "Start with the message most sessions share (errors_grouped) and watch a recording of it.",
    ),
    IssueType(
        "dead_click",
        5,
        "Visitors clicked what looks interactive, and nothing happened.",
        "Make the element do what it promises, or make it look like text.",
    ),
    IssueType(
        "slow_load",
        5,
        "The page was slow to answer, to show its main content or to load.",
        "See which of TTFB, LCP and load time is over its limit, and shorten that part first.",
    ),
)


@dataclass(frozen=True)
class Severity:
    """The level of an issue that costs a session `milli_points` / 1000 on average, or more.

    The average is over the sessions of its days; `sessions`: so many at least were affected.
    """

    level: str
    milli_points: int
    sessions: int


# Highest first; what reaches none is low. Chosen so that a rage click is critical where it meets
# one session in six, high in one of 24, medium in one of 120.
SEVERITIES = (
    Severity("critical", 2000, 10),
    Severity("high", 500, 3),
    Severity("medium", 100, 1),
)

TOUCHED_ISSUES = """
CREATE TEMPORARY TABLE touched_issues ON COMMIT DROP AS
SELECT served.project_id, served.issue_key
FROM planned_texts
JOIN traceflow.traceflow_ux_issue_sessions AS served USING (project_id, session_id)
UNION
SELECT project_id, issue_key FROM stage.traceflow_ux_issue_sessions
"""

# Issues without an occurrence left stay, with none, if a person has set a status.
# No page, type or selector decides what is counted together: issue_key does.
CURRENT_ISSUES = """
CREATE TEMPORARY TABLE current_issues ON COMMIT DROP AS
WITH touched AS (
    SELECT
        project_id,
        issue_key,
        min(issue_type) AS issue_type,
        min(page_url) AS page_url,
        min(element_selector) AS element_selector,
        least(sum(occurrence_count), 2147483647)::integer AS occurrence_count,
        min(first_detected_at) AS first_detected_at,
        max(last_detected_at) AS last_detected_at,
        count(*)::integer AS affected_sessions,
        count(DISTINCT user_id)::integer AS affected_users
    FROM touched_issues
    JOIN traceflow.traceflow_ux_issue_sessions USING (project_id, issue_key)
    GROUP BY project_id, issue_key
),
others AS (
    SELECT
        project_id,
        issue_key,
        issue_type,
        page_url,
        element_selector,
        CASE WHEN is_touched THEN 0 ELSE occurrence_count END,
        first_detected_at,
        last_detected_at,
        CASE WHEN is_touched THEN 0 ELSE affected_sessions END,
        CASE WHEN is_touched THEN 0 ELSE affected_users END
    FROM traceflow.traceflow_ux_issues AS issues
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM touched_issues
            WHERE (touched_issues.project_id, touched_issues.issue_key)
                = (issues.project_id, issues.issue_key)
        ) AS is_touched
    ) AS plan
    WHERE project_id = ANY (ARRAY(SELECT DISTINCT project_id FROM planned_texts))
        AND issue_key IS NOT NULL
        AND (NOT is_touched OR status IS DISTINCT FROM 'open')
        AND NOT EXISTS (
            SELECT FROM touched
            WHERE (touched.project_id, touched.issue_key) = (issues.project_id, issues.issue_key)
        )
),
issues AS (
    SELECT * FROM touched
    UNION ALL
    SELECT * FROM others
),
days AS MATERIALIZED (  -- else it is counted anew for each issue
    SELECT project_id, (started_at AT TIME ZONE 'UTC')::date AS day, count(*) AS sessions
    FROM traceflow.traceflow_sessions
    WHERE project_id = ANY (ARRAY(SELECT DISTINCT project_id FROM planned_texts))
        AND source_session_id IS NOT NULL
    GROUP BY 1, 2
)
SELECT
    project_id,
    issue_key,
    issue_type,
    CASE {levels} ELSE 'low' END AS severity,
    page_url,
    element_selector,
    occurrence_count,
    first_detected_at,
    last_detected_at,
    affected_sessions,
    affected_users,
    first_detected_at AS created_at,
    issue_key AS id,
    ai_description,
    ai_recommendation
FROM issues
JOIN (VALUES {types}) AS types (issue_type, weight, ai_description, ai_recommendation)
    USING (issue_type)
CROSS JOIN LATERAL (
    -- A session may have begun on the day before: never less than were affected.
    SELECT greatest(coalesce(sum(days.sessions), 0), affected_sessions, 1) AS sessions
    FROM days
    WHERE days.project_id = issues.project_id
        AND days.day BETWEEN (first_detected_at AT TIME ZONE 'UTC')::date
            AND (last_detected_at AT TIME ZONE 'UTC')::date
) AS met
"""


def touch(connection: psycopg.Connection[Any]) -> None:
    """Note which issues `planned_texts` touches; before traceflow_ux_issue_sessions changes."""
    connection.execute(TOUCHED_ISSUES)
    connection.execute("ANALYZE touched_issues")


def roll_up(connection: psycopg.Connection[Any]) -> None:
    """Make `current_issues`, the planned projects' issues as they should be; after the change."""
    levels = sql.SQL(" ").join(
        sql.SQL(
            "WHEN 1000 * weight * affected_sessions >= {} * sessions AND affected_sessions >= {}"
            " THEN {}"
        ).format(sql.Literal(s.milli_points), sql.Literal(s.sessions), sql.Literal(s.level))
        for s in SEVERITIES
    )
    types = sql.SQL(", ").join(
        sql.SQL("({})").format(
            sql.SQL(", ").join(
                map(sql.Literal, (t.name, t.weight, t.description, t.recommendation))
            )
        )
        for t in ISSUE_TYPES
    )
    connection.execute(sql.SQL(CURRENT_ISSUES).format(levels=levels, types=types))
