-- What projects' rows are built with, where that is not the default. Written with a plan, by the pipeline only.

-- One row per plan, project and setting that differs from the default. PARTITION BY plan_id: dropped with the next plan.
CREATE TABLE IF NOT EXISTS ops.plan_settings
(
    plan_id    UInt64,
    project_id String,
    name       LowCardinality(String),     -- as in docs/settings.md
    value      String                      -- JSON
)
ENGINE = MergeTree
PARTITION BY plan_id
ORDER BY (name, project_id);

-- Those of the newest plan, open or over: they become visible with the plan, never before or after it.
CREATE OR REPLACE VIEW ops.project_settings AS
SELECT project_id, name, value
FROM ops.plan_settings
WHERE plan_id = (SELECT max(plan_id) FROM ops.plans);
