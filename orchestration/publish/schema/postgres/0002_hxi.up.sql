-- The tables dashboards read. TIMESTAMP columns hold UTC. Keys start with project_id, because two projects
-- may send the same session id; a source id beside each surrogate id keeps the surrogate stable.
CREATE SCHEMA IF NOT EXISTS hxi;

CREATE TABLE hxi.users (
    project_id       UUID NOT NULL,
    user_id          UUID NOT NULL DEFAULT gen_random_uuid(),   -- published: uuid5(project_id, the SDK's user id)
    external_user_id VARCHAR(255),
    email            VARCHAR(255),           -- left to whoever fills it; never touched by a publish
    device_type      VARCHAR(50),
    locale           VARCHAR(50),
    created_at       TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),   -- start of the first session
    PRIMARY KEY (project_id, user_id)
);

CREATE INDEX idx_users_external ON hxi.users (project_id, external_user_id);

-- device_type and locale: what hxi.users is derived from when only some of a user's sessions are planned.
CREATE TABLE hxi.sessions (
    project_id        UUID NOT NULL,
    session_id        UUID NOT NULL DEFAULT gen_random_uuid(),  -- published: as the SDK sends it
    user_id           UUID,
    device_id         VARCHAR(255),
    ip_address        VARCHAR(100),
    user_agent        TEXT,
    start_time        TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    end_time          TIMESTAMP,
    duration_ms       BIGINT,
    screen_resolution VARCHAR(50),
    app_version       VARCHAR(50),
    device_type       VARCHAR(50),
    locale            VARCHAR(50),
    PRIMARY KEY (project_id, session_id),
    FOREIGN KEY (project_id, user_id) REFERENCES hxi.users (project_id, user_id)
);

CREATE INDEX idx_sessions_user ON hxi.sessions (project_id, user_id);
CREATE INDEX idx_sessions_start ON hxi.sessions (project_id, start_time);

CREATE TABLE hxi.events (
    project_id      UUID NOT NULL,
    event_id        BIGSERIAL NOT NULL,
    session_id      UUID NOT NULL,
    source_event_id UUID NOT NULL,
    event_type      VARCHAR(50),
    page_url        TEXT,
    screen_name     VARCHAR(255),
    element_id      VARCHAR(255),
    element_type    VARCHAR(100),
    x               INT,
    y               INT,
    scroll_position INT,
    timestamp       TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    metadata        JSONB,
    PRIMARY KEY (project_id, event_id),
    UNIQUE (project_id, session_id, source_event_id),
    FOREIGN KEY (project_id, session_id) REFERENCES hxi.sessions (project_id, session_id)
);

CREATE INDEX idx_events_type ON hxi.events (project_id, event_type, timestamp);

CREATE TABLE hxi.rage_click_events (
    project_id       UUID NOT NULL,
    id               BIGSERIAL NOT NULL,
    session_id       UUID NOT NULL,
    insight_id       UUID NOT NULL,
    element_id       VARCHAR(255),
    screen_name      VARCHAR(255),
    click_count      INT,
    first_click_time TIMESTAMP,
    last_click_time  TIMESTAMP,
    detected_at      TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id, insight_id),
    FOREIGN KEY (project_id, session_id) REFERENCES hxi.sessions (project_id, session_id)
);

CREATE INDEX idx_rage_click_events_detected ON hxi.rage_click_events (project_id, detected_at);

CREATE TABLE hxi.heatmap_points (
    project_id      UUID NOT NULL,
    id              BIGSERIAL NOT NULL,
    session_id      UUID NOT NULL,
    source_event_id UUID NOT NULL,
    screen_name     VARCHAR(255),
    x               INT,
    y               INT,
    weight          FLOAT DEFAULT 1,
    event_time      TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id, source_event_id),
    FOREIGN KEY (project_id, session_id) REFERENCES hxi.sessions (project_id, session_id)
);

CREATE INDEX idx_heatmap_points_screen ON hxi.heatmap_points (project_id, screen_name, event_time);

CREATE TABLE hxi.journey_steps (
    project_id  UUID NOT NULL,
    id          BIGSERIAL NOT NULL,
    session_id  UUID NOT NULL,
    step_number INT NOT NULL,
    screen_name VARCHAR(255),
    event_time  TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id, step_number),
    FOREIGN KEY (project_id, session_id) REFERENCES hxi.sessions (project_id, session_id)
);

CREATE INDEX idx_journey_steps_screen ON hxi.journey_steps (project_id, screen_name, event_time);

CREATE TABLE hxi.latency_metrics (
    project_id      UUID NOT NULL,
    id              BIGSERIAL NOT NULL,
    session_id      UUID NOT NULL,
    source_event_id UUID NOT NULL,
    screen_name     VARCHAR(255),
    api_endpoint    TEXT,
    latency_ms      INT,
    status_code     INT,
    recorded_at     TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id, source_event_id),
    FOREIGN KEY (project_id, session_id) REFERENCES hxi.sessions (project_id, session_id)
);

CREATE INDEX idx_latency_metrics_recorded ON hxi.latency_metrics (project_id, recorded_at);

-- Not filled yet: waits for the behaviour-state mart.
CREATE TABLE hxi.emotion_predictions (
    project_id        UUID NOT NULL,
    id                BIGSERIAL NOT NULL,
    session_id        UUID NOT NULL,
    event_id          BIGINT,
    predicted_emotion VARCHAR(50),
    confidence        FLOAT,
    predicted_at      TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, session_id) REFERENCES hxi.sessions (project_id, session_id) ON DELETE CASCADE,
    FOREIGN KEY (project_id, event_id) REFERENCES hxi.events (project_id, event_id) ON DELETE CASCADE
);

CREATE INDEX idx_emotion_predictions_session ON hxi.emotion_predictions (project_id, session_id);
CREATE INDEX idx_emotion_predictions_event ON hxi.emotion_predictions (project_id, event_id);

CREATE TABLE hxi.experience_scores (
    project_id        UUID NOT NULL,
    id                BIGSERIAL NOT NULL,
    session_id        UUID NOT NULL,
    score             INT,                   -- NULL: not scored, see not_scored_reason
    issues            JSONB,
    not_measurable    JSONB,
    not_scored_reason VARCHAR(255),
    scoring_version   VARCHAR(50),
    generated_at      TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id),
    FOREIGN KEY (project_id, session_id) REFERENCES hxi.sessions (project_id, session_id)
);

-- Not filled yet: waits for the replay mart. No foreign key to sessions: replay payloads alone make no session.
CREATE TABLE hxi.session_replay_chunks (
    project_id  UUID NOT NULL,
    id          BIGSERIAL NOT NULL,
    session_id  UUID NOT NULL,
    chunk_index INT NOT NULL,
    chunk_data  JSONB,
    recorded_at TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id, chunk_index)
);

CREATE TABLE hxi.error_logs (
    project_id      UUID NOT NULL,
    id              BIGSERIAL NOT NULL,
    session_id      UUID NOT NULL,
    source_event_id UUID NOT NULL,
    screen_name     VARCHAR(255),
    error_message   TEXT,
    stack_trace     TEXT,
    occurred_at     TIMESTAMP DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id, source_event_id),
    FOREIGN KEY (project_id, session_id) REFERENCES hxi.sessions (project_id, session_id)
);

CREATE INDEX idx_error_logs_occurred ON hxi.error_logs (project_id, occurred_at);
