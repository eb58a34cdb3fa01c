-- Where marts arrive (landing) and where dbt shapes them (stage). Rewritten by every publish, never served.
CREATE SCHEMA IF NOT EXISTS landing;
CREATE SCHEMA IF NOT EXISTS stage;

-- One row: whose plan landing holds, and of how many sessions. Logged, so that landing tables emptied by a crash
-- of the server are noticed; copies and merges lock it first.
CREATE TABLE landing.copied (
    plan_id  BIGINT PRIMARY KEY,
    sessions BIGINT NOT NULL
);

-- The scope of a publish: rows of these sessions are replaced, all others stay.
CREATE UNLOGGED TABLE landing.planned_sessions (
    project_id UUID NOT NULL,
    session_id UUID NOT NULL,
    PRIMARY KEY (project_id, session_id)
);

-- Unsigned 64-bit numbers arrive as NUMERIC and JSON as TEXT: stage makes them fit, COPY must not fail.
CREATE UNLOGGED TABLE landing.sessions (
    project_id    UUID NOT NULL,
    session_id    UUID NOT NULL,
    user_id       TEXT NOT NULL,
    user_uuid     UUID,                      -- uuid5(project_id, user_id); NULL for an anonymous session
    started_at    TIMESTAMP NOT NULL,
    ended_at      TIMESTAMP NOT NULL,
    duration_ms   NUMERIC NOT NULL,
    ip            TEXT NOT NULL,
    user_agent    TEXT NOT NULL,
    device_type   TEXT NOT NULL,
    language      TEXT NOT NULL,
    screen_width  BIGINT NOT NULL,
    screen_height BIGINT NOT NULL,
    app_version   TEXT NOT NULL
);

CREATE UNLOGGED TABLE landing.events (
    project_id          UUID NOT NULL,
    session_id          UUID NOT NULL,
    event_id            UUID NOT NULL,
    event_type          TEXT NOT NULL,
    timestamp           TIMESTAMP NOT NULL,
    url                 TEXT NOT NULL,
    path                TEXT NOT NULL,
    target_id           TEXT,
    target_selector     TEXT,
    target_tag          TEXT,
    click_x             INTEGER,
    click_y             INTEGER,
    scroll_top          INTEGER,
    error_message       TEXT,
    error_stack         TEXT,
    request_url         TEXT,
    request_status      INTEGER,
    request_duration_ms BIGINT,
    payload             TEXT NOT NULL,
    custom              TEXT NOT NULL
);

CREATE UNLOGGED TABLE landing.insights (
    project_id      UUID NOT NULL,
    session_id      UUID NOT NULL,
    insight_id      UUID NOT NULL,
    insight_type    TEXT NOT NULL,
    timestamp       TIMESTAMP NOT NULL,
    path            TEXT NOT NULL,
    target_selector TEXT,
    first_event_id  UUID,                    -- the first event the insight names
    details         TEXT NOT NULL
);

CREATE UNLOGGED TABLE landing.journeys (
    project_id UUID NOT NULL,
    session_id UUID NOT NULL,
    step       BIGINT NOT NULL,
    path       TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL
);

CREATE UNLOGGED TABLE landing.experience_scores (
    project_id        UUID NOT NULL,
    session_id        UUID NOT NULL,
    ended_at          TIMESTAMP NOT NULL,
    score             SMALLINT,
    issues            TEXT NOT NULL,
    not_measurable    TEXT NOT NULL,
    not_scored_reason TEXT NOT NULL,
    scoring_version   TEXT NOT NULL
);
