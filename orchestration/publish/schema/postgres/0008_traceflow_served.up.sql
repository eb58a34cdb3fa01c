-- What traceflow's derived tables are filled from, and what their rows are merged by.
-- The next run copies everything again: a copy with the old columns is not one.
TRUNCATE landing.copied, landing.planned_sessions, landing.sessions, landing.events, landing.insights,
    landing.journeys, landing.experience_scores, landing.behaviour_states, landing.replay_chunks;

ALTER TABLE landing.sessions
    ADD COLUMN browser          TEXT NOT NULL,
    ADD COLUMN os               TEXT NOT NULL,
    ADD COLUMN country          TEXT NOT NULL,
    ADD COLUMN country_code     TEXT NOT NULL,
    ADD COLUMN city             TEXT NOT NULL,
    ADD COLUMN referrer         TEXT NOT NULL,
    ADD COLUMN entry_url        TEXT NOT NULL,
    ADD COLUMN page_count       BIGINT NOT NULL,
    ADD COLUMN event_count      BIGINT NOT NULL,
    ADD COLUMN rage_click_count BIGINT NOT NULL,
    ADD COLUMN dead_click_count BIGINT NOT NULL,
    ADD COLUMN error_count      BIGINT NOT NULL;

ALTER TABLE landing.events
    ADD COLUMN title           TEXT NOT NULL,
    ADD COLUMN target_text     TEXT,
    ADD COLUMN target_class    TEXT NOT NULL,
    ADD COLUMN viewport_width  BIGINT NOT NULL,
    ADD COLUMN viewport_height BIGINT NOT NULL,
    ADD COLUMN scroll_depth    INTEGER,
    ADD COLUMN time_on_page_ms NUMERIC,
    ADD COLUMN custom_name     TEXT NOT NULL;

ALTER TABLE landing.insights
    ADD COLUMN charged BOOLEAN NOT NULL;

ALTER TABLE landing.replay_chunks
    ADD COLUMN timestamp_end TIMESTAMP NOT NULL,
    ADD COLUMN event_count   BIGINT NOT NULL,
    ADD COLUMN data_size     BIGINT NOT NULL;

-- NULL in rows that services insert, which a publish never deletes.
ALTER TABLE traceflow.traceflow_sessions ADD COLUMN source_session_id UUID;
ALTER TABLE traceflow.session_recordings ADD COLUMN source_session_id UUID;

-- A published event's id is the SDK's, so the primary key tells it apart and sessions need a small index only.
ALTER TABLE traceflow.traceflow_events DROP CONSTRAINT traceflow_events_project_id_session_id_source_event_id_key;
CREATE INDEX idx_traceflow_events_session ON traceflow.traceflow_events (project_id, session_id);

-- Which sessions an issue is made of: issues are rolled up from these rows.
CREATE TABLE traceflow.traceflow_ux_issue_sessions (
    project_id        UUID NOT NULL,
    session_id        TEXT NOT NULL,
    issue_key         UUID NOT NULL,
    issue_type        TEXT NOT NULL,
    page_url          TEXT,
    element_selector  TEXT,
    user_id           UUID,                  -- hxi.users.user_id; NULL for an anonymous session
    occurrence_count  INTEGER NOT NULL,
    first_detected_at TIMESTAMPTZ NOT NULL,
    last_detected_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, session_id, issue_key),
    FOREIGN KEY (project_id, session_id)
        REFERENCES traceflow.traceflow_sessions (project_id, session_id) ON DELETE CASCADE
);

CREATE INDEX idx_ux_issue_sessions_issue ON traceflow.traceflow_ux_issue_sessions (project_id, issue_key);

ALTER TABLE traceflow.traceflow_ux_issue_sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view their project issues' sessions"
ON traceflow.traceflow_ux_issue_sessions FOR SELECT TO authenticated
USING (project_id IN (SELECT traceflow.member_projects()));

GRANT SELECT ON traceflow.traceflow_ux_issue_sessions TO authenticated;
