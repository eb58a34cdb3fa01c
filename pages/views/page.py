"""Page: where people click, how far they come, how long it takes, over a picture of the page."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

from pages.marts import Row
from pages.picture import html
from pages.recorded import FULL_SNAPSHOT, META, Event, events_of
from pages.shown import Ask, Shown, Table
from pages.view import of_visits
from pages.views import page_list
from pages.views.overview import judged

# As gosight.click_heatmap_normalised has them.
BANDS = {"desktop": (1200, 1_000_000), "tablet": (768, 1199), "mobile": (1, 767)}
DEFAULT_WIDTH = {"desktop": 1440, "tablet": 820, "mobile": 390}
MOST_CELLS, MOST_POINTS, MOST_ELEMENTS = 4_000, 1_000, 25

FIGURES = """
SELECT count() AS views, uniqExact(session_id) AS sessions, sum(click_count) AS clicks,
    sum(error_count) AS errors,
    quantileExactInclusiveOrNullIf(0.5)(time_on_page_ms, time_on_page_ms > 0) AS time_p50,
    quantileExactInclusiveOrNullIf(0.75)(time_on_page_ms, time_on_page_ms > 0) AS time_p75,
    {vitals}
FROM gosight.page_views
WHERE project_id = {{project:String}} AND path = {{path:String}}
  AND day BETWEEN {{from:Date}} AND {{to:Date}}{only}
"""
VITALS = ("lcp", "inp", "cls", "fcp", "ttfb")
SCROLLS = """
SELECT sum(reached_25) AS r25, sum(reached_50) AS r50, sum(reached_75) AS r75,
    sum(reached_90) AS r90,
    sum(reached_100) AS r100, sum(total_sessions) AS sessions
FROM gosight.scroll_depth_mv
WHERE project_id = {project:String} AND path = {path:String} AND date BETWEEN {since:Date} AND
    {until:Date}
"""
# As gosight.click_heatmap_normalised lays clicks; by session, so that all filters hold.
CELLS = f"""
SELECT selector, element_x, element_y, round(avg(x_pct), 1) AS x_pct, round(avg(y)) AS y_px,
    count() AS clicks
FROM (
    SELECT ifNull(target_selector, '') AS selector,
        100 * click_x / viewport_width AS x_pct, click_y AS y,
        target_width > 0 AND target_height > 0 AND click_x >= target_left
            AND click_x < target_left + target_width AND click_y >= target_top
            AND click_y < target_top + target_height AS is_on,
        if(is_on, toInt16(floor(20 * (click_x - target_left) / target_width)), -1) AS element_x,
        if(is_on, toInt16(floor(20 * (click_y - target_top) / target_height)), -1) AS element_y,
        intDiv(toInt32(click_x), 24) AS at_x, intDiv(toInt32(click_y), 24) AS at_y
    FROM gosight.events
    WHERE project_id = {{{{project:String}}}} AND event_type = 'click' AND NOT is_excluded
      AND path = {{{{path:String}}}} AND event_date BETWEEN {{{{since:Date}}}} AND
          {{{{until:Date}}}}
      AND click_x >= 0 AND viewport_width BETWEEN {{{{least:UInt32}}}} AND
          {{{{most:UInt32}}}}{{only}}
)
GROUP BY selector, element_x, element_y, if(element_x < 0, (at_x, at_y), (0, 0))
ORDER BY clicks DESC, selector, element_x, element_y LIMIT {MOST_CELLS}
"""
POINTS = f"""
SELECT insight_type AS kind, ifNull(target_selector, '') AS selector,
    round(100 * x / viewport_width, 1) AS x_pct, y AS y_px, count() AS times
FROM (
    SELECT i.insight_type AS insight_type, i.target_selector AS target_selector, i.x AS x, i.y AS y,
        s.viewport_width AS viewport_width
    FROM (
        SELECT session_id, insight_type, target_selector, x, y FROM gosight.insights
        WHERE project_id = {{{{project:String}}}} AND insight_type IN ('rage_click',
            'dead_click') AND charged
          AND path = {{{{path:String}}}} AND insight_date BETWEEN {{{{since:Date}}}} AND
              {{{{until:Date}}}}{{only}}
    ) AS i
    INNER JOIN (
        SELECT session_id, viewport_width FROM gosight.sessions WHERE project_id =
            {{{{project:String}}}}
          AND viewport_width BETWEEN {{{{least:UInt32}}}} AND {{{{most:UInt32}}}}
    ) AS s USING (session_id)
)
WHERE x IS NOT NULL
GROUP BY kind, selector, x_pct, y_px ORDER BY times DESC, kind, selector, x_pct,
    y_px LIMIT {MOST_POINTS}
