DROP TABLE IF EXISTS ops.cold_replays;
DROP TABLE IF EXISTS ops.expiry_projects;
