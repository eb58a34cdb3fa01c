-- Retention: what was decided to leave, written before anything is deleted (docs/decisions/0003-retention.md).

-- One row per change of state of an expiry: 'open', then 'closed'. An open one is repeated whole, with its own limits.
CREATE TABLE IF NOT EXISTS ops.expiries
(
    expiry_id     UInt64,                   -- the lease's fencing number
    state         LowCardinality(String),
    as_of         DateTime64(3, 'UTC'),
    raw_before    DateTime64(3, 'UTC'),     -- raw rows that landed before this leave
    replay_before DateTime64(3, 'UTC'),     -- replay payloads that landed before this leave
    marts_before  Date,                     -- sessions and events of days before this leave
    at            DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY expiry_id;

-- One row per session that is never built again. Its events that landed later are late.
CREATE TABLE IF NOT EXISTS ops.sealed_sessions
(
    project_id      String,
    session_id      UUID,
    reason          LowCardinality(String),  -- 'raw_expired' | 'closed_day': new, with events on a closed day
    sealed_at       DateTime64(3, 'UTC'),
    landed_through  DateTime64(3, 'UTC'),    -- landing of the newest row it was built from; 1970 if it never was
    events          UInt64,                  -- in raw when it was sealed
    replay_payloads UInt64
)
ENGINE = ReplacingMergeTree
ORDER BY (project_id, session_id);

-- One row per session whose replay payloads left; what was found in them stays. It may be built again.
CREATE TABLE IF NOT EXISTS ops.expired_replays
(
    expiry_id      UInt64,
    project_id     String,
    session_id     UUID,
    landed_through DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (project_id, session_id);

-- One row per day whose day-grain rows stay as they are, for ever.
CREATE TABLE IF NOT EXISTS ops.closed_days
(
    expiry_id  UInt64,
    project_id String,
    day        Date
)
ENGINE = ReplacingMergeTree
ORDER BY (project_id, day);

-- One row per session whose rows left session- and event-grain tables.
CREATE TABLE IF NOT EXISTS ops.expired_marts
(
    expiry_id  UInt64,
    project_id String,
    session_id UUID
)
ENGINE = ReplacingMergeTree
ORDER BY (expiry_id, project_id, session_id);

-- What left raw and MongoDB: one row per session, kind and batch.
CREATE TABLE IF NOT EXISTS ops.expired
(
    expiry_id  UInt64,
    project_id String,
    session_id UUID,
    kind       LowCardinality(String),      -- 'events' | 'replay_chunks': table of raw and collection
    batch_id   UUID,
    rows       UInt64,                      -- each event once
    late       UInt64                       -- of rows: never built, because they came beyond retention
)
ENGINE = ReplacingMergeTree
ORDER BY (expiry_id, project_id, session_id, kind, batch_id);

-- Sessions whose replay facts stay as they are when they are built again; an erasure ends that.
CREATE OR REPLACE VIEW ops.kept_replay_facts AS
SELECT project_id, session_id
FROM ops.expired_replays
WHERE (project_id, session_id) NOT IN (SELECT project_id, session_id FROM raw.tombstones);

CREATE OR REPLACE VIEW ops.planned_days AS
SELECT DISTINCT project_id, day
FROM ops.plan_days
WHERE plan_id = (SELECT plan_id FROM ops.open_plan)
  AND (project_id, day) NOT IN (SELECT project_id, day FROM ops.closed_days);

-- Events and replay payloads in raw that no run will build: one row per session and kind.
CREATE OR REPLACE VIEW ops.late_in_raw AS
SELECT landed.project_id AS project_id, landed.session_id AS session_id, 'events' AS kind, uniqExact(landed.event_id) AS rows
FROM raw.events AS landed
INNER JOIN ops.sealed_sessions AS sealed
    ON sealed.project_id = landed.project_id AND sealed.session_id = landed.session_id
WHERE (landed.project_id, landed.session_id) IN (SELECT project_id, session_id FROM ops.sealed_sessions)
  AND landed.landed_at > sealed.landed_through
GROUP BY landed.project_id, landed.session_id
UNION ALL
SELECT landed.project_id, landed.session_id, 'events', uniqExact(landed.event_id)
FROM raw.events AS landed
WHERE (landed.project_id, toDate(landed.timestamp)) IN (SELECT project_id, day FROM ops.closed_days)
  AND (landed.project_id, landed.session_id) NOT IN (SELECT project_id, session_id FROM ops.sealed_sessions)
GROUP BY landed.project_id, landed.session_id
UNION ALL
SELECT landed.project_id, landed.session_id, 'replay_chunks', uniqExact(landed.event_id)
FROM raw.replay_chunks AS landed
INNER JOIN (
    SELECT project_id, session_id, min(landed_through) AS landed_through
    FROM (
        SELECT project_id, session_id, landed_through FROM ops.sealed_sessions
        UNION ALL
        SELECT project_id, session_id, landed_through FROM ops.expired_replays)
    GROUP BY project_id, session_id) AS over
    ON over.project_id = landed.project_id AND over.session_id = landed.session_id
WHERE landed.landed_at > over.landed_through
GROUP BY landed.project_id, landed.session_id;

-- The same, and those that have left raw since.
CREATE OR REPLACE VIEW ops.late_beyond_retention AS
SELECT project_id, session_id, kind, sum(rows) AS rows
FROM (
    SELECT project_id, session_id, kind, rows FROM ops.late_in_raw
    UNION ALL
    SELECT project_id, session_id, kind, late FROM ops.expired WHERE late > 0)
GROUP BY project_id, session_id, kind;
