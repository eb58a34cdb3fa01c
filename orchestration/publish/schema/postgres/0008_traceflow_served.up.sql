-- What traceflow's derived tables are merged by.
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

-- Replaces cf322c7b163afedfedb98d1b78ee62f6383402f971de1c9fba55bd764622926c: it made landing tables, which the copy makes now (0012).
