"""What must be equal between each served table and the marts it is made of."""

from dataclasses import dataclass

ERRORS = "event_type IN ('js_error', 'unhandled_rejection', 'resource_error', 'console_error')"
ISSUES = "charged AND insight_type IN ('rage_click', 'dead_click', 'slow_page', 'form_abandonment')"
POINTS = """(event_type = 'click' AND click_x IS NOT NULL AND click_y IS NOT NULL
    OR event_type = 'scroll' AND scroll_top IS NOT NULL)"""
INT, BIGINT = 2**31 - 1, 2**63 - 1

# What an issue is counted by, of each charged insight and each error.
MET = f"""(
    SELECT project_id, session_id,
        if(insight_type = 'slow_page', 'slow_load', toString(insight_type)) AS issue_type,
        path, ifNull(target_selector, '') AS selector
    FROM {{marts}}.insights WHERE {ISSUES}
    UNION ALL
    SELECT project_id, session_id, 'error', path, '' FROM {{marts}}.events WHERE {ERRORS}
)"""


@dataclass(frozen=True)
class Agreement:
    """`<schema>.<table>` and what it is made of have equal rows and sums per project.

    `mart` follows FROM in ClickHouse, with the marts' database as {marts}; agreements of one mart
    are asked together. Rows and sums are expressions of the two engines, those of ClickHouse with
    the condition `only` as {only}; a sum is 0 where counting is enough.
    `is_of_sessions`: each row belongs to one session, so a part of the sessions can be compared.
    """

    table: str
    mart: str
    only: str = "1"
    mart_rows: str = "countIf({only})"
    mart_sum: str = "0"
    schema: str = "hxi"
    served_only: str = "true"
    served_sum: str = "0"
    is_of_sessions: bool = True

    @property
    def session_type(self) -> str:
        """Of the served table's session_id."""
        return "text" if self.schema == "traceflow" else "uuid"


AGREEMENTS = (
    Agreement(
        table="sessions",
        mart="{marts}.sessions",
        mart_sum=f"sumIf(toInt128(least(duration_ms, {BIGINT})), {{only}})",
        served_sum="sum(duration_ms)",
    ),
    Agreement(table="events", mart="{marts}.events"),
    Agreement(
        table="rage_click_events",
        mart="{marts}.insights",
        only="insight_type = 'rage_click'",
        mart_sum="sumIf(JSONExtractUInt(details, 'click_count'), {only})",
        served_sum="sum(click_count)",
    ),
    Agreement(
        table="heatmap_points",
        mart="{marts}.events",
        only=POINTS,
        mart_sum="ifNull(sumIf("
        "if(event_type = 'click', toInt64(click_x) + click_y, scroll_top), {only}), 0)",
        served_sum="sum(coalesce(x, 0)::bigint + y)",
    ),
    Agreement(table="journey_steps", mart="{marts}.journeys"),
    Agreement(
        table="latency_metrics",
        mart="{marts}.events",
        only="event_type IN ('xhr_request', 'fetch_request')",
        # greatest and least leave nulls out, so that none would be the greatest number.
        mart_sum=f"ifNull(sumIf(greatest(least(request_duration_ms, {INT}), -{INT + 1}),"
        " isNotNull(request_duration_ms) AND {only}), 0)",
        served_sum="coalesce(sum(latency_ms), 0)",
    ),
    Agreement(
        table="experience_scores",
        mart="{marts}.experience_scores",
        mart_sum="ifNull(sumIf(score, {only}), 0)",
        served_sum="coalesce(sum(score), 0)",
    ),
    Agreement(table="error_logs", mart="{marts}.events", only=ERRORS),
    Agreement(table="emotion_predictions", mart="{marts}.behaviour_states"),
    Agreement(
        table="session_replay_chunks",
        mart="{marts}.replay_chunks",
        mart_sum="countIf(problem = '' AND {only})",
        served_sum="count(chunk_data)",
    ),
    # Of traceflow, the published rows: services insert others, and count them in sessions.
    Agreement(
        schema="traceflow",
        table="traceflow_sessions",
        mart="{marts}.sessions",
        mart_sum=f"sumIf(least(duration_ms, {INT}), {{only}})",
        served_only="source_session_id IS NOT NULL",
        served_sum="sum(duration_ms)",
    ),
    Agreement(
        schema="traceflow",
        table="traceflow_events",
        mart="{marts}.events",
        served_only="source_event_id IS NOT NULL",
    ),
    Agreement(
        schema="traceflow",
        table="session_recordings",
        mart="{marts}.replay_chunks",
        mart_rows="uniqExactIf(session_id, {only})",
        mart_sum="sumIf(event_count, {only})",
        served_only="source_session_id IS NOT NULL",
        served_sum="sum(event_count)",
    ),
    Agreement(
        schema="traceflow",
        table="traceflow_ux_issue_sessions",
        mart=MET,
        mart_rows="uniqExactIf((session_id, issue_type, path, selector), {only})",
        mart_sum="countIf({only})",
        served_sum="sum(occurrence_count)",
    ),
    Agreement(
        schema="traceflow",
        table="traceflow_ux_issues",
        mart=MET,
        mart_rows="uniqExactIf((issue_type, path, selector), {only})",
        mart_sum="countIf({only}) + uniqExactIf((session_id, issue_type, path, selector), {only})",
        served_only="issue_key IS NOT NULL AND occurrence_count > 0",
        served_sum="sum(occurrence_count + affected_sessions)",
        is_of_sessions=False,
    ),
)
