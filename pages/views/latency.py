"""Latency: endpoints by what they cost, with percentiles over the whole period."""

from datetime import date

from pages import charts
from pages.marts import Row
from pages.shown import Ask, Shown, Table
from pages.view import of_visits

# As gosight.latency_daily has it, over the period instead of a day.
MEASURES = """
    count() AS requests,
    countIf(is_failed) AS failed,
    countIf(is_failed) / nullIf(count() - countIf(is_aborted), 0) AS error_rate,
    quantileExactInclusiveOrNullIf(0.5)(duration_ms, NOT is_aborted) AS p50_ms,
    quantileExactInclusiveOrNullIf(0.75)(duration_ms, NOT is_aborted) AS p75_ms,
    quantileExactInclusiveOrNullIf(0.95)(duration_ms, NOT is_aborted) AS p95_ms,
    (countIf(is_satisfied) + countIf(is_tolerating) / 2) / nullIf(countIf(is_measured), 0) AS apdex
"""
REQUESTS = """
    SELECT *, day >= {{since:Date}} AS is_now FROM intermediate.int_requests
    WHERE project_id = {{project:String}} AND day BETWEEN {{before:Date}} AND {{until:Date}}{only}
"""
# One scan for the period, its days and its endpoints.
SQL = f"""
SELECT grouping(is_now, day, method, endpoint) AS level, is_now, day, method, endpoint, {MEASURES}
FROM ({REQUESTS})
GROUP BY GROUPING SETS ((is_now), (is_now, day), (is_now, method, endpoint)) ORDER BY day
"""
PERIOD, DAY, ENDPOINT = 0b0111, 0b0011, 0b0100  # bits of what a row is not grouped by
MOST = 100


def show(ask: Ask) -> Shown:
    """Endpoints by the time people waited for them in all."""
    only = of_visits(ask.view)
    if "path" in ask.view.filters:
        only += " AND path = {path:String}"
    parameters = ask.view.parameters()
    rows = ask.marts.rows(SQL.format(only=only), parameters)
    endpoints = _beside([row for row in rows if row["level"] == ENDPOINT])
    totals = {bool(row["is_now"]): row for row in rows if row["level"] == PERIOD}
    by_day = {row["day"]: row for row in rows if row["level"] == DAY}
    period = ask.view.period
    p95, p95_before = (
        _series(by_day, each.all_days(), "p95_ms") for each in (period, period.before)
    )
    data = {
        "endpoints": endpoints[:MOST],
        "hidden": max(0, len(endpoints) - MOST),
        "slowest": max((row["p95_ms"] or 0 for row in endpoints), default=0),
        "now": totals.get(True, {}),
        "before": totals.get(False, {}),
        "days": period.all_days(),
        "p95": p95,
        "p95_before": p95_before,
        "line": charts.line(p95, p95_before),
    }
    return Shown("latency.html", "Latency", data, (Table("endpoints", endpoints),))


def _beside(rows: list[Row]) -> list[Row]:
    """Endpoints of the period, each with its figures of the period before."""
    earlier = {(row["method"], row["endpoint"]): row for row in rows if not row["is_now"]}
    now = [row for row in rows if row["is_now"]]
    now.sort(key=lambda r: (-(r["requests"] * (r["p75_ms"] or 0)), r["endpoint"], r["method"]))
    return [_with_before(row, earlier.get((row["method"], row["endpoint"]), {})) for row in now]


def _with_before(row: Row, earlier: Row) -> Row:
    kept = {name: value for name, value in row.items() if name not in ("is_now", "day", "level")}
    return {
        **kept,
        "p95_ms_before": earlier.get("p95_ms"),
        "requests_before": earlier.get("requests", 0),
    }


def _series(by_day: dict[date, Row], days: list[date], key: str) -> list[float | None]:
    return [by_day.get(day, {}).get(key) for day in days]
