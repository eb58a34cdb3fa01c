-- What projects keep for longer or shorter than others, and where recordings went (docs/retention.md).

-- One row per expiry and project with limits of its own; others have those of ops.expiries.
CREATE TABLE IF NOT EXISTS ops.expiry_projects
(
    expiry_id     UInt64,
    project_id    String,
    raw_before    DateTime64(3, 'UTC'),
    replay_before DateTime64(3, 'UTC'),
    marts_before  Date,
    moves_replays Bool                      -- recordings are written to cold storage before they leave
)
ENGINE = ReplacingMergeTree
ORDER BY (expiry_id, project_id);

-- One row per session whose recording lies in cold storage.
CREATE TABLE IF NOT EXISTS ops.cold_replays
(
    project_id String,
    session_id UUID,
    url        String,                      -- of the storage, without a password
    moved_at   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(moved_at)
ORDER BY (project_id, session_id);
