-- By how much ingest moved `timestamp`, because the batch's sent_at shows that the device's clock is wrong:
-- timestamp - clock_skew_ms is the time as sent. 0: it was not moved.
ALTER TABLE raw.events ADD COLUMN IF NOT EXISTS clock_skew_ms Int64 DEFAULT 0 AFTER timestamp;
ALTER TABLE raw.replay_chunks ADD COLUMN IF NOT EXISTS clock_skew_ms Int64 DEFAULT 0 AFTER timestamp;
