ALTER TABLE raw.events DROP COLUMN IF EXISTS device_id;
