CREATE OR REPLACE VIEW ops.landed_sessions AS
SELECT project_id, session_id, sum(n) AS n
FROM raw.session_index
GROUP BY project_id, session_id;
DROP TABLE IF EXISTS ops.visitor_sessions;
DROP VIEW IF EXISTS ops.planned_cuts;
DROP TABLE IF EXISTS ops.plan_cuts;
DROP VIEW IF EXISTS ops.visitor_cuts;
