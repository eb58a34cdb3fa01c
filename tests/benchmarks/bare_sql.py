"""The marts that need no signals, by hand: plain ClickHouse SQL over raw.events.

What somebody would write who needs the numbers once: each table made anew by one statement, with
no plan, tests, contracts or rules per project. Tables of sessions are here, of days in bare_days.
"""

from clickhouse_connect.driver.client import Client

from tests.benchmarks.bare_days import DAYS
from tests.benchmarks.landing import SCRATCH, scratch

# Table -> (sorting key, query), in the order they are made. `{db}` is the scratch database.
SESSIONS = {
    "events": (
        "project_id, session_id, timestamp, event_id",
        """
        WITH
            cleaned AS (
                SELECT * EXCEPT path,
                       replaceRegexpOne(
                           cutQueryStringAndFragment(if(path != '', path, path(url))),
                           '(.)/+$', '\\\\1') AS path
                FROM raw.events FINAL),
            views AS (
                SELECT project_id, session_id, path, timestamp, event_id AS view_id
                FROM cleaned WHERE event_type = 'page_view')
        SELECT cleaned.*, views.view_id AS view_id, toDate(timestamp) AS event_date
        FROM cleaned ASOF LEFT JOIN views
            ON cleaned.project_id = views.project_id AND cleaned.session_id = views.session_id
            AND cleaned.path = views.path AND views.timestamp <= cleaned.timestamp""",
    ),
    "views": (
        "project_id, session_id, view_id",
        """
        SELECT project_id, session_id, view_id, min(timestamp) AS viewed_at,
               toDate(viewed_at) AS view_date, any(path) AS path,
               anyIf(url, event_type = 'page_view') AS url,
               anyIf(title, event_type = 'page_view') AS title,
               anyIf(referrer, event_type = 'page_view') AS referrer,
               countIf(event_type = 'page_view') > 0 AS is_page_view,
               maxIf(time_on_page_ms, event_type = 'page_exit') AS time_on_page_ms,
               maxIf(scroll_depth, event_type IN ('scroll', 'page_exit')) AS max_scroll_depth,
               countIf(event_type = 'click') AS click_count,
               countIf(event_type LIKE '%error%') AS error_count,
               argMax(lcp, timestamp) AS lcp, argMin(fid, timestamp) AS fid, max(inp) AS inp,
               max(cls) AS cls, argMin(fcp, timestamp) AS fcp, argMin(ttfb, timestamp) AS ttfb,
               argMin(load_complete, timestamp) AS load_complete
        FROM {db}.events WHERE view_id != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY project_id, session_id, view_id""",
    ),
    "page_views": (
        "project_id, session_id, viewed_at",
        "SELECT * FROM {db}.views WHERE is_page_view",
    ),
    "journeys": (
        "project_id, session_id, step",
        """
        WITH changes AS (
            SELECT project_id, session_id, viewed_at, path, url, title, view_id,
                   lagInFrame(path) OVER w AS path_before
            FROM {db}.page_views
            WINDOW w AS (PARTITION BY project_id, session_id ORDER BY viewed_at, view_id))
        SELECT project_id, session_id, path, url, title, view_id, viewed_at AS started_at,
               row_number() OVER w AS step,
               leadInFrame(path) OVER (w ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_path,
               leadInFrame(viewed_at) OVER (w ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_at,
               if(next_at > viewed_at, dateDiff('millisecond', viewed_at, next_at), 0) AS dwell_ms,
               toDate(viewed_at) AS step_date
        FROM changes WHERE path != path_before
        WINDOW w AS (PARTITION BY project_id, session_id ORDER BY viewed_at, view_id)""",
    ),
    "engaged": (
        "project_id, session_id",
        """
        WITH gaps AS (
            SELECT project_id, session_id,
                   dateDiff('millisecond', lagInFrame(timestamp, 1, timestamp) OVER w, timestamp)
                       AS gap_ms,
                   event_type = 'page_visible' AS was_hidden
            FROM {db}.events
            WHERE event_type IN ('click', 'dblclick', 'context_menu', 'scroll', 'scroll_milestone',
                'input_change', 'input_focus', 'input_blur', 'form_start', 'form_submit',
                'form_abandon', 'form_error', 'page_hidden', 'page_visible')
            WINDOW w AS (PARTITION BY project_id, session_id ORDER BY timestamp))
        SELECT project_id, session_id, sumIf(least(gap_ms, 30000), NOT was_hidden) AS engaged_ms
        FROM gaps GROUP BY project_id, session_id""",
    ),
    "sessions": (
        "project_id, session_id",
        """
        SELECT sums.*, toDate(started_at) AS session_date, engaged.engaged_ms AS engaged_ms,
               dateDiff('millisecond', started_at, ended_at) AS duration_ms
        FROM (
            SELECT project_id, session_id, min(timestamp) AS started_at,
                   max(timestamp) AS ended_at,
                   argMaxIf(user_id, timestamp, user_id != '') AS user_id,
                   count() AS event_count, countIf(event_type = 'page_view') AS page_count,
                   countIf(event_type = 'click') AS click_count,
                   countIf(event_type LIKE '%error%') AS error_count,
                   maxIf(scroll_depth, event_type IN ('scroll', 'page_exit')) AS max_scroll_depth,
                   argMinIf((url, path), timestamp, event_type = 'page_view') AS entry,
                   argMaxIf((url, path), timestamp, event_type = 'page_view') AS exit,
                   argMinIf(referrer, timestamp, referrer != '') AS referrer,
                   argMinIf((utm_source, utm_medium, utm_campaign, utm_term, utm_content),
                            timestamp, event_type = 'session_start') AS utm,
                   argMinIf((browser, browser_version, os, os_version, device_type, user_agent,
                             language, screen_width, screen_height, viewport_width,
                             viewport_height), timestamp, user_agent != '') AS device,
                   argMinIf((ip, country, country_code, region, city), timestamp,
                            country != '') AS geo
            FROM {db}.events GROUP BY project_id, session_id) AS sums
        LEFT JOIN {db}.engaged AS engaged USING (project_id, session_id)""",
    ),
}
STATEMENTS = SESSIONS | DAYS


def build(client: Client) -> None:
    """Every table once; the scratch database is dropped at the end."""
    scratch(client)
    for name, (key, query) in STATEMENTS.items():
        client.command(
            f"CREATE OR REPLACE TABLE {SCRATCH}.{name} ENGINE = MergeTree ORDER BY ({key})"
            f" SETTINGS allow_nullable_key = 1 AS {query.format(db=SCRATCH)}"
        )
    client.command(f"DROP DATABASE {SCRATCH}")