"""
ELEMENTS = f"""
SELECT selector, any(text) AS text, sum(clicks) AS clicks, sum(rage) AS rage_clicks,
    sum(dead) AS dead_clicks
FROM (
    SELECT target_selector AS selector, target_text AS text, sum(click_count) AS clicks,
        0 AS rage, 0 AS dead
    FROM gosight.element_clicks_mv
    WHERE project_id = {{project:String}} AND path = {{path:String}} AND date BETWEEN
        {{since:Date}} AND {{until:Date}}
    GROUP BY selector, text
    UNION ALL
    SELECT ifNull(target_selector, ''), '', 0, countIf(insight_type = 'rage_click'),
        countIf(insight_type = 'dead_click')
    FROM gosight.insights
    WHERE project_id = {{project:String}} AND path = {{path:String}} AND charged
      AND insight_type IN ('rage_click', 'dead_click') AND insight_date BETWEEN {{since:Date}} AND
          {{until:Date}}
    GROUP BY target_selector
)
GROUP BY selector ORDER BY clicks DESC, rage_clicks DESC, selector LIMIT {MOST_ELEMENTS}
"""
ISSUES = """
SELECT issue_key::text AS issue_key, issue_type, severity, status, element_selector,
    affected_sessions
FROM traceflow.traceflow_ux_issues
WHERE project_id = %(project)s AND page_url = %(path)s AND status = 'open' AND issue_key IS NOT NULL
ORDER BY array_position(ARRAY['critical', 'high', 'medium', 'low'], severity),
    affected_sessions DESC, issue_key
LIMIT 8
"""
# Payloads with a snapshot of sessions that saw the page on such a screen, the newest first.
SNAPSHOTS = """
SELECT session_id, chunk_index, timestamp_start, timestamp_end FROM gosight.replay_chunks
WHERE project_id = {project:String} AND has_snapshot = 1 AND session_id IN (
    SELECT session_id FROM gosight.page_views
    WHERE project_id = {project:String} AND path = {path:String} AND session_id IN (
        SELECT session_id FROM gosight.sessions WHERE project_id = {project:String}
          AND viewport_width BETWEEN {least:UInt32} AND {most:UInt32}))
