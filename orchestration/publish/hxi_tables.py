"""The tables of schema hxi."""

from orchestration.publish.served_table import SESSION_KEY, ServedTable

EVENT_KEY = (*SESSION_KEY, "source_event_id")

USERS = ServedTable(
    name="users",
    key=("project_id", "user_id"),
    derived=("external_user_id", "device_type", "locale", "created_at"),
    surrogate=(),
    kept=("email",),
    scope=("pg_temp", "affected_users"),
    scope_key=("project_id", "user_id"),
    temporary_source="current_users",
)

SESSIONS = ServedTable(
    name="sessions",
    key=SESSION_KEY,
    derived=(
        "user_id",
        "device_id",
        "ip_address",
        "user_agent",
        "start_time",
        "end_time",
        "duration_ms",
        "screen_resolution",
        "app_version",
        "device_type",
        "locale",
    ),
    surrogate=(),
)

# Each row belongs to a session.
SESSION_ROWS = (
    ServedTable(
        name="events",
        key=EVENT_KEY,
        derived=(
            "event_type",
            "page_url",
            "screen_name",
            "element_id",
            "element_type",
            "x",
            "y",
            "scroll_position",
            "timestamp",
            "metadata",
        ),
        surrogate=("event_id",),
    ),
    ServedTable(
        name="rage_click_events",
        key=(*SESSION_KEY, "insight_id"),
        derived=(
            "element_id",
            "screen_name",
            "click_count",
            "first_click_time",
            "last_click_time",
            "detected_at",
        ),
    ),
    ServedTable(
        name="heatmap_points",
        key=EVENT_KEY,
        derived=("screen_name", "x", "y", "weight", "event_time"),
    ),
    ServedTable(
        name="journey_steps",
        key=(*SESSION_KEY, "step_number"),
        derived=("screen_name", "event_time"),
    ),
    ServedTable(
        name="latency_metrics",
        key=EVENT_KEY,
        derived=("screen_name", "api_endpoint", "latency_ms", "status_code", "recorded_at"),
    ),
    ServedTable(
        name="experience_scores",
        key=SESSION_KEY,
        derived=(
            "score",
            "issues",
            "not_measurable",
            "not_scored_reason",
            "scoring_version",
            "generated_at",
        ),
    ),
    ServedTable(
        name="error_logs",
        key=EVENT_KEY,
        derived=("screen_name", "error_message", "stack_trace", "occurred_at"),
    ),
    ServedTable(
        name="emotion_predictions",
        key=(*SESSION_KEY, "prediction_id"),
        derived=("predicted_emotion", "confidence", "model_version", "predicted_at"),
        kept=("event_id",),
    ),
    ServedTable(
        name="session_replay_chunks",
        key=(*SESSION_KEY, "chunk_index"),
        derived=("chunk_data", "recorded_at"),
    ),
)
