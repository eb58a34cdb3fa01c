"""Errors: alike ones together, as gosight.errors_grouped groups them."""

from datetime import date

from pages import charts
from pages.shown import Ask, Shown, Table
from pages.views.issues import page_number

PAGE_SIZE = 50
GROUPS = """
SELECT fingerprint, any(event_type) AS event_type, any(error_type) AS error_type,
    any(message_pattern) AS message_pattern, any(filename) AS filename,
    argMax(sample_message, day) AS sample_message, argMax(sample_stack, day) AS sample_stack,
    sumIf(error_count, is_now) AS errors, sumIf(error_count, NOT is_now) AS errors_before,
    sumIf(session_count, is_now) AS session_days, sumIf(user_count, is_now) AS user_days,
    min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at,
    arraySort(arrayDistinct(arrayFlatten(groupArray(paths)))) AS pages,
    any(is_foreign) AS is_foreign,
    sumMap(map(day, error_count)) AS by_day
FROM (
    SELECT *, day >= {{since:Date}} AS is_now FROM gosight.errors_grouped
    WHERE project_id = {{project:String}} AND day BETWEEN {{before:Date}} AND {{until:Date}}{path}
)
GROUP BY fingerprint HAVING errors > 0
ORDER BY errors DESC, fingerprint
"""
DAYS = """
SELECT day, sum(error_count) AS errors FROM gosight.errors_grouped
WHERE project_id = {{project:String}} AND day BETWEEN {{before:Date}} AND {{until:Date}}{path}
GROUP BY day ORDER BY day
"""


def show(ask: Ask) -> Shown:
    """Groups of the period, the most frequent first."""
    path = " AND has(paths, {path:String})" if "path" in ask.view.filters else ""
    groups = ask.marts.rows(GROUPS.format(path=path), ask.view.parameters())
    by_day = {
        row["day"]: row["errors"]
        for row in ask.marts.rows(DAYS.format(path=path), ask.view.parameters())
    }
    period, number = ask.view.period, page_number(ask)
    now, before = (
        [by_day.get(day, 0) for day in each.all_days()] for each in (period, period.before)
    )
    shown = groups[PAGE_SIZE * (number - 1) : PAGE_SIZE * number]
    for row in shown:
        row["bars"] = charts.histogram([row["by_day"].get(day, 0) for day in period.all_days()])
    data = {
        "groups": shown,
        "count": len(groups),
        "number": number,
        "has_more": len(groups) > PAGE_SIZE * number,
        "total": sum(now),
        "total_before": sum(before),
        "new": sum(_is_new(row["by_day"], period.since) for row in groups),
        "since": period.since,
        "days": period.all_days(),
        "now": now,
        "before": before,
        "line": charts.line(now, before),
    }
    rows = [{k: v for k, v in row.items() if k not in ("by_day", "bars")} for row in groups]
    return Shown("errors.html", "Errors", data, (Table("errors", rows),))


def _is_new(by_day: dict[date, int], since: date) -> bool:
    """Not met in the period before."""
    return min(by_day, default=since) >= since
