DROP VIEW IF EXISTS ops.project_settings;
DROP TABLE IF EXISTS ops.plan_settings;
