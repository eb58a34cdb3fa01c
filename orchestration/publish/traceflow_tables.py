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
    initial=("id",),
    kept=("geolocation", "ai_analyzed", "ai_summary", "ai_root_cause"),
    is_shared=True,
)

# Each row belongs to a session; a recording may be of one without other events.
TRACEFLOW_ROWS = (
    _table("traceflow_events", ("project_id", "id"), published_mark="source_event_id"),
    _table(
        name="session_recordings",
        key=SESSION_KEY,
        initial=("id",),
        kept=("device_fingerprint",),
        published_mark="source_session_id",
        is_shared=True,
    ),
    _table("traceflow_ux_issue_sessions", (*SESSION_KEY, "issue_key")),
)

# Rolled up from traceflow_ux_issue_sessions, planned sessions' or not: see issues.py.
UX_ISSUES = _table(
    name="traceflow_ux_issues",
    key=("project_id", "issue_key"),
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
    temporary_columns=(
        *("project_id", "issue_key", "issue_type", "severity", "page_url", "element_selector"),
        *("occurrence_count", "first_detected_at", "last_detected_at"),
        *("affected_sessions", "affected_users", "created_at"),
        *("id", "ai_description", "ai_recommendation"),
    ),
)
