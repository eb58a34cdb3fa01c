-- Sessions of SDKs that tell none: ingest gives all that a visitor did in a month one id that begins with 76697369
-- and is of version 8; it is cut where 30 minutes were silent (docs/decisions/0011-sessions-by-silence.md).

-- One row per session that the visitors' events in raw make now.
CREATE OR REPLACE VIEW ops.visitor_cuts AS
SELECT
    project_id,
    visitor_id,
    reinterpretAsUUID(MD5(concat(toString(visitor_id), ' ', toString(began)))) AS session_id,
    fromUnixTimestamp64Milli(began, 'UTC') AS started_at
FROM
(
    SELECT project_id, session_id AS visitor_id, arraySort(groupUniqArray(toUnixTimestamp64Milli(timestamp))) AS times
    FROM raw.events
    WHERE startsWith(toString(session_id), '76697369') AND substring(toString(session_id), 15, 1) = '8'
    GROUP BY project_id, session_id
)
ARRAY JOIN arrayFilter((at, gap, n) -> n = 1 OR gap > 1800000, times, arrayDifference(times), arrayEnumerate(times)) AS began;

-- The same of the visitors of a plan, when it was made. PARTITION BY plan_id: a plan is dropped whole when it is over.
CREATE TABLE IF NOT EXISTS ops.plan_cuts
(
    plan_id    UInt64,
    project_id String,
    visitor_id UUID,
    session_id UUID,
    started_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY plan_id
ORDER BY (project_id, visitor_id, started_at);

CREATE OR REPLACE VIEW ops.planned_cuts AS
SELECT project_id, visitor_id, session_id, started_at
FROM ops.plan_cuts
WHERE plan_id = (SELECT plan_id FROM ops.open_plan);

-- One row per session that any plan has cut out of a visitor: what may be in the marts.
CREATE TABLE IF NOT EXISTS ops.visitor_sessions
(
    project_id String,
    visitor_id UUID,
    session_id UUID
)
ENGINE = MergeTree
ORDER BY (project_id, visitor_id, session_id);

-- As before, with the sessions that visitors are cut into.
CREATE OR REPLACE VIEW ops.landed_sessions AS
SELECT project_id, session_id, sum(n) AS n
FROM raw.session_index
GROUP BY project_id, session_id
UNION ALL
SELECT project_id, session_id, 0 AS n
FROM ops.visitor_cuts;
