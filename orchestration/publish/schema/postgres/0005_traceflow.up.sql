-- The session-intelligence tables. Derived by publishing (later): traceflow_sessions, traceflow_events, session_recordings,
-- traceflow_ux_issues; all others belong to services and people. project_id leads every key. Derived tables have no
-- foreign key to projects: rows of a deleted project must not stop a publish.
CREATE SCHEMA IF NOT EXISTS traceflow;

CREATE VIEW traceflow.traceflow_projects AS
SELECT
    id,
    name,
    slug,
    created_at,
    updated_at
FROM gosight.projects;

CREATE VIEW traceflow.traceflow_project_members AS
SELECT
    project_id,
    user_id,
    role::text AS role,
    created_at
FROM gosight.project_members;

CREATE TABLE traceflow.traceflow_sessions (
    id                UUID NOT NULL DEFAULT gen_random_uuid(),
    session_id        TEXT NOT NULL,
    project_id        UUID NOT NULL,
    visitor_id        TEXT,

    user_agent        TEXT,
    device_type       TEXT,                  -- desktop, mobile or tablet
    browser           TEXT,
    os                TEXT,
    screen_resolution TEXT,

    ip_address        TEXT,
    country_code      TEXT,
    city              TEXT,
    geolocation       JSONB,                 -- {lat, lng}

    started_at        TIMESTAMPTZ NOT NULL DEFAULT now(),
    ended_at          TIMESTAMPTZ,
    duration_ms       INTEGER,
    page_count        INTEGER DEFAULT 0,
    event_count       INTEGER DEFAULT 0,

    frustration_score INTEGER DEFAULT 0,     -- 0 to 100
    rage_click_count  INTEGER DEFAULT 0,
    dead_click_count  INTEGER DEFAULT 0,
    error_count       INTEGER DEFAULT 0,

    ai_analyzed       BOOLEAN DEFAULT false, -- ai_* belong to services
    ai_summary        TEXT,
    ai_root_cause     TEXT,

    referrer          TEXT,
    landing_page      TEXT,
    pages_visited     JSONB DEFAULT '[]',
    custom_properties JSONB DEFAULT '{}',

    created_at        TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at        TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id)
);

CREATE INDEX idx_traceflow_sessions_visitor_id ON traceflow.traceflow_sessions (project_id, visitor_id);
CREATE INDEX idx_traceflow_sessions_started_at ON traceflow.traceflow_sessions (project_id, started_at DESC);
CREATE INDEX idx_traceflow_sessions_frustration ON traceflow.traceflow_sessions (project_id, frustration_score DESC);
CREATE INDEX idx_traceflow_sessions_country ON traceflow.traceflow_sessions (project_id, country_code);

CREATE TABLE traceflow.traceflow_events (
    id               UUID NOT NULL DEFAULT gen_random_uuid(),
    project_id       UUID NOT NULL,
    session_id       TEXT NOT NULL,
    source_event_id  UUID,                   -- the SDK's event; NULL for rows that services insert

    event_type       TEXT NOT NULL,          -- click, scroll, error, pageview or custom
    event_name       TEXT,

    page_url         TEXT,
    page_title       TEXT,

    element_tag      TEXT,
    element_id       TEXT,
    element_class    TEXT,
    element_text     TEXT,
    element_selector TEXT,

    x_position       INTEGER,
    y_position       INTEGER,
    viewport_width   INTEGER,
    viewport_height  INTEGER,
    scroll_depth     INTEGER,                -- percent

    error_message    TEXT,
    error_stack      TEXT,

    timestamp        TIMESTAMPTZ NOT NULL DEFAULT now(),
    time_on_page_ms  INTEGER,

    metadata         JSONB DEFAULT '{}',

    created_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id, source_event_id),
    FOREIGN KEY (project_id, session_id)
        REFERENCES traceflow.traceflow_sessions (project_id, session_id) ON DELETE CASCADE
);

