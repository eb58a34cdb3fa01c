"""The marts' sums by hand, in plain ClickHouse SQL over raw.events: no plan, no tests."""

from clickhouse_connect.driver.client import Client

from tests.benchmarks.landing import SCRATCH, scratch

# Table -> (sorting key, query). Each is made anew from the copy of the events.
STATEMENTS = {
    "events": (
        "project_id, session_id, timestamp, event_id",
        "SELECT *, toDate(timestamp) AS event_date FROM raw.events FINAL",
    ),
    "sessions": (
        "project_id, session_id",
        """
        SELECT project_id, session_id, min(timestamp) AS started_at, max(timestamp) AS ended_at,
               argMax(user_id, timestamp) AS user_id, count() AS event_count,
               countIf(event_type = 'page_view') AS page_count,
               countIf(event_type = 'click') AS click_count,
               countIf(event_type LIKE '%error%') AS error_count,
               max(scroll_depth) AS max_scroll_depth, argMin(browser, timestamp) AS browser,
               argMin(os, timestamp) AS os, argMin(device_type, timestamp) AS device_type,
               argMinIf(path, timestamp, event_type = 'page_view') AS entry_path,
               argMaxIf(path, timestamp, event_type = 'page_view') AS exit_path
        FROM {db}.events GROUP BY project_id, session_id""",
    ),
    "page_views": (
        "project_id, session_id, timestamp",
        (
            "SELECT project_id, session_id, timestamp, event_id, path, url, title"
            " FROM {db}.events WHERE event_type = 'page_view'"
        ),
    ),
    "journeys": (
        "project_id, session_id, step",
        """
        SELECT project_id, session_id, path, timestamp,
               row_number() OVER (PARTITION BY project_id, session_id ORDER BY timestamp) AS step
        FROM {db}.page_views""",
    ),
    "heatmap": (
        "project_id, path, grid_x, grid_y",
        """
        SELECT project_id, path, viewport_width, floor(click_x / 10) AS grid_x,
               floor(click_y / 10) AS grid_y, event_date, target_selector, count() AS clicks
        FROM {db}.events WHERE event_type = 'click' AND click_x IS NOT NULL GROUP BY ALL""",
    ),
    "elements": (
        "project_id, path, event_date",
        (
            "SELECT project_id, path, event_date, target_selector, target_text, count() AS clicks"
            " FROM {db}.events WHERE event_type = 'click' GROUP BY ALL"
        ),
    ),
    "hourly": (
        "project_id, hour",
        """
        SELECT project_id, toStartOfHour(timestamp) AS hour, event_type, path, count() AS events,
               uniqExact(session_id) AS sessions, uniqExact(user_id) AS users
        FROM {db}.events GROUP BY ALL""",
    ),
    "latency": (
        "project_id, event_date",
        """
        SELECT project_id, event_date, request_method, request_url, count() AS requests,
               quantilesExactInclusive(0.5, 0.75, 0.95, 0.99)(request_duration_ms) AS percentiles
        FROM {db}.events WHERE event_type IN ('xhr_request', 'fetch_request') GROUP BY ALL""",
    ),
    "daily": (
        "project_id, day",
        """
        SELECT project_id, toDate(started_at) AS day, device_type, count() AS sessions,
               sum(page_count) AS pages, countIf(error_count > 0) AS with_error
        FROM {db}.sessions GROUP BY ALL""",
    ),
}


def build(client: Client) -> None:
    """Every table once; the scratch database is dropped at the end."""
    scratch(client)
    for name, (key, query) in STATEMENTS.items():
        client.command(
            f"CREATE OR REPLACE TABLE {SCRATCH}.{name} ENGINE = MergeTree ORDER BY ({key})"
            f" SETTINGS allow_nullable_key = 1 AS {query.format(db=SCRATCH)}"
        )
    client.command(f"DROP DATABASE {SCRATCH}")
