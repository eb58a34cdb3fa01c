"""The queries of docs/bi.md, and what ClickHouse's marts say their answers are."""

import re
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "bi.md").read_text()

# By the number of a query's heading: the same question to the marts, in ClickHouse's words and
# without a limit.
IN_PERIOD = "BETWEEN {since:DateTime64(3)} AND {until:DateTime64(3)} - INTERVAL 1 MILLISECOND"
EXPECTED = {
    1: f"""
        WITH visits AS (
            SELECT s.*, if(s.user_id != '', s.user_id, s.device_id) AS visitor,
                x.score AS score, started_at >= {{since:DateTime64(3)}} AS is_now
            FROM gosight.sessions AS s
            JOIN gosight.experience_scores AS x USING (project_id, session_id)
            WHERE project_id = {{project:String}}
              AND (started_at {IN_PERIOD} OR started_at {IN_PERIOD.replace("{since", "{earlier")}))
        SELECT countIf(is_now), countIf(NOT is_now),
            uniqExactIf(visitor, is_now AND visitor != ''),
            uniqExactIf(visitor, NOT is_now AND visitor != ''),
            sumIf(error_count, is_now), sumIf(error_count, NOT is_now),
            sumIf(rage_click_count, is_now), sumIf(rage_click_count, NOT is_now),
            round(avgIf(score, is_now), 1), round(avgIf(score, NOT is_now), 1)
        FROM visits""",
    2: f"""
        SELECT toString(session_id), started_at,
            nullIf(if(user_id != '', user_id, device_id), ''), device_type,
            nullIf(browser, ''), nullIf(country_code, ''),
            duration_ms, page_count, error_count, rage_click_count,
            100 - score
        FROM gosight.sessions
        JOIN gosight.experience_scores AS x USING (project_id, session_id)
        WHERE project_id = {{project:String}} AND started_at {IN_PERIOD}
          AND device_type = {{device:String}} AND 100 - score >= {{frustration:Int64}}
          AND error_count >= {{errors:Int64}}
        ORDER BY started_at DESC, toString(session_id)""",
    3: """
        SELECT timestamp, event_type, nullIf(path, '') FROM gosight.events
        WHERE project_id = {project:String} AND toString(session_id) = {session:String}
        ORDER BY timestamp, toString(event_id)""",
    4: f"""
        SELECT 20 * floor(click_x / 20.0) AS left_px, 20 * floor(click_y / 20.0) AS top_px, count()
        FROM gosight.events
        WHERE project_id = {{project:String}} AND timestamp {IN_PERIOD} AND path = {{path:String}}
          AND event_type = 'click' AND click_x IS NOT NULL
        GROUP BY left_px, top_px ORDER BY count() DESC, left_px, top_px""",
    # Every kind of error is one type.
    5: f"""
        SELECT issue_type, nullIf(path, ''), nullIf(selector, ''), sum(met), count(),
            uniqExactIf(user_id, user_id != '')
        FROM (
            SELECT project_id, session_id, path, selector, issue_type, count() AS met,
                min(timestamp) AS first
            FROM (
                SELECT project_id, session_id, path, ifNull(target_selector, '') AS selector,
                    timestamp,
                    if(insight_type = 'slow_page', 'slow_load', insight_type) AS issue_type
                FROM gosight.insights
                WHERE charged AND insight_type
                    IN ('rage_click', 'dead_click', 'slow_page', 'form_abandonment')
                UNION ALL
                SELECT project_id, session_id, path, '', timestamp, 'error'
                FROM gosight.events
                WHERE event_type
                    IN ('js_error', 'unhandled_rejection', 'resource_error', 'console_error'))
            GROUP BY ALL) AS issues
        JOIN gosight.sessions AS s USING (project_id, session_id)
        WHERE project_id = {{project:String}} AND first {IN_PERIOD}
        GROUP BY issue_type, path, selector""",
    6: f"""
        SELECT nullIf(error_message, ''), nullIf(path, ''), count(), uniqExact(session_id),
            min(timestamp), max(timestamp)
        FROM gosight.events
        WHERE project_id = {{project:String}} AND timestamp {IN_PERIOD}
          AND event_type IN ('js_error', 'unhandled_rejection', 'resource_error', 'console_error')
        GROUP BY error_message, path""",
    7: f"""
        SELECT cutQueryStringAndFragment(request_url) AS endpoint, count(),
            floor(1e4 * countIf(request_status = 0 OR request_status >= 500) / count() + 0.5) / 100,
            quantileExactInclusive(0.5)(request_duration_ms),
            quantileExactInclusive(0.95)(request_duration_ms)
        FROM gosight.events
        WHERE project_id = {{project:String}} AND timestamp {IN_PERIOD}
          AND event_type IN ('xhr_request', 'fetch_request')
        GROUP BY endpoint""",
    8: f"""
        SELECT concat(toString(a.step), '. ', a.path) AS source,
            concat(toString(b.step), '. ', b.path) AS target, count()
        FROM gosight.journeys AS a
        JOIN gosight.journeys AS b
            ON a.project_id = b.project_id AND a.session_id = b.session_id AND a.step + 1 = b.step
        WHERE a.project_id = {{project:String}} AND a.started_at {IN_PERIOD}
          AND b.started_at {IN_PERIOD}
        GROUP BY source, target""",
    9: f"""
        SELECT toStartOfDay(ended_at) AS day, count(), count(score), round(avg(score), 1),
            countIf(score >= 90), countIf(score >= 50 AND score < 90), countIf(score < 50)
        FROM gosight.experience_scores
        WHERE project_id = {{project:String}} AND ended_at {IN_PERIOD}
        GROUP BY day ORDER BY day""",
    10: f"""
        SELECT user_id, count(), max(started_at), sum(duration_ms), round(avg(score), 1)
        FROM gosight.sessions
        JOIN gosight.experience_scores AS x USING (project_id, session_id)
        WHERE project_id = {{project:String}} AND started_at {IN_PERIOD} AND user_id != ''
        GROUP BY user_id""",
}


def queries() -> dict[int, str]:
    """The page's queries by the number of their heading."""
    found = re.findall(r"^### (\d+)\. .*?^```sql\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return {int(number): query for number, query in found}


def for_psycopg(query: str) -> str:
    """Its `:name` as psycopg takes them."""
    return re.sub(r":(since|until|device|frustration|errors|session|path)\b", r"%(\1)s", query)


# Columns that the marts do not have: an event's document, what people decide about an issue.
SERVED_ONLY = {3: {"element_id", "metadata"}, 5: {"severity", "status"}}
# What the rows are ordered by first, and how many of them there are at most.
TOP = {2: ("started_at", 50), 5: ("sessions", 50), 6: ("errors", 50), 7: ("requests", 50)} | {
    8: ("moves", 50),
    10: ("sessions", 100),
}