CREATE INDEX idx_traceflow_events_type ON traceflow.traceflow_events (project_id, event_type);
CREATE INDEX idx_traceflow_events_timestamp ON traceflow.traceflow_events (project_id, timestamp DESC);
-- URLs may be longer than an index row: equality by hash.
CREATE INDEX idx_traceflow_events_page ON traceflow.traceflow_events (project_id, md5(page_url));

CREATE TABLE traceflow.session_recordings (
    id                 UUID NOT NULL DEFAULT gen_random_uuid(),
    project_id         UUID NOT NULL,
    session_id         TEXT NOT NULL,

    events             JSONB NOT NULL DEFAULT '[]',  -- rrweb's event array

    duration_ms        INTEGER,
    event_count        INTEGER,
    page_count         INTEGER,
    pages_visited      JSONB DEFAULT '[]',

    user_agent         TEXT,
    device_fingerprint TEXT,
    visitor_id         TEXT,

    ip_address         TEXT,
    geolocation        JSONB,                -- {city, country, lat, lng}

    start_time         TIMESTAMPTZ NOT NULL DEFAULT now(),
    end_time           TIMESTAMPTZ,

    compressed         BOOLEAN DEFAULT false,
    storage_size_bytes INTEGER,

    created_at         TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, session_id)
);

CREATE INDEX idx_session_recordings_visitor ON traceflow.session_recordings (project_id, visitor_id);
CREATE INDEX idx_session_recordings_start ON traceflow.session_recordings (project_id, start_time DESC);

CREATE TABLE traceflow.traceflow_ux_issues (
    id                       UUID NOT NULL DEFAULT gen_random_uuid(),
    session_id               TEXT,           -- NULL: the issue is of all sessions of its place
    project_id               UUID NOT NULL,
    issue_key                UUID,           -- of type, page and selector; NULL for rows that services insert

    issue_type               TEXT NOT NULL,  -- rage_click, dead_click, error, slow_load or form_abandonment
    severity                 TEXT NOT NULL DEFAULT 'medium',  -- low, medium, high or critical

    page_url                 TEXT,
    component                TEXT,
    element_selector         TEXT,

    occurrence_count         INTEGER DEFAULT 1,
    first_detected_at        TIMESTAMPTZ NOT NULL DEFAULT now(),
    last_detected_at         TIMESTAMPTZ NOT NULL DEFAULT now(),

    ai_description           TEXT,           -- ai_* belong to services
    ai_recommendation        TEXT,
    ai_confidence            DECIMAL(3, 2),
    ai_code_suggestion       TEXT,

    affected_sessions        INTEGER DEFAULT 0,
    affected_users           INTEGER DEFAULT 0,
    estimated_revenue_impact DECIMAL(10, 2),

    status                   TEXT DEFAULT 'open',  -- this and resolved_* belong to people
    resolved_at              TIMESTAMPTZ,
    resolved_by              UUID REFERENCES gosight.users (id) ON DELETE SET NULL,

    created_at               TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at               TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, issue_key),
    FOREIGN KEY (project_id, session_id)
        REFERENCES traceflow.traceflow_sessions (project_id, session_id) ON DELETE CASCADE
);

CREATE INDEX idx_ux_issues_session ON traceflow.traceflow_ux_issues (project_id, session_id);
CREATE INDEX idx_ux_issues_type ON traceflow.traceflow_ux_issues (project_id, issue_type);
CREATE INDEX idx_ux_issues_severity ON traceflow.traceflow_ux_issues (project_id, severity);
CREATE INDEX idx_ux_issues_status ON traceflow.traceflow_ux_issues (project_id, status);

CREATE TABLE traceflow.traceflow_ai_queue (
    id            UUID NOT NULL DEFAULT gen_random_uuid(),
    project_id    UUID NOT NULL,
    session_id    TEXT NOT NULL,

    task_type     TEXT NOT NULL,             -- session_summary, root_cause, code_fix or journey_analysis
    priority      INTEGER DEFAULT 5,         -- 1 (highest) to 10 (lowest)

    status        TEXT DEFAULT 'pending',    -- pending, processing, completed or failed
    attempts      INTEGER DEFAULT 0,
    max_attempts  INTEGER DEFAULT 3,

    started_at    TIMESTAMPTZ,
    completed_at  TIMESTAMPTZ,
    error_message TEXT,

    input_data    JSONB,
    result        JSONB,

    created_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id)
);

