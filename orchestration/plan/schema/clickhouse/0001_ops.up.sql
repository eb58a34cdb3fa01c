-- What a run plans to rebuild, and what was done. Written by the pipeline only, under its lease.
CREATE DATABASE IF NOT EXISTS ops;

-- One row per change of state of a plan: 'open', then 'closed' (its run finished) or 'superseded' (its run died;
-- a later plan took its sessions and days over).
CREATE TABLE IF NOT EXISTS ops.plans
(
    plan_id  UInt64,                       -- the lease's fencing number: later runs have greater ones
    state    LowCardinality(String),
    kind     LowCardinality(String),       -- 'incremental' | 'full'
    at       DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY plan_id;

-- One row per planned session. PARTITION BY plan_id: a plan is dropped whole when it is over.
CREATE TABLE IF NOT EXISTS ops.plan_sessions
(
    plan_id       UInt64,
    project_id    String,
    session_id    UUID,
    n             UInt64,                  -- the session's index count when it was planned
    settings_hash String                   -- the settings its rows are built with
)
ENGINE = MergeTree
PARTITION BY plan_id
ORDER BY (project_id, session_id);

-- One row per day (UTC) whose day-grain rows are rebuilt; may hold a day twice.
CREATE TABLE IF NOT EXISTS ops.plan_days
(
    plan_id    UInt64,
    project_id String,
    day        Date
)
ENGINE = MergeTree
PARTITION BY plan_id
ORDER BY (project_id, day);

-- One row per session after FINAL: what its rows in every mart were built from.
CREATE TABLE IF NOT EXISTS ops.done
(
    project_id    String,
    session_id    UUID,
    n             UInt64,
    settings_hash String,
    plan_id       UInt64
)
ENGINE = ReplacingMergeTree(plan_id)
ORDER BY (project_id, session_id);

-- The open plan, 0 when there is none.
CREATE OR REPLACE VIEW ops.open_plan AS
SELECT max(plan_id) AS plan_id
FROM (SELECT plan_id FROM ops.plans GROUP BY plan_id HAVING countIf(state != 'open') = 0);

CREATE OR REPLACE VIEW ops.planned_sessions AS
SELECT project_id, session_id, n
FROM ops.plan_sessions
WHERE plan_id = (SELECT plan_id FROM ops.open_plan);

CREATE OR REPLACE VIEW ops.planned_days AS
SELECT DISTINCT project_id, day
FROM ops.plan_days
WHERE plan_id = (SELECT plan_id FROM ops.open_plan);
