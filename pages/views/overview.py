"""Overview: how the period was, beside the one before, and where people struggled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from pages import charts, words
from pages.marts import Row
from pages.shown import Ask, Shown, Table
from pages.view import of_visits, visits

# One row a day (with `day`) and one a period (without): each measure once for both.
VISITS = """
SELECT if(grouping(day) = 0, day, NULL) AS of_day, is_now,
    count() AS sessions,
    uniqExact(if(user_id = '', toString(session_id), user_id)) AS visitors,
    avg(score) AS score,
    avg(is_bounce) AS bounce_rate,
    sum(error_count) AS errors, countIf(error_count > 0) / count() AS error_session_rate,
    sum(rage_click_count) AS rage_clicks,
    sum(dead_click_count) AS dead_clicks,
    sum(page_count) AS page_views,
    quantileExactInclusiveIf(0.5)(engaged_ms, NOT is_overlong) AS engaged_ms
FROM (
    SELECT visits.*, session_date AS day, scores.score AS score FROM {visits} AS visits
    LEFT JOIN (
        SELECT session_id, score FROM gosight.experience_scores
        WHERE project_id = {{project:String}} AND day BETWEEN {{before:Date}} AND {{until:Date}}
    ) AS scores USING (session_id)
)
GROUP BY GROUPING SETS ((is_now), (is_now, day)) ORDER BY of_day
"""
VITALS = """
SELECT if(grouping(day) = 0, day, NULL) AS of_day, day_is_now AS is_now,
    quantileExactInclusiveOrNull(0.75)(lcp) AS lcp,
    quantileExactInclusiveOrNull(0.75)(inp) AS inp,
    quantileExactInclusiveOrNull(0.75)(cls) AS cls
FROM (
    SELECT day, day >= {{since:Date}} AS day_is_now, lcp, inp, cls FROM gosight.page_views
    WHERE project_id = {{project:String}} AND day BETWEEN {{before:Date}} AND
        {{until:Date}}{only}{path}
)
GROUP BY GROUPING SETS ((day_is_now), (day_is_now, day)) ORDER BY of_day
"""
WORST = """
SELECT path,
    sumIf(points, is_now) AS points_lost,
    sumIf(points, NOT is_now) AS points_lost_before,
    uniqExactIf(session_id, is_now) AS sessions,
    arrayMap(x -> x.1, arraySlice(arraySort(x -> (-x.2, x.1), CAST(
        sumMapIf(map(code, points), is_now), 'Array(Tuple(String, Int64))')), 1, 2)) AS reasons
FROM (
    SELECT session_id, is_now,
        JSONExtractString(issue, 'path') AS path,
        JSONExtractString(issue, 'code') AS code,
        JSONExtractInt(issue, 'deduction') AS points
    FROM (
        SELECT visits.session_id AS session_id, is_now,
            arrayJoin(JSONExtractArrayRaw(issues)) AS issue
        FROM {visits} AS visits
        INNER JOIN (
            SELECT session_id, issues FROM gosight.experience_scores
            WHERE project_id = {{project:String}} AND issues != '[]'
              AND day BETWEEN {{before:Date}} AND {{until:Date}}
        ) AS scores USING (session_id)
    )
)
WHERE path != ''{path}
GROUP BY path HAVING points_lost > 0
ORDER BY points_lost DESC, path LIMIT {limit}
"""
NEWEST = """
SELECT issue_key::text AS issue_key, issue_type, severity, page_url, element_selector,
    first_detected_at,
    affected_sessions, affected_users
FROM traceflow.traceflow_ux_issues
WHERE project_id = %(project)s AND status = 'open' AND issue_key IS NOT NULL
ORDER BY (first_detected_at AT TIME ZONE 'UTC')::date DESC,
    array_position(ARRAY['critical', 'high', 'medium', 'low'], severity), affected_sessions DESC,
        issue_key