CREATE INDEX idx_ai_queue_status ON traceflow.traceflow_ai_queue (status);
CREATE INDEX idx_ai_queue_priority ON traceflow.traceflow_ai_queue (priority, created_at);

CREATE TABLE traceflow.neurorouter_logs (
    id             UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id     UUID,

    task_type      TEXT NOT NULL,
    model_selected TEXT NOT NULL,
    provider       TEXT NOT NULL,

    latency_ms     INTEGER,
    input_tokens   INTEGER,
    output_tokens  INTEGER,
    total_tokens   INTEGER,

    cost_estimate  DECIMAL(10, 6),

    success        BOOLEAN DEFAULT true,
    error_message  TEXT,

    session_id     TEXT,
    user_id        UUID,

    created_at     TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX idx_neurorouter_logs_project ON traceflow.neurorouter_logs (project_id);
CREATE INDEX idx_neurorouter_logs_model ON traceflow.neurorouter_logs (model_selected);
CREATE INDEX idx_neurorouter_logs_task ON traceflow.neurorouter_logs (task_type);
CREATE INDEX idx_neurorouter_logs_created ON traceflow.neurorouter_logs (created_at DESC);

CREATE TABLE traceflow.traceflow_subscriptions (
    id                     UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id                UUID NOT NULL REFERENCES gosight.users (id) ON DELETE CASCADE,

    plan                   TEXT NOT NULL DEFAULT 'free',    -- free, starter, pro or enterprise
    status                 TEXT NOT NULL DEFAULT 'active',  -- active, trial, cancelled or past_due

    role                   TEXT DEFAULT 'member',           -- owner, admin, member or viewer

    billing_cycle          TEXT DEFAULT 'monthly',          -- monthly or annual
    current_period_start   TIMESTAMPTZ,
    current_period_end     TIMESTAMPTZ,

    sessions_limit         INTEGER DEFAULT 1000,
    sessions_used          INTEGER DEFAULT 0,
    recordings_limit       INTEGER DEFAULT 100,
    recordings_used        INTEGER DEFAULT 0,
    ai_credits_limit       INTEGER DEFAULT 50,
    ai_credits_used        INTEGER DEFAULT 0,

    trial_ends_at          TIMESTAMPTZ,

    stripe_customer_id     TEXT,
    stripe_subscription_id TEXT,

    created_at             TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at             TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX idx_subscriptions_user ON traceflow.traceflow_subscriptions (user_id);
CREATE INDEX idx_subscriptions_status ON traceflow.traceflow_subscriptions (status);

CREATE TABLE traceflow.traceflow_user_features (
    id            UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id       UUID NOT NULL REFERENCES gosight.users (id) ON DELETE CASCADE,

    feature_id    TEXT NOT NULL,             -- session_replay, heatmaps, ai_analysis, …
    enabled       BOOLEAN DEFAULT true,

    usage_limit   INTEGER,
    current_usage INTEGER DEFAULT 0,

    enabled_at    TIMESTAMPTZ DEFAULT now(),
    expires_at    TIMESTAMPTZ,

    created_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (user_id, feature_id)
);

CREATE TABLE traceflow.user_roles (
    user_id    UUID NOT NULL REFERENCES gosight.users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,                -- admin or what services add
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, role)
);

CREATE TABLE traceflow.audit_logs (
    id          UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id  UUID,
    user_id     UUID,
    action      TEXT NOT NULL,
    target_type TEXT,
    target_id   TEXT,
    details     JSONB DEFAULT '{}',
    created_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX idx_audit_logs_project ON traceflow.audit_logs (project_id, created_at DESC);
