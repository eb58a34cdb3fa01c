-- Signals: what the order of a session's events shows, one table per signal.
-- ORDER BY: a plan deletes and marts read by session, so a session's rows lie together.
-- PARTITION BY month: the expiry job drops old sessions with few parts touched.
-- No TTL: the expiry job decides what leaves (whole sessions), never the engine alone.
CREATE DATABASE IF NOT EXISTS signals;

-- One row per burst of clicks on one spot. Every other table of detections has the same columns and keys.
CREATE TABLE IF NOT EXISTS signals.rage_clicks
(
    project_id        String,
    session_id        UUID,
    insight_id        UUID,                       -- from project, session, type and first related event or sample
    insight_type      LowCardinality(String),
    timestamp         DateTime64(3, 'UTC'),       -- the first related event's
    url               String,
    path              String,
    x                 Nullable(Int32),            -- px, the centroid; NULL without a position
    y                 Nullable(Int32),
    target_selector   Nullable(String),
    details           String,                     -- JSON, here {click_count, first_at, last_at, x, y}
    related_event_ids Array(UUID),                -- clicks first, each kind in order
    detector_version  LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, session_id, timestamp, insight_id);

-- One row per click on something interactive that nothing answered; details {grade}: observed, inferred.
CREATE TABLE IF NOT EXISTS signals.dead_clicks AS signals.rage_clicks;

-- One row per click that errors of the same path followed, with all of them; details {error_ids, messages}.
CREATE TABLE IF NOT EXISTS signals.error_clicks AS signals.rage_clicks;

-- One row per session and journey step: a run of page views of one path.
CREATE TABLE IF NOT EXISTS signals.journey_steps
(
    project_id String,
    session_id UUID,
    step       UInt32,                            -- from 1
    path       String,
    url        String,                            -- url, title and view_id: of the run's first page view
    title      String,
    started_at DateTime64(3, 'UTC'),
    dwell_ms   UInt64,                            -- until the next step, or the session's last event
    run_length UInt32,                            -- page views in the run
    view_id    UUID
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (project_id, session_id, step);

-- Replaces 32c946347b3b75cb88987d395f180af7409d0cd7813095f047cab7dd0afe99e6: columns written out thrice.
