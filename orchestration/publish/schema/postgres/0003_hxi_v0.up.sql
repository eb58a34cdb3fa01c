-- The tables of hxi under the names of the first version of their document. security_invoker: whoever reads a view sees
-- what the tables let them see.
CREATE SCHEMA IF NOT EXISTS hxi_v0;

CREATE VIEW hxi_v0.users WITH (security_invoker = true) AS
SELECT
    project_id,
    user_id,
    external_user_id,
    email,
    locale,
    device_type,
    created_at
FROM hxi.users;

CREATE VIEW hxi_v0.sessions WITH (security_invoker = true) AS
SELECT
    project_id,
    session_id,
    user_id,
    device_id,
    ip_address,
    user_agent,
    screen_resolution,
    app_version,
    start_time AS started_at,
    end_time AS ended_at,
    duration_ms
FROM hxi.sessions;

CREATE VIEW hxi_v0.events WITH (security_invoker = true) AS
SELECT
    project_id,
    event_id,
    session_id,
    event_type,
    screen_name AS screen,
    element_id,
    x,
    y,
    scroll_position AS scroll,
    metadata,
    timestamp AS occurred_at
FROM hxi.events;

CREATE VIEW hxi_v0.rage_click_events WITH (security_invoker = true) AS
SELECT
    project_id,
    id,
    session_id,
    element_id,
    screen_name AS screen,
    click_count,
    first_click_time AS first_click_at,
    last_click_time AS last_click_at,
    detected_at
FROM hxi.rage_click_events;

CREATE VIEW hxi_v0.heatmap_points WITH (security_invoker = true) AS
SELECT
    project_id,
    id,
    session_id,
    screen_name AS screen,
    x,
    y,
    weight,
    event_time AS occurred_at
FROM hxi.heatmap_points;

CREATE VIEW hxi_v0.journey_steps WITH (security_invoker = true) AS
SELECT
    project_id,
    id,
    session_id,
    step_number AS step,
    screen_name AS screen,
    event_time AS occurred_at
FROM hxi.journey_steps;

CREATE VIEW hxi_v0.latency_metrics WITH (security_invoker = true) AS
SELECT
    project_id,
    id,
    session_id,
    api_endpoint AS api,
    latency_ms,
    status_code AS status,
    recorded_at AS occurred_at
FROM hxi.latency_metrics;

CREATE VIEW hxi_v0.emotion_predictions WITH (security_invoker = true) AS
SELECT
    project_id,
    id,
    session_id,
    event_id,
    predicted_emotion AS emotion,
    confidence,
    predicted_at AS occurred_at
FROM hxi.emotion_predictions;

CREATE VIEW hxi_v0.experience_scores WITH (security_invoker = true) AS
SELECT
    project_id,
    id,
    session_id,
    score,
    issues,
    generated_at AS calculated_at
FROM hxi.experience_scores;

CREATE VIEW hxi_v0.replay_chunks WITH (security_invoker = true) AS
SELECT
    project_id,
    id,
    session_id,
    chunk_index,
    chunk_data,
    recorded_at
FROM hxi.session_replay_chunks;

CREATE VIEW hxi_v0.error_logs WITH (security_invoker = true) AS
SELECT
    project_id,
    id,
    session_id,
    screen_name AS screen,
    error_message AS message,
    stack_trace AS stack,
    occurred_at
FROM hxi.error_logs;
