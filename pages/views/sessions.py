"""Sessions: find visits by when, who, where from and what went wrong."""

from typing import Any
from uuid import UUID

from pages.shown import Ask, Shown, Table
from pages.view import View, conditions
from pages.views.issues import page_number

PAGE_SIZE = 50
# What a visit must have had -> the condition.
HAD = {
    "rage": "rage_click_count > 0",
    "dead": "dead_click_count > 0",
    "error": "error_count > 0",
    "bounce": "is_bounce = 1",
    "replay": (
        "session_id IN (SELECT session_id FROM gosight.replay_chunks WHERE"
        " project_id = {project:String} AND chunk_date BETWEEN {since:Date} AND {until:Date} + 1)"
    ),
}
HAD_LABELS = {
    "rage": "Rage clicks",
    "dead": "Dead clicks",
    "error": "Errors",
    "bounce": "Bounced",
    "replay": "With replay",
}
ORDERS = {
    "newest": "started_at DESC, toString(session_id)",
    "worst": "isNull(score), score, started_at DESC, toString(session_id)",
    "longest": "duration_ms DESC, toString(session_id)",
}
LIST = """
SELECT session_id, started_at, user_id, device_type, browser, os, country, channel, entry_path,
    exit_path,
    duration_ms, engaged_ms, page_count, click_count, error_count, rage_click_count,
        dead_click_count,
    scores.score AS score
FROM gosight.sessions
LEFT JOIN (
    SELECT session_id, score FROM gosight.experience_scores
    WHERE project_id = {{project:String}} AND day BETWEEN {{since:Date}} AND {{until:Date}}
) AS scores USING (session_id)
WHERE {where}
ORDER BY {order} LIMIT {limit} OFFSET {offset}
"""
PERIOD = (
    "project_id = {project:String} AND NOT is_excluded"
    " AND session_date BETWEEN {since:Date} AND {until:Date}"
)
COUNT = "SELECT count() AS sessions FROM gosight.sessions WHERE {where}"
RECORDED = """
SELECT DISTINCT session_id FROM gosight.replay_chunks
WHERE project_id = {project:String} AND session_id IN {ids:Array(UUID)}
"""
# Sessions that went from one page to the next at a step, as the journeys' streams count them.
WENT = """ AND session_id IN (
    SELECT session_id FROM gosight.journeys
    WHERE project_id = {{project:String}} AND {conditions})"""


def show(ask: Ask) -> Shown:
    """A page of the list; its CSV holds what is shown."""
    view, number = ask.view, page_number(ask)
    where = _where(view)
    order = view.given.get("order", "newest")
    order = order if order in ORDERS else "newest"
    parameters = _parameters(view)
    sql = LIST.format(
        where=where, order=ORDERS[order], limit=PAGE_SIZE, offset=PAGE_SIZE * (number - 1)
    )
    rows = ask.marts.rows(sql, parameters)
    total = ask.marts.row(COUNT.format(where=where), parameters)["sessions"]
    recorded = _recorded(ask, [row["session_id"] for row in rows])
    data = {
        "sessions": rows,
        "recorded": recorded,
        "total": total,
        "number": number,
        "last": max(1, -(-total // PAGE_SIZE)),
        "order": order,
        "orders": tuple(ORDERS),
        "had": view.given.get("had", ""),
        "had_labels": HAD_LABELS,
        "went": _went_told(view),
    }
    return Shown("sessions.html", "Sessions", data, (Table("sessions", rows),))


def _where(view: View) -> str:
    parts = [
        PERIOD,
        conditions(view),
    ]
    if had := HAD.get(view.given.get("had", "")):
        parts.append(f" AND {had}")
    if view.given.get("user"):
        parts.append(" AND user_id = {user:String}")
    return "".join(parts) + _went(view)


def _went(view: View) -> str:
    """Of the journeys' streams: from, to, step."""
    found = []
    if "from" in view.given:
        found.append("path = {from:String}")
    if "to" in view.given:
        found.append("next_path = {to:String}")
    if view.given.get("step", "").isdecimal():
        found.append("step = {step:UInt32}")
    return WENT.format(conditions=" AND ".join(found)) if found else ""


def _went_told(view: View) -> str:
    given = view.given
    if "from" not in given:
        return ""
    target = given.get("to")
    return f"{given['from']} → {target or 'left the site'}" if target is not None else given["from"]


def _parameters(view: View) -> dict[str, Any]:
    given = view.given
    step = given.get("step", "")
    return {
        **view.parameters(),
        "before": view.period.since,  # the list is of the period alone
        "user": given.get("user", ""),
        "from": given.get("from", ""),
        "to": given.get("to", ""),
        "step": int(step) if step.isdecimal() and len(step) < 9 else 0,
    }


def _recorded(ask: Ask, ids: list[UUID]) -> set[UUID]:
    """Which of them have a recording."""
    if not ids:
        return set()
    rows = ask.marts.rows(RECORDED, {"ids": [str(one) for one in ids]})
    return {row["session_id"] for row in rows}
