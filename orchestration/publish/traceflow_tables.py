"""The tables of schema traceflow that are derived; the others belong to services and people.

Session ids are text there. Published rows take the id of what they show: session, event, issue.
"""

from functools import partial

from orchestration.publish.served_table import SESSION_KEY, ServedTable

_table = partial(
    ServedTable,
    schema="traceflow",
    surrogate=(),
    scope=("pg_temp", "planned_texts"),
)

TRACEFLOW_SESSIONS = _table(
    name="traceflow_sessions",
    key=SESSION_KEY,
    derived=(
        "source_session_id",
        "visitor_id",
        "user_agent",
        "device_type",
        "browser",
        "os",
        "screen_resolution",
        "ip_address",
        "country_code",
        "city",
        "started_at",
        "ended_at",
        "duration_ms",
        "page_count",
        "event_count",
        "frustration_score",
        "rage_click_count",
        "dead_click_count",
        "error_count",
        "referrer",
        "landing_page",
        "pages_visited",
        "created_at",
        "updated_at",
    ),
    initial=("id",),
    kept=("geolocation", "ai_analyzed", "ai_summary", "ai_root_cause", "custom_properties"),
    is_shared=True,
)

# Each row belongs to a session; a recording may be of one without other events.
TRACEFLOW_ROWS = (
    _table(
        name="traceflow_events",
        key=("project_id", "id"),
        derived=(
            "session_id",
            "source_event_id",
            "event_type",
            "event_name",
            "page_url",
            "page_title",
            "element_tag",
            "element_id",
            "element_class",
            "element_text",
            "element_selector",
            "x_position",
            "y_position",
            "viewport_width",
            "viewport_height",
            "scroll_depth",
            "error_message",
            "error_stack",
            "timestamp",
            "time_on_page_ms",
            "metadata",
            "created_at",
        ),
        published_mark="source_event_id",
    ),
    _table(
        name="session_recordings",
        key=SESSION_KEY,
        derived=(
            "source_session_id",
            "events",
            "duration_ms",
            "event_count",
            "page_count",
            "pages_visited",
            "user_agent",
            "visitor_id",
            "ip_address",
            "geolocation",
            "start_time",
            "end_time",
            "compressed",
            "storage_size_bytes",
            "created_at",
            "updated_at",
        ),
        initial=("id",),
        kept=("device_fingerprint",),
        published_mark="source_session_id",
        is_shared=True,
    ),
    _table(
        name="traceflow_ux_issue_sessions",
        key=(*SESSION_KEY, "issue_key"),
        derived=(
            "issue_type",
            "page_url",
            "element_selector",
            "user_id",
            "occurrence_count",
            "first_detected_at",
            "last_detected_at",
        ),
    ),
)

# Rolled up from traceflow_ux_issue_sessions, planned sessions' or not: see issues.py.
UX_ISSUES = _table(
    name="traceflow_ux_issues",
    key=("project_id", "issue_key"),
    derived=(
        "issue_type",
        "severity",
        "page_url",
        "element_selector",
        "occurrence_count",
        "first_detected_at",
        "last_detected_at",
        "affected_sessions",
        "affected_users",
        "created_at",
    ),
    initial=("id", "ai_description", "ai_recommendation"),
    kept=(
        "session_id",
        "component",
        "ai_confidence",
        "ai_code_suggestion",
        "estimated_revenue_impact",
        "status",
        "resolved_at",
        "resolved_by",
        "updated_at",
    ),
    scope=("pg_temp", "touched_issues"),
    scope_key=("project_id", "issue_key"),
    is_within_scope=False,  # the severity of issues that no planned session met may change
    temporary_source="current_issues",
)
