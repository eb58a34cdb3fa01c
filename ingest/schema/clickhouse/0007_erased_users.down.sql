ALTER TABLE raw.tombstones DROP COLUMN IF EXISTS is_late;
DROP TABLE IF EXISTS raw.erased_users;
