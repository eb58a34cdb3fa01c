"""The dashboard's queries on ClickHouse's marts, over HTTP: how long the slowest of them take.

Each is asked with other values each time (days, page, device), so that no answer is cached.
"""

import statistics
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from clickhouse_connect.driver.client import Client

from hxi.admin import clients
from hxi.admin.endpoints import Endpoints
from tests.benchmarks.report import Report, timed

TIMES = 60
SPAN = timedelta(days=7)
BAR_MS = 150

QUERIES = {
    "overview of 7 days with change": """
        SELECT started_at >= {since:Date} AS is_now, count() AS sessions,
            uniqExactIf(user_id, user_id != '') AS users, avg(duration_ms), avg(is_bounce),
            sum(page_count), sum(error_count), sum(rage_click_count), avg(score)
        FROM gosight.sessions
        LEFT JOIN (
            SELECT session_id, score FROM gosight.experience_scores
            WHERE project_id = {project:String} AND day >= {before:Date}
                AND day < {until:Date}) AS scores USING (session_id)
        WHERE project_id = {project:String} AND session_date >= {before:Date}
            AND session_date < {until:Date}
        GROUP BY is_now""",
    "sessions list, filtered": """
        SELECT session_id, user_id, started_at, duration_ms, page_count, error_count,
            rage_click_count, dead_click_count, entry_path, exit_path, browser, country_code
        FROM gosight.sessions
        WHERE project_id = {project:String} AND session_date >= {since:Date}
            AND session_date < {until:Date} AND device_type = {device:String}
            AND (has_error OR has_rage_click) AND page_count > 1
        ORDER BY started_at DESC LIMIT 50""",
    "heatmap of a page": """
        SELECT grid_x, grid_y, sum(click_count) AS clicks
        FROM gosight.click_heatmap_mv
        WHERE project_id = {project:String} AND path = {path:String}
            AND date >= {before:Date} AND date < {until:Date}
        GROUP BY grid_x, grid_y ORDER BY clicks DESC LIMIT 5000""",
    "insights with hotspots": """
        SELECT insight_type, path, target_selector, count() AS met, uniqExact(session_id),
            median(x), median(y), max(timestamp), argMax(session_id, timestamp)
        FROM gosight.insights
        WHERE project_id = {project:String} AND insight_date >= {since:Date}
            AND insight_date < {until:Date} AND charged
        GROUP BY insight_type, path, target_selector ORDER BY met DESC LIMIT 50""",
    "errors grouped": """
        SELECT fingerprint, any(error_type), any(message_pattern), sum(error_count) AS errors,
            sum(session_count), min(first_seen_at), max(last_seen_at),
            arrayDistinct(arrayFlatten(groupArray(paths))), argMax(sample_stack, last_seen_at)
        FROM gosight.errors_grouped
        WHERE project_id = {project:String} AND day >= {since:Date} AND day < {until:Date}
        GROUP BY fingerprint ORDER BY errors DESC LIMIT 50""",
}


def measure(report: Report, endpoints: Endpoints) -> None:
    """95th percentiles of each query; rows are those of the largest project."""
    with clients.clickhouse(endpoints.clickhouse_reader_url) as client:
        ((events,),) = client.query("SELECT count() FROM gosight.events").result_rows
        report.section(f"the dashboard's queries on {events:,} events, {TIMES} times each")
        asked = list(_values(client))
        for name, query in QUERIES.items():
            took = [_ask(client, query, values) for values in asked]
            percentile = statistics.quantiles(took, n=20)[-1]
            report.seconds(f"p95: {name}", percentile, f"bar: {BAR_MS / 1000} s")


def _ask(client: Client, query: str, values: Mapping[str, Any]) -> float:
    took = timed(lambda: client.query(query, parameters=dict(values)).result_rows)
    if not took.result:
        raise RuntimeError(f"nothing found with {values}: {query}")
    return took.seconds


def _values(client: Client) -> Iterator[dict[str, Any]]:
    ((project, first, last),) = client.query(
        "SELECT project_id, min(session_date), max(session_date) FROM gosight.sessions"
        " GROUP BY project_id ORDER BY count() DESC LIMIT 1"
    ).result_rows
    pages = client.query(
        "SELECT path FROM gosight.click_heatmap_mv WHERE project_id = {p:String}"
        " GROUP BY path ORDER BY uniqExact(date) DESC, sum(click_count) DESC LIMIT 5",
        parameters={"p": project},
    ).result_rows
    random = Random(1)
    for _ in range(TIMES):
        until = _day_between(random, first + 2 * SPAN, last)
        yield {
            "project": project,
            "before": until - 2 * SPAN,
            "since": until - SPAN,
            "until": until,
            "device": random.choice(("desktop", "mobile")),
            "path": random.choice(pages)[0],
        }


def _day_between(random: Random, first: date, last: date) -> date:
    return first + timedelta(days=random.randint(0, max(0, (last - first).days)))
