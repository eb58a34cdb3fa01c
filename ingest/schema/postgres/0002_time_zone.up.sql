-- Whose days a dashboard shows: the project's setting time_zone.
ALTER TABLE gosight.projects ADD COLUMN IF NOT EXISTS time_zone VARCHAR(64)
    GENERATED ALWAYS AS (left(coalesce(settings #>> '{warehouse,time_zone}', 'UTC'), 64)) STORED;
