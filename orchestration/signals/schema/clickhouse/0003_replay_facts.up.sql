-- Signals: what recordings show; keys, partitions and expiry as in 0001.

-- One row per replay payload, decoded. Times are the payload's own plus the recorder's differences.
CREATE TABLE IF NOT EXISTS signals.replay_facts
(
    project_id  String,
    session_id  UUID,
    event_id    UUID,
    timestamp   DateTime64(3, 'UTC'),             -- the payload's
    started_at  DateTime64(3, 'UTC'),             -- first and last event in it
    ended_at    DateTime64(3, 'UTC'),
    data_size   UInt64,                           -- bytes without gzip
    event_count UInt32,                           -- rrweb events
    snapshots   Array(DateTime64(3, 'UTC')),      -- full snapshots
    mutations   Array(DateTime64(3, 'UTC')),      -- of the tree, of styles and of canvases
    scrolls     Array(DateTime64(3, 'UTC')),
    selections  Array(DateTime64(3, 'UTC')),
    problem     LowCardinality(String),           -- why it cannot be decoded; else ''
    chunk_index UInt32,                           -- place in the session, from 0
    gap_ms      Nullable(UInt64)                  -- since the end of all before it; NULL for the first
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, session_id, timestamp, event_id);
