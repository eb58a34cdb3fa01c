"""What is told of a session or an issue: counts, places and kinds, masked; no text of an input."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from orchestration.ai.masking import masked, masked_path

Postgres = psycopg.Connection[Any]
MAX_PAGES = 30
MAX_TROUBLES = 20

SESSION = """
    SELECT met.duration_ms, met.page_count, met.event_count, met.rage_click_count,
           met.dead_click_count, met.error_count, met.device_type, met.browser, met.pages_visited,
           scored.score, scored.issues AS deductions
    FROM traceflow.traceflow_sessions AS met
    LEFT JOIN hxi.experience_scores AS scored
        ON scored.project_id = met.project_id AND scored.session_id::text = met.session_id
    WHERE met.project_id = %s AND met.session_id = %s"""
TROUBLES = """
    SELECT issue.issue_type, issue.page_url, issue.element_selector, issue.severity,
           met.occurrence_count
    FROM traceflow.traceflow_ux_issue_sessions AS met
    JOIN traceflow.traceflow_ux_issues AS issue USING (project_id, issue_key)
    WHERE met.project_id = %s AND met.session_id = %s
    ORDER BY met.occurrence_count DESC, issue.issue_key LIMIT %s"""
ISSUE = """
    SELECT issue_type, page_url, element_selector, severity, occurrence_count, affected_sessions,
           affected_users
    FROM traceflow.traceflow_ux_issues WHERE project_id = %s AND issue_key = %s"""


def facts_of(
    connection: Postgres, project_id: str, session_id: str, issue_key: str | None
) -> dict[str, Any] | None:
    """`session`, `pages`, `troubles` and, of an issue, `issue`; None when what it is of is gone."""
    with connection.cursor(row_factory=dict_row) as cursor:
        session = cursor.execute(SESSION, (project_id, session_id)).fetchone()
        if session is None:
            return None
        visited = session.pop("pages_visited")
        pages = [masked_path(page) for page in _texts(visited)][:MAX_PAGES]
        deductions = session.pop("deductions") or []
        found = cursor.execute(TROUBLES, (project_id, session_id, MAX_TROUBLES)).fetchall()
        facts: dict[str, Any] = {
            "session": {name: _masked(value) for name, value in session.items()},
            "pages": pages,
            "deductions": [_deduction(one) for one in deductions if isinstance(one, dict)],
            "troubles": [_placed(one) for one in found],
        }
        if issue_key is None:
            return facts
        issue = cursor.execute(ISSUE, (project_id, issue_key)).fetchone()
    return None if issue is None else {**facts, "issue": _placed(issue)}


def _texts(given: Any) -> list[str]:
    """Of a list; services may write any JSON."""
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []


def _masked(value: Any) -> Any:
    return masked(value) if isinstance(value, str) else value


def _placed(row: dict[str, Any]) -> dict[str, Any]:
    page, selector = row["page_url"] or "", row["element_selector"] or ""
    return {**row, "page_url": masked_path(page), "element_selector": masked(selector)}


def _deduction(one: dict[str, Any]) -> dict[str, Any]:
    """What was taken off and for what; examples and messages stay here."""
    return {
        name: _masked(value) for name, value in one.items() if isinstance(value, str | int | float)
    }
