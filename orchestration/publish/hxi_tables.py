"""The tables of schema hxi."""

from orchestration.publish.served_table import SESSION_KEY, ServedTable

EVENT_KEY = (*SESSION_KEY, "source_event_id")

USERS = ServedTable(
    "users",
    key=("project_id", "user_id"),
    surrogate=(),
    scope=("pg_temp", "affected_users"),
    scope_key=("project_id", "user_id"),
    temporary_source="current_users",
    temporary_columns=(
        *("project_id", "user_id", "external_user_id"),
        *("email", "device_type", "locale", "created_at", "traits"),
    ),
)

SESSIONS = ServedTable("sessions", SESSION_KEY, surrogate=())

# Each row belongs to a session.
SESSION_ROWS = (
    ServedTable("events", EVENT_KEY, surrogate=("event_id",)),
    ServedTable("rage_click_events", (*SESSION_KEY, "insight_id")),
    ServedTable("heatmap_points", EVENT_KEY),
    ServedTable("journey_steps", (*SESSION_KEY, "step_number")),
    ServedTable("latency_metrics", EVENT_KEY),
    ServedTable("experience_scores", SESSION_KEY),
    ServedTable("error_logs", EVENT_KEY),
    ServedTable("emotion_predictions", (*SESSION_KEY, "prediction_id"), kept=("event_id",)),
    ServedTable("session_replay_chunks", (*SESSION_KEY, "chunk_index")),
)
