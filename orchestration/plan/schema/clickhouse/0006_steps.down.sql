DROP TABLE IF EXISTS ops.plan_runs;
DROP TABLE IF EXISTS ops.plan_steps;
