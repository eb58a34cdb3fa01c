-- What a developer's own tables are built from (dbt's target dev): all that landed, in the shape of a plan.
CREATE OR REPLACE VIEW ops.landed_sessions AS
SELECT project_id, session_id, sum(n) AS n
FROM raw.session_index
GROUP BY project_id, session_id;

CREATE OR REPLACE VIEW ops.landed_days AS
SELECT DISTINCT project_id, toDate(timestamp) AS day
FROM raw.events;
