DROP VIEW IF EXISTS ops.late_beyond_retention;
DROP VIEW IF EXISTS ops.late_in_raw;
CREATE OR REPLACE VIEW ops.planned_days AS
SELECT DISTINCT project_id, day
FROM ops.plan_days
WHERE plan_id = (SELECT plan_id FROM ops.open_plan);
DROP VIEW IF EXISTS ops.kept_replay_facts;
DROP TABLE IF EXISTS ops.expired;
DROP TABLE IF EXISTS ops.expired_marts;
DROP TABLE IF EXISTS ops.closed_days;
DROP TABLE IF EXISTS ops.expired_replays;
DROP TABLE IF EXISTS ops.sealed_sessions;
DROP TABLE IF EXISTS ops.expiries;
