"""Issues: what many sessions stumble over, with a status that people set here."""

from collections.abc import Mapping
from uuid import UUID

from pages import charts
from pages.marts import Row
from pages.shown import Ask, NotThereError, Shown, Table

STATUSES = ("open", "in_progress", "resolved", "ignored")
SEVERITIES = ("critical", "high", "medium", "low")
PAGE_SIZE = 50

LIST = """
SELECT i.issue_key::text AS issue_key, i.issue_type, i.severity, i.status, i.page_url,
    i.element_selector,
    coalesce(m.occurrences, 0)::bigint AS occurrences, coalesce(m.sessions, 0)::bigint AS sessions,
    coalesce(m.users, 0)::bigint AS users, coalesce(m.sessions_before,
        0)::bigint AS sessions_before,
    i.affected_sessions, i.first_detected_at, i.last_detected_at
FROM traceflow.traceflow_ux_issues AS i
LEFT JOIN (
    SELECT issue_key,
        sum(occurrence_count) FILTER (WHERE first_detected_at >= %(since)s) AS occurrences,
        count(*) FILTER (WHERE first_detected_at >= %(since)s) AS sessions,
        count(DISTINCT user_id) FILTER (WHERE first_detected_at >= %(since)s) AS users,
        count(*) FILTER (WHERE first_detected_at < %(since)s) AS sessions_before
    FROM traceflow.traceflow_ux_issue_sessions
    WHERE project_id = %(project)s
      AND first_detected_at >= %(before)s AND first_detected_at < %(until)s::date + 1
    GROUP BY issue_key
) AS m USING (issue_key)
WHERE i.project_id = %(project)s AND i.issue_key IS NOT NULL
  AND (%(status)s = 'all' OR i.status = %(status)s OR (%(status)s = 'open' AND i.status IS NULL))
  AND (%(type)s = '' OR i.issue_type = %(type)s) AND (%(path)s = '' OR i.page_url = %(path)s)
  AND (m.sessions > 0 OR %(ever)s)
ORDER BY array_position(ARRAY['critical', 'high', 'medium', 'low'], i.severity),
    sessions DESC, occurrences DESC, i.issue_key
LIMIT %(limit)s OFFSET %(offset)s
"""
ONE = """
SELECT issue_key::text AS issue_key, issue_type, severity, status, page_url, element_selector,
    occurrence_count, affected_sessions, affected_users, first_detected_at, last_detected_at,
    resolved_at, ai_description, ai_recommendation
FROM traceflow.traceflow_ux_issues WHERE project_id = %(project)s AND issue_key = %(key)s
"""
DAYS = """
SELECT (first_detected_at AT TIME ZONE 'UTC')::date AS day, count(*) AS sessions,
    sum(occurrence_count)::bigint AS occurrences
FROM traceflow.traceflow_ux_issue_sessions
WHERE project_id = %(project)s AND issue_key = %(key)s
  AND first_detected_at >= %(before)s AND first_detected_at < %(until)s::date + 1
GROUP BY day ORDER BY day
"""
EXAMPLES = """
SELECT m.session_id, m.occurrence_count, m.first_detected_at, s.device_type, s.browser,
    s.duration_ms,
    100 - s.frustration_score AS score, r.session_id IS NOT NULL AS has_recording
FROM traceflow.traceflow_ux_issue_sessions AS m
JOIN traceflow.traceflow_sessions AS s USING (project_id, session_id)
LEFT JOIN traceflow.session_recordings AS r USING (project_id, session_id)
WHERE m.project_id = %(project)s AND m.issue_key = %(key)s
ORDER BY has_recording DESC, m.occurrence_count DESC, m.first_detected_at DESC,
    m.session_id LIMIT 20
"""
AUDIT = """
SELECT changed_at, login, status_before, status FROM access.issue_statuses
WHERE project_id = %(project)s AND issue_key = %(key)s ORDER BY changed_at DESC LIMIT 20
"""
MAY_CHANGE = """
SELECT may_change_issues AS may FROM access.bi_grants WHERE project_id = %(project)s
"""


def show(ask: Ask) -> Shown:
    """The list of the period, the worst first."""
    given, number = ask.view.given, page_number(ask)
    status = given.get("status", "open")
    asked = {
        **ask.view.parameters(),
        "status": status,
        "type": given.get("type", ""),
        "ever": status not in ("open", "all"),
        "limit": PAGE_SIZE + 1,
        "offset": PAGE_SIZE * (number - 1),
    }
    found = ask.served(LIST, asked)
    data = {
        "issues": found[:PAGE_SIZE],
        "status": status,
        "statuses": STATUSES,
        "number": number,
        "has_more": len(found) > PAGE_SIZE,
        "most": max((row["sessions"] for row in found), default=0),
    }
    return Shown("issues.html", "Issues", data, (Table("issues", found[:PAGE_SIZE]),))


def show_one(ask: Ask, key: UUID) -> Shown:
    """One issue: when it was met, by whom, what to do, what was decided."""
    asked = {**ask.view.parameters(), "key": key}
    issue = next(iter(ask.served(ONE, asked)), None)
    if issue is None:
        raise NotThereError
    days = {row["day"]: row for row in ask.served(DAYS, asked)}
    period = ask.view.period
    now, before = (
        [int(days.get(day, {}).get("sessions", 0)) for day in each.all_days()]
        for each in (period, period.before)
    )
    examples = ask.served(EXAMPLES, asked)
    data = {
        "issue": issue,
        "days": period.all_days(),
        "line": charts.line(now, before),
        "now": now,
        "before": before,
        "examples": examples,
        "audit": ask.served(AUDIT, asked),
        "statuses": STATUSES,
        "may_change": ask.served(MAY_CHANGE)[0]["may"],
    }
    return Shown("issue.html", "Issue", data, (Table("sessions", examples),))


def changed(ask: Ask, form: Mapping[str, str], key: UUID) -> str:
    """Set an issue's status as the person's own login: PostgreSQL judges and notes it."""
    status = form.get("status", "")
    if status not in STATUSES:
        raise NotThereError
    ask.served(
        "SELECT access.change_issue(%(project)s::uuid, %(key)s, %(status)s)",
        {"key": key, "status": status},
    )
    return ask.view.link(f"issues/{key}")


def page_number(ask: Ask) -> int:
    """Of a long list, from 1."""
    given = ask.view.given.get("n", "1")
    return max(1, min(int(given[:9]), 10_000)) if given.isdecimal() else 1


def by_severity(issues: list[Row]) -> dict[str, int]:
    """How many of each severity, the worst first."""
    return {name: sum(row["severity"] == name for row in issues) for name in SEVERITIES}
