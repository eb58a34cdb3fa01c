ALTER TABLE gosight.projects DROP COLUMN IF EXISTS time_zone;
