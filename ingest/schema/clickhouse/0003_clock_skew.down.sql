ALTER TABLE raw.replay_chunks DROP COLUMN IF EXISTS clock_skew_ms;
ALTER TABLE raw.events DROP COLUMN IF EXISTS clock_skew_ms;
