"""The tables of days, by hand, from the scratch tables of bare_sql."""

# Table -> (sorting key, query).
DAYS = {
    "click_heatmap": (
        "project_id, path, grid_x, grid_y",
        """
        SELECT project_id, path, viewport_width, floor(click_x / 10) AS grid_x,
               floor(click_y / 10) AS grid_y, target_selector, target_tag, event_date,
               count() AS clicks
        FROM {db}.events WHERE event_type = 'click' AND click_x IS NOT NULL GROUP BY ALL""",
    ),
    "click_heatmap_normalised": (
        "project_id, path, width_band",
        """
        SELECT project_id, path, event_date, target_selector,
               multiIf(viewport_width < 768, 'mobile', viewport_width < 1200, 'tablet', 'desktop')
                   AS width_band,
               floor(100 * click_x / nullIf(viewport_width, 0)) AS x_pct,
               floor(click_y / 10) AS grid_y,
               floor(20 * (click_x - target_left) / nullIf(target_width, 0)) AS element_x,
               floor(20 * (click_y - target_top) / nullIf(target_height, 0)) AS element_y,
               count() AS clicks
        FROM {db}.events WHERE event_type = 'click' AND click_x IS NOT NULL GROUP BY ALL""",
    ),
    "element_clicks": (
        "project_id, path, event_date",
        """
        SELECT project_id, path, event_date, target_selector, target_tag, target_text,
               count() AS clicks
        FROM {db}.events WHERE event_type = 'click' GROUP BY ALL""",
    ),
    "scroll_depth": (
        "project_id, path, event_date",
        """
        SELECT project_id, path, event_date, countIf(depth >= 25) AS reached_25,
               countIf(depth >= 50) AS reached_50, countIf(depth >= 75) AS reached_75,
               countIf(depth >= 90) AS reached_90, countIf(depth >= 100) AS reached_100,
               count() AS sessions
        FROM (
            SELECT project_id, session_id, path, event_date, max(scroll_depth) AS depth
            FROM {db}.events WHERE event_type = 'page_exit' GROUP BY ALL)
        GROUP BY ALL""",
    ),
    "errors_grouped": (
        "project_id, event_date",
        """
        SELECT project_id, event_date, event_type, error_type, error_filename,
               replaceRegexpAll(ifNull(error_message, ''), '\\\\d+|"[^"]*"', '?') AS pattern,
               any(error_message) AS sample, any(error_stack) AS stack, count() AS errors,
               uniqExact(session_id) AS sessions, uniqExact(user_id) AS users,
               min(timestamp) AS first_seen_at, max(timestamp) AS last_seen_at,
               groupUniqArray(path) AS paths
        FROM {db}.events WHERE event_type LIKE '%error%' GROUP BY ALL""",
    ),
    "events_hourly": (
        "project_id, hour",
        """
        SELECT project_id, toStartOfHour(timestamp) AS hour, event_type, path, count() AS events,
               uniqExact(session_id) AS sessions, uniqExact(user_id) AS users
        FROM {db}.events GROUP BY ALL""",
    ),
    "latency_daily": (
        "project_id, event_date",
        """
        SELECT project_id, event_date, request_method,
               cutQueryStringAndFragment(ifNull(request_url, '')) AS endpoint, count() AS requests,
               countIf(request_status = 0 OR request_status >= 500) AS failed,
               quantilesExactInclusive(0.5, 0.75, 0.95, 0.99)(request_duration_ms) AS percentiles,
               countIf(request_duration_ms <= 500) AS satisfied,
               countIf(request_duration_ms > 500 AND request_duration_ms <= 2000) AS tolerating
        FROM {db}.events WHERE event_type IN ('xhr_request', 'fetch_request') GROUP BY ALL""",
    ),
    "page_time": (
        "project_id, path, view_date",
        """
        SELECT project_id, path, view_date, count() AS views, avg(time_on_page_ms) AS mean,
               max(time_on_page_ms) AS longest, min(time_on_page_ms) AS shortest,
               quantilesExactInclusive(0.5, 0.75)(time_on_page_ms) AS percentiles,
               sum(time_on_page_ms) AS total
        FROM {db}.views WHERE time_on_page_ms > 0 GROUP BY ALL""",
    ),
    "page_performance": (
        "project_id, view_date, path",
        """
        SELECT project_id, view_date, path, count() AS views, avg(lcp) AS mean_lcp,
               avg(fid) AS mean_fid, avg(cls) AS mean_cls, avg(ttfb) AS mean_ttfb,
               quantilesExactInclusive(0.75, 0.95)(lcp) AS lcp_percentiles,
               quantileExactInclusive(0.75)(inp) AS p75_inp,
               quantileExactInclusive(0.75)(cls) AS p75_cls
        FROM {db}.views WHERE lcp IS NOT NULL GROUP BY ALL""",
    ),
    "journey_edges": (
        "project_id, step_date",
        """
        SELECT project_id, step_date, path, next_path, count() AS transitions,
               uniqExact(session_id) AS sessions, sum(dwell_ms) AS dwell_ms
        FROM {db}.journeys GROUP BY ALL
        UNION ALL
        SELECT project_id, step_date, '', path, count(), uniqExact(session_id), 0
        FROM {db}.journeys WHERE step = 1 GROUP BY ALL""",
    ),
    "sessions_daily": (
        "project_id, session_date",
        """
        SELECT project_id, session_date, geo.2 AS country, device.5 AS device_type,
               count() AS sessions, uniqExact(user_id) AS users, sum(duration_ms) AS duration,
               sum(engaged_ms) AS engaged, sum(page_count) AS pages, sum(event_count) AS events,
               countIf(error_count > 0) AS with_error, countIf(page_count = 1) AS bounces
        FROM {db}.sessions GROUP BY ALL""",
    ),
    "users_daily": (
        "project_id, event_date",
        """
        SELECT project_id, event_date,
               uniqExactIf(sessions.user_id, sessions.user_id != '') AS users,
               countIf(sessions.user_id = '') AS anonymous, count() AS sessions
        FROM (SELECT DISTINCT project_id, session_id, event_date FROM {db}.events) AS active
        INNER JOIN {db}.sessions AS sessions USING (project_id, session_id)
        GROUP BY project_id, event_date""",
    ),
}
