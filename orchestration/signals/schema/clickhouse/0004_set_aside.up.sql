-- One row per session and signal that could not judge it, as its events are now; the session has no other row there.
-- ORDER BY and no partitions: a plan deletes by session, and rows are few.
CREATE TABLE IF NOT EXISTS signals.set_aside
(
    project_id String,
    session_id UUID,
    signal     LowCardinality(String),            -- table of database signals
    reason     String                             -- what the detector raised
)
ENGINE = MergeTree
ORDER BY (project_id, session_id, signal);
