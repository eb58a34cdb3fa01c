-- Signals: pointer, pages and forms; keys, partitions and expiry as in 0001.

-- One row per time a desktop pointer was shaken to and fro.
CREATE TABLE IF NOT EXISTS signals.thrashed_cursors
(
    project_id        String,
    session_id        UUID,
    insight_id        UUID,                       -- from project, session, type and the sample it began with
    insight_type      LowCardinality(String),
    timestamp         DateTime64(3, 'UTC'),       -- the first related event's
    url               String,
    path              String,
    x                 Nullable(Int32),            -- px, the window's centroid
    y                 Nullable(Int32),
    target_selector   Nullable(String),           -- always NULL
    details           String,                     -- JSON {duration_ms, reversals, path_px, displacement_px, samples}
    related_event_ids Array(UUID),                -- mouse moves in order
    detector_version  LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, session_id, timestamp, insight_id);

-- One row per page that was left within seconds for the page before it; url and path are that page's.
CREATE TABLE IF NOT EXISTS signals.u_turns
(
    project_id        String,
    session_id        UUID,
    insight_id        UUID,                       -- from project, session, type and first related event
    insight_type      LowCardinality(String),
    timestamp         DateTime64(3, 'UTC'),       -- the first related event's
    url               String,
    path              String,
    x                 Nullable(Int32),            -- always NULL
    y                 Nullable(Int32),
    target_selector   Nullable(String),           -- always NULL
    details           String,                     -- JSON {path_before, away_ms}
    related_event_ids Array(UUID),                -- page views: before, away, back
    detector_version  LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, session_id, timestamp, insight_id);

-- One row per page view that loaded slowly.
CREATE TABLE IF NOT EXISTS signals.slow_pages
(
    project_id        String,
    session_id        UUID,
    insight_id        UUID,                       -- from project, session, type and first related event
    insight_type      LowCardinality(String),
    timestamp         DateTime64(3, 'UTC'),       -- the first related event's
    url               String,
    path              String,
    x                 Nullable(Int32),            -- always NULL
    y                 Nullable(Int32),
    target_selector   Nullable(String),           -- always NULL
    details           String,                     -- JSON {lcp, ttfb, load_complete}
    related_event_ids Array(UUID),                -- the page view, then its timings in order
    detector_version  LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, session_id, timestamp, insight_id);

-- One row per page view on which a form was filled in and none was sent.
CREATE TABLE IF NOT EXISTS signals.form_abandonments
(
    project_id        String,
    session_id        UUID,
    insight_id        UUID,                       -- from project, session, type and first related event
    insight_type      LowCardinality(String),
    timestamp         DateTime64(3, 'UTC'),       -- the first related event's
    url               String,
    path              String,
    x                 Nullable(Int32),            -- always NULL
    y                 Nullable(Int32),
    target_selector   Nullable(String),           -- the last field changed
    details           String,                     -- JSON {changes, fields, last_field}
    related_event_ids Array(UUID),                -- input changes in order
    detector_version  LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, session_id, timestamp, insight_id);