LIMIT 6
"""
WRITERS: dict[str, Callable[[float | None], str]] = {
    "number": words.short,
    "percent": words.percent,
    "score": partial(words.number, digits=1),
    "ms": words.ms,
    "cls": partial(words.number, digits=3),
}
THRESHOLDS = {"lcp": (2500, 4000), "inp": (200, 500), "cls": (0.1, 0.25)}


@dataclass(frozen=True)
class Measure:
    """A figure of the head of the page; `better` says which way is good."""

    key: str
    label: str
    better: str
    kind: str  # how it is written: number, percent, score, ms, cls
    told: str


MEASURES = (
    Measure(
        "score",
        "Experience score",
        "up",
        "score",
        "100 less what went wrong, mean of the scored sessions",
    ),
    Measure(
        "sessions", "Sessions", "up", "number", "Visits that began in the period, without bots"
    ),
    Measure("visitors", "Visitors", "up", "number", "Known users, and sessions of nobody known"),
    Measure(
        "bounce_rate",
        "Bounce rate",
        "down",
        "percent",
        "Share of sessions that left from the page they came to",
    ),
    Measure("errors", "Errors", "down", "number", "Errors that scripts and resources met"),
    Measure("rage_clicks", "Rage clicks", "down", "number", "Bursts of clicks on one spot"),
    Measure("dead_clicks", "Dead clicks", "down", "number", "Clicks that nothing answered"),
    Measure(
        "lcp", "LCP, p75", "down", "ms", "Largest contentful paint: good up to 2.5 s, poor over 4 s"
    ),
    Measure(
        "inp",
        "INP, p75",
        "down",
        "ms",
        "Interaction to next paint: good up to 200 ms, poor over 500 ms",
    ),
    Measure(
        "cls", "CLS, p75", "down", "cls", "Cumulative layout shift: good up to 0.1, poor over 0.25"
    ),
)


def show(ask: Ask) -> Shown:
    """The page; its CSV is the trend by day."""
    now, before, by_day = figures(ask)
    worst = worst_pages(ask, 8)
    newest = ask.served(NEWEST)
    days = ask.view.period.all_days()
    cards = [_card(m, now, before, by_day, days) for m in MEASURES]
    earlier = ask.view.period.before.all_days()
    trends = [
        {
            "measure": m,
            "line": _drawn(m, _series(by_day, days, m.key), _series(by_day, earlier, m.key)),
            "now": _series(by_day, days, m.key),
            "before": _series(by_day, earlier, m.key),
        }
        for m in MEASURES
        if m.key in ("score", "sessions")
    ]
    table = [{"day": day, **by_day[day]} for day in sorted(by_day) if day in days]
    data = {
        "cards": cards,
        "trends": trends,
        "days": days,
        "worst": worst,
        "most_lost": max((row["points_lost"] for row in worst), default=0),
        "newest": newest,
        "is_empty": not now.get("sessions") and not before.get("sessions"),
        "answer": _answer(now, before, worst),
    }
    tables = (Table("days", table), Table("worst_pages", worst), Table("newest_issues", newest))
    return Shown("overview.html", "Overview", data, tables)


def figures(ask: Ask) -> tuple[Row, Row, dict[date, Row]]:
    """Measures of the period, of the one before, and of each day of both."""
    view, parameters = ask.view, ask.view.parameters()
    path = " AND path = {path:String}" if "path" in view.filters else ""
    rows = ask.marts.rows(VISITS.format(visits=visits(view)), parameters)
    rows += ask.marts.rows(VITALS.format(only=of_visits(view), path=path), parameters)
    periods: dict[bool, Row] = {True: {}, False: {}}
    by_day: dict[date, Row] = {}
    for row in rows:
        day, is_now = row.pop("of_day"), bool(row.pop("is_now"))
        target = periods[is_now] if day is None else by_day.setdefault(day, {})
        target.update(row)
    return periods[True], periods[False], by_day


def worst_pages(ask: Ask, limit: int) -> list[Row]:
    """Pages by the points of the experience score that were lost on them."""
    view = ask.view
    path = " AND path = {path:String}" if "path" in view.filters else ""
    sql = WORST.format(visits=visits(view, "session_id"), path=path, limit=limit)
    return ask.marts.rows(sql, view.parameters())


def written(kind: str, value: float | None) -> str:
    """A figure of a kind of `Measure`."""
    return WRITERS[kind](value)


def judged(key: str, value: float | None) -> str:
    """good, fair or poor by the public limits of a vital; '' for what has none."""
    if key not in THRESHOLDS or value is None:
        return ""
    good, poor = THRESHOLDS[key]
    return "good" if value <= good else "poor" if value > poor else "fair"


def _card(
    measure: Measure, now: Row, before: Row, by_day: dict[date, Row], days: Sequence[date]
) -> Row:
    value, earlier = now.get(measure.key), before.get(measure.key)
    unit = {"percent": " pp", "score": " pts"}.get(measure.kind, "%")
    scale = 100 if measure.kind == "percent" else 1
    change = words.delta(_times(value, scale), _times(earlier, scale), measure.better, unit)
    return {
        "measure": measure,
        "value": written(measure.kind, value),
        "exact": value,
        "earlier": written(measure.kind, earlier),
        "delta": change,
        "judged": judged(measure.key, value),
        "line": _drawn(measure, _series(by_day, days, measure.key)),
    }


def _drawn(
    measure: Measure, now: Sequence[float | None], before: Sequence[float | None] = ()
) -> charts.Line:
    return charts.line(now, before, of_100=measure.kind == "score")


def _series(by_day: dict[date, Row], days: Sequence[date], key: str) -> list[float | None]:
    """Days without sessions count as 0 of what is counted, and as no value of what is averaged."""
    counted = key in ("sessions", "visitors", "errors", "rage_clicks", "dead_clicks")
    return [by_day.get(day, {}).get(key, 0 if counted else None) for day in days]


def _times(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def _answer(now: Row, before: Row, worst: Sequence[Row]) -> Row:
    """Whether it is better than before, and where it hurts most, in words."""
    score = words.delta(now.get("score"), before.get("score"), "up", " pts")
    return {"score": score, "worst": worst[0] if worst else None}