ORDER BY timestamp_start DESC, toString(session_id), chunk_index LIMIT 200
"""
SEEN = """
SELECT session_id, viewed_at, path FROM gosight.page_views
WHERE project_id = {project:String} AND session_id IN {ids:Array(UUID)}
ORDER BY session_id, viewed_at
"""
PAYLOAD = """
SELECT data, timestamp_start FROM gosight.replay_chunks
WHERE project_id = {project:String} AND session_id = {session:UUID} AND chunk_index = {chunk:UInt32}
"""
TRIES = 8
EARLY = timedelta(seconds=2)  # a recorder sees the page before the SDK tells of its view


def show(ask: Ask) -> Shown:
    """One page where the address names it, else all of them."""
    return _one(ask) if ask.view.given.get("path") else page_list.show(ask)


def _one(ask: Ask) -> Shown:
    view = ask.view
    path, band = view.given["path"], band_of(view.given)
    now, before = (
        _figures(ask, each.since, each.until) for each in (view.period, view.period.before)
    )
    scrolls = ask.marts.row(SCROLLS, view.parameters())
    elements = ask.marts.rows(ELEMENTS, view.parameters())
    data = {
        "path": path,
        "band": band,
        "bands": tuple(BANDS),
        "now": now,
        "before": before,
        "vitals": VITALS,
        "judged": judged,
        "scrolls": [
            (depth, scrolls.get(f"r{depth}", 0) / scrolls["sessions"])
            for depth in (25, 50, 75, 90, 100)
        ]
        if scrolls.get("sessions")
        else [],
        "scroll_sessions": scrolls.get("sessions", 0),
        "elements": elements,
        "most_clicked": max((row["clicks"] for row in elements), default=0),
        "issues": ask.served(ISSUES, {"path": path}),
    }
    # Cells are many, and the page itself asks for them later.
    cells = clicks(ask)["cells"] if view.given.get("table") == "cells" else []
    tables = (Table("elements", elements), Table("cells", cells), Table("figures", [now]))
    return Shown("page.html", path, data, tables)


def clicks(ask: Ask) -> dict[str, Any]:
    """What is drawn over the picture: cells of clicks, points of rage and dead clicks."""
    band = band_of(ask.view.given)
    least, most = BANDS[band]
    asked = {**ask.view.parameters(), "least": least, "most": most}
    only = of_visits(ask.view)
    return {
        "cells": ask.marts.rows(CELLS.format(only=only), asked),
        "points": ask.marts.rows(POINTS.format(only=only), asked),
        "width": DEFAULT_WIDTH[band],
    }


def picture(ask: Ask) -> str | None:
    """The page of the address as HTML that stands still; None where no recording has it."""
    least, most = BANDS[band_of(ask.view.given)]
    path = ask.view.given.get("path", "")
    chunks = ask.marts.rows(SNAPSHOTS, {"path": path, "least": least, "most": most})
    spans = _spans(ask, chunks, path)
    for chunk in _likely(chunks, spans)[:TRIES]:
        asked = {"session": str(chunk["session_id"]), "chunk": chunk["chunk_index"]}
        events = list(events_of(ask.marts.payloads(PAYLOAD, asked)))
        if node := snapshot_of(events, path, spans[chunk["session_id"]]):
            return html(node)
    return None


def snapshot_of(
    events: list[Event], path: str, spans: list[tuple[datetime, datetime]]
) -> dict[str, Any] | None:
    """The first full snapshot taken on the page: by the address beside it, and by time."""
    href = ""
    for event in events:
        data = event.get("data")
        if not isinstance(data, dict):
            continue
        if event["type"] == META:
            href = str(data.get("href", ""))
        elif event["type"] == FULL_SNAPSHOT and isinstance(data.get("node"), dict):
            at = event["timestamp"] / 1_000
            is_then = any(a.timestamp() <= at < b.timestamp() for a, b in spans)
            if is_then and (not href or same_page(href, path)):
                node: dict[str, Any] = data["node"]
                return node
    return None


def same_page(href: str, path: str) -> bool:
    """Whether an address is of a page, as far as both are written alike."""
    return unquote(urlsplit(href).path).rstrip("/") == path.rstrip("/")


def band_of(given: Any) -> str:
    """Of the screen's width; desktop where the address says none."""
    device = given.get("device", "")
    band = given.get("band") or (device if device in BANDS else "desktop")
    return band if band in BANDS else "desktop"


def _spans(ask: Ask, chunks: list[Row], path: str) -> dict[Any, list[tuple[datetime, datetime]]]:
    """When each session was on the page."""
    ids = sorted({str(row["session_id"]) for row in chunks})
    spans: dict[Any, list[tuple[datetime, datetime]]] = {}
    seen = ask.marts.rows(SEEN, {"ids": ids}) if ids else []
    for row, after in pairwise([*seen, {}]):
        is_last = after.get("session_id") != row["session_id"]
        until = row["viewed_at"] + timedelta(hours=1) if is_last else after["viewed_at"]
        if row["path"] == path:
            spans.setdefault(row["session_id"], []).append((row["viewed_at"] - EARLY, until))
    return spans


def _likely(chunks: list[Row], spans: dict[Any, list[tuple[datetime, datetime]]]) -> list[Row]:
    """Payloads that overlap a time on the page."""
    return [
        row
        for row in chunks
        if any(
            row["timestamp_start"] < until and row["timestamp_end"] >= since
            for since, until in spans.get(row["session_id"], ())
        )
    ]


def _figures(ask: Ask, since: Any, until: Any) -> Row:
    vitals = ", ".join(
        f"quantileExactInclusiveOrNull({p / 100})({name}) AS {name}_p{p}"
        for name in VITALS
        for p in (50, 75, 95)
    )
    sql = FIGURES.format(vitals=vitals, only=of_visits(ask.view))
    return ask.marts.row(sql, {**ask.view.parameters(), "from": since, "to": until})
