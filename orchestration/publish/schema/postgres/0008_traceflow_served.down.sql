DROP TABLE traceflow.traceflow_ux_issue_sessions;
DROP INDEX traceflow.idx_traceflow_events_session;
ALTER TABLE traceflow.traceflow_events ADD UNIQUE (project_id, session_id, source_event_id);
ALTER TABLE traceflow.session_recordings DROP COLUMN source_session_id;
ALTER TABLE traceflow.traceflow_sessions DROP COLUMN source_session_id;
ALTER TABLE landing.replay_chunks
    DROP COLUMN timestamp_end CASCADE,
    DROP COLUMN event_count CASCADE,
    DROP COLUMN data_size CASCADE;
ALTER TABLE landing.insights DROP COLUMN charged CASCADE;
ALTER TABLE landing.events
    DROP COLUMN title CASCADE,
    DROP COLUMN target_text CASCADE,
    DROP COLUMN target_class CASCADE,
    DROP COLUMN viewport_width CASCADE,
    DROP COLUMN viewport_height CASCADE,
    DROP COLUMN scroll_depth CASCADE,
    DROP COLUMN time_on_page_ms CASCADE,
    DROP COLUMN custom_name CASCADE;
ALTER TABLE landing.sessions
    DROP COLUMN browser CASCADE,
    DROP COLUMN os CASCADE,
    DROP COLUMN country CASCADE,
    DROP COLUMN country_code CASCADE,
    DROP COLUMN city CASCADE,
    DROP COLUMN referrer CASCADE,
    DROP COLUMN entry_url CASCADE,
    DROP COLUMN page_count CASCADE,
    DROP COLUMN event_count CASCADE,
    DROP COLUMN rage_click_count CASCADE,
    DROP COLUMN dead_click_count CASCADE,
    DROP COLUMN error_count CASCADE;
