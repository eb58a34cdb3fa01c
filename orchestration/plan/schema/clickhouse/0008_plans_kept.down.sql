-- What is left of plans that are over goes with the next plan.
CREATE OR REPLACE TABLE ops.plan_sessions
(
    plan_id       UInt64,
    project_id    String,
    session_id    UUID,
    n             UInt64,
    settings_hash String
)
ENGINE = MergeTree
PARTITION BY plan_id
ORDER BY (project_id, session_id)
AS SELECT plan_id, project_id, session_id, n, settings_hash FROM ops.plan_sessions;

CREATE OR REPLACE TABLE ops.plan_days
(
    plan_id    UInt64,
    project_id String,
    day        Date
)
ENGINE = MergeTree
PARTITION BY plan_id
ORDER BY (project_id, day)
AS SELECT plan_id, project_id, day FROM ops.plan_days;
