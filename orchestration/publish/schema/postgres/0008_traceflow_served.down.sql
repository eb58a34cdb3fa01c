DROP TABLE traceflow.traceflow_ux_issue_sessions;
DROP INDEX traceflow.idx_traceflow_events_session;
ALTER TABLE traceflow.traceflow_events ADD UNIQUE (project_id, session_id, source_event_id);
ALTER TABLE traceflow.session_recordings DROP COLUMN source_session_id;
ALTER TABLE traceflow.traceflow_sessions DROP COLUMN source_session_id;
