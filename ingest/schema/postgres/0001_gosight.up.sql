-- Metadata and settings of the platform: accounts, projects, keys, members, alerts, saved filters.
CREATE SCHEMA IF NOT EXISTS gosight;
SET LOCAL search_path TO gosight;

CREATE TABLE users (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    email           VARCHAR(255) UNIQUE NOT NULL,
    password_hash   VARCHAR(255) NOT NULL,
    name            VARCHAR(255),
    avatar_url      VARCHAR(500),

    -- Status
    is_active       BOOLEAN DEFAULT TRUE,
    email_verified  BOOLEAN DEFAULT FALSE,

    -- Timestamps
    created_at      TIMESTAMPTZ DEFAULT NOW(),
    updated_at      TIMESTAMPTZ DEFAULT NOW(),
    last_login_at   TIMESTAMPTZ
);

CREATE INDEX idx_users_email ON users(email);

CREATE TABLE projects (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name            VARCHAR(255) NOT NULL,
    slug            VARCHAR(100) UNIQUE NOT NULL,

    -- Domain settings
    allowed_domains TEXT[] DEFAULT '{}',

    -- Settings (JSON)
    settings        JSONB DEFAULT '{
        "events": {
            "session": true,
            "page": true,
            "mouse": true,
            "scroll": true,
            "input": true,
            "form": true,
            "error": true,
            "performance": true,
            "replay": true,
            "network": false,
            "media": false
        },
        "privacy": {
            "maskAllInputs": true,
            "maskSelectors": [],
            "blockSelectors": [],
            "blockUrls": [],
            "anonymizeIp": false
        },
        "sampling": {
            "sessionSampleRate": 100,
            "replaySampleRate": 100
        }
    }',

    -- Timestamps
    created_at      TIMESTAMPTZ DEFAULT NOW(),
    updated_at      TIMESTAMPTZ DEFAULT NOW()
);

CREATE INDEX idx_projects_slug ON projects(slug);

CREATE TABLE api_keys (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id      UUID NOT NULL REFERENCES projects(id) ON DELETE CASCADE,

    -- Key info
    key_hash        VARCHAR(64) UNIQUE NOT NULL,  -- SHA-256 hash
    key_prefix      VARCHAR(12) NOT NULL,         -- "gs_abc123..." for display
    name            VARCHAR(255) DEFAULT 'Default',

    -- Permissions
    permissions     TEXT[] DEFAULT '{write}',  -- read, write

    -- Rate limiting
    rate_limit      INTEGER DEFAULT 1000,  -- requests per second

    -- Status
    is_active       BOOLEAN DEFAULT TRUE,

    -- Usage tracking
    last_used_at    TIMESTAMPTZ,
    request_count   BIGINT DEFAULT 0,

    -- Timestamps
    created_at      TIMESTAMPTZ DEFAULT NOW(),
    expires_at      TIMESTAMPTZ  -- NULL = never expires
);

CREATE INDEX idx_api_keys_project ON api_keys(project_id);
CREATE INDEX idx_api_keys_hash ON api_keys(key_hash);

CREATE TYPE member_role AS ENUM ('owner', 'admin', 'member', 'viewer');

CREATE TABLE project_members (
    project_id      UUID NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    role            member_role NOT NULL DEFAULT 'member',

    -- Timestamps
    created_at      TIMESTAMPTZ DEFAULT NOW(),

    PRIMARY KEY (project_id, user_id)
);

CREATE INDEX idx_project_members_user ON project_members(user_id);

CREATE TYPE alert_condition_type AS ENUM (
    'threshold',      -- metric > value
    'anomaly',        -- statistical anomaly
    'absence'         -- no data
);

CREATE TABLE alert_rules (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id      UUID NOT NULL REFERENCES projects(id) ON DELETE CASCADE,

    -- Rule info
    name            VARCHAR(255) NOT NULL,
    description     TEXT,

    -- Condition
    condition_type  alert_condition_type NOT NULL,
    condition       JSONB NOT NULL,
    /*
    Example conditions:
    {
        "metric": "rage_clicks",
        "operator": ">",
        "threshold": 10,
        "window": "5m",
        "groupBy": ["path"]
    }
    */

    -- Notification
    channels        JSONB NOT NULL DEFAULT '[]',
    /*
    Example:
    [
        {"type": "telegram", "chat_id": "-123456789"},
        {"type": "webhook", "url": "https://..."}
    ]
    */

    -- Behavior
    cooldown_mins   INTEGER DEFAULT 15,
    is_active       BOOLEAN DEFAULT TRUE,

    -- Timestamps
    created_at      TIMESTAMPTZ DEFAULT NOW(),
    updated_at      TIMESTAMPTZ DEFAULT NOW(),
    last_triggered  TIMESTAMPTZ
);

CREATE INDEX idx_alert_rules_project ON alert_rules(project_id);

CREATE TABLE alert_history (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    rule_id         UUID NOT NULL REFERENCES alert_rules(id) ON DELETE CASCADE,
    project_id      UUID NOT NULL,

    -- Alert details
    triggered_at    TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    resolved_at     TIMESTAMPTZ,

    -- Context
    metric_value    FLOAT NOT NULL,
    threshold       FLOAT NOT NULL,
    context         JSONB DEFAULT '{}',

    -- Notification status
    notification_sent BOOLEAN DEFAULT FALSE,
    notification_error TEXT
);

CREATE INDEX idx_alert_history_rule ON alert_history(rule_id);
CREATE INDEX idx_alert_history_project ON alert_history(project_id, triggered_at);

CREATE TABLE saved_filters (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id      UUID NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,

    name            VARCHAR(255) NOT NULL,
    filter_type     VARCHAR(50) NOT NULL,  -- sessions, events, errors
    filter          JSONB NOT NULL,

    is_shared       BOOLEAN DEFAULT FALSE,

    created_at      TIMESTAMPTZ DEFAULT NOW()
);

CREATE INDEX idx_saved_filters_project ON saved_filters(project_id);
