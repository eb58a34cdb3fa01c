"""The sums of a truth file's last line, as the marts have them."""

from typing import Any

from clickhouse_connect.driver.client import Client

MS = "toUnixTimestamp64Milli"
ONE_ROW = f"""
SELECT count() AS sessions, sum(event_count) AS events,
       uniqExactIf(user_id, user_id != '') AS users, countIf(user_id = '') AS anonymous_sessions,
       countIf(is_bounce = 1) AS bounces,
       {MS}(min(started_at)) AS first_at, {MS}(max(ended_at)) AS last_at
FROM gosight.sessions WHERE project_id = {{p:String}}"""
RECORDED = """
SELECT uniqExact(session_id) AS recorded_sessions, count() AS replay_payloads
FROM gosight.replay_chunks WHERE project_id = {p:String}"""
# Each gives a name and a count a row.
NAMED = {
    "events_by_type": """
        SELECT event_type, sum(event_count) FROM gosight.events_hourly_mv
        WHERE project_id = {p:String} GROUP BY ALL""",
    "page_views_by_path": """
        SELECT path, sum(event_count) FROM gosight.events_hourly_mv
        WHERE project_id = {p:String} AND event_type = 'page_view' GROUP BY ALL""",
    "insights": """
        SELECT insight_type, count() FROM gosight.insights
        WHERE project_id = {p:String} GROUP BY ALL""",
    "insights_charged": """
        SELECT insight_type, countIf(charged) FROM gosight.insights
        WHERE project_id = {p:String} GROUP BY ALL""",
}
REQUESTS = """
SELECT concat(method, ' ', path(endpoint)), toString(ifNull(status, 0)), count()
FROM intermediate.int_requests WHERE project_id = {p:String} GROUP BY ALL"""


def found(client: Client, project_id: str) -> dict[str, Any]:
    """By the names of the truth file."""
    parameters = {"p": project_id}
    sums: dict[str, Any] = {}
    for query in (ONE_ROW, RECORDED):
        sums |= next(iter(client.query(query, parameters=parameters).named_results()))
    for name, query in NAMED.items():
        rows = client.query(query, parameters=parameters).result_rows
        sums[name] = dict(map(tuple, rows))
    sums["requests"] = {}
    for endpoint, status, count in client.query(REQUESTS, parameters=parameters).result_rows:
        sums["requests"].setdefault(endpoint, {})[status] = count
    return sums
