"""Session: one visit, what happened in it, what it cost, and its recording."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pages import words
from pages.marts import Row
from pages.shown import Ask, NotThereError, Shown, Table

SLOW_MS = 2_000
MOST_MOMENTS = 500

SESSION = """
SELECT * FROM gosight.sessions WHERE project_id = {project:String} AND session_id = {session:UUID}
"""
SCORE = """
SELECT score, issues, not_measurable, not_scored_reason FROM gosight.experience_scores
WHERE project_id = {project:String} AND session_id = {session:UUID}
"""
# What is worth a mark on the time line; the insights of the score first, then what happened.
MOMENTS = f"""
SELECT timestamp, kind, path, detail FROM (
    SELECT timestamp, toString(insight_type) AS kind, path, ifNull(target_selector, '') AS detail
    FROM gosight.insights
    WHERE project_id = {{project:String}} AND session_id = {{session:UUID}} AND charged
    UNION ALL
    SELECT timestamp, toString(event_type), path, multiIf(
        event_type = 'page_view', title,
        event_type IN ('xhr_request', 'fetch_request'), concat(
            request_method, ' ', endpoint, ' · ', toString(ifNull(request_status, 0)), ' · ',
            toString(ifNull(request_duration_ms, 0)), ' ms'),
        event_type = 'custom', custom_name,
        ifNull(error_message, ''))
    FROM gosight.events
    WHERE project_id = {{project:String}} AND session_id = {{session:UUID}} AND (
        event_type IN ('page_view', 'js_error', 'unhandled_rejection', 'resource_error', 'custom',
            'form_error')
        OR (event_type IN ('xhr_request', 'fetch_request') AND NOT is_aborted AND (
            ifNull(request_status, 0) = 0 OR ifNull(request_status, 0) >= 400
            OR ifNull(request_duration_ms, 0) >= {SLOW_MS})))
) ORDER BY timestamp, kind, detail LIMIT {MOST_MOMENTS}
"""
VIEWS = """
SELECT path, title, viewed_at, time_on_page_ms, max_scroll_depth, click_count, error_count, lcp,
    inp, cls
FROM gosight.page_views WHERE project_id = {project:String} AND session_id = {session:UUID}
ORDER BY viewed_at, toString(view_id) LIMIT 200
"""
RECORDING = """
SELECT count() AS chunks, min(timestamp_start) AS began_at, sum(event_count) AS events,
    countIf(problem != '') AS problems
FROM gosight.replay_chunks WHERE project_id = {project:String} AND session_id = {session:UUID}
"""
GROUPS = {
    "page_view": "page",
    "custom": "custom",
    "xhr_request": "request",
    "fetch_request": "request",
    "js_error": "error",
    "unhandled_rejection": "error",
    "resource_error": "error",
    "form_error": "error",
}


def show(ask: Ask, session: UUID) -> Shown:
    """The page; NotThereError for a session that the project has not."""
    asked = {"session": str(session)}
    visit = ask.marts.row(SESSION, asked)
    if not visit:
        raise NotThereError
    score = ask.marts.row(SCORE, asked)
    recording = ask.marts.row(RECORDING, asked)
    begins = recording["began_at"] if recording.get("chunks") else visit["started_at"]
    moments = [_moment(row, begins) for row in ask.marts.rows(MOMENTS, asked)]
    deductions = json.loads(score.get("issues") or "[]")
    views = ask.marts.rows(VIEWS, asked)
    data = {
        "visit": visit,
        "score": score,
        "deductions": [_deduction(row, moments) for row in deductions],
        "not_measurable": json.loads(score.get("not_measurable") or "[]"),
        "recording": recording,
        "moments": moments,
        "views": views,
        "length_ms": max(1, _ms(visit["ended_at"] - begins)),
    }
    tables = (
        Table("moments", moments),
        Table("page_views", views),
        Table("deductions", deductions),
    )
    return Shown("session.html", "Session", data, tables)


def _moment(row: Row, begins: datetime) -> Row:
    """With the milliseconds of the recording it lies at, never before its start."""
    return {
        "timestamp": row["timestamp"],
        "at_ms": max(0, _ms(row["timestamp"] - begins)),
        "kind": row["kind"],
        "group": GROUPS.get(row["kind"], "insight"),
        "path": row["path"],
        "detail": row["detail"],
    }


def _deduction(row: dict[str, Any], moments: list[Row]) -> Row:
    """With the first moment of the time line that tells of it."""
    kind = row["code"].removesuffix("_observed").removesuffix("_inferred")
    at = next((m["at_ms"] for m in moments if m["kind"] == kind), None)
    return {**row, "label": words.name(row["code"]), "at_ms": at}


def _ms(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)
