-- Sessions and days of a plan are kept for a week after it is over: a replica that comes to a DELETE late looks them up
-- (docs/decisions/0010-servers-that-replicate.md). Dropped by the pipeline a day at a time: a part a plan would be too many.
CREATE OR REPLACE TABLE ops.plan_sessions
(
    plan_id       UInt64,
    project_id    String,
    session_id    UUID,
    n             UInt64,                  -- the session's index count when it was planned
    settings_hash String,                  -- the settings its rows are built with
    planned_at    DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
PARTITION BY toDate(planned_at)
ORDER BY (plan_id, project_id, session_id)
AS SELECT plan_id, project_id, session_id, n, settings_hash, now() AS planned_at FROM ops.plan_sessions;

CREATE OR REPLACE TABLE ops.plan_days
(
    plan_id    UInt64,
    project_id String,
    day        Date,
    planned_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
PARTITION BY toDate(planned_at)
ORDER BY (plan_id, project_id, day)
AS SELECT plan_id, project_id, day, now() AS planned_at FROM ops.plan_days;
