-- What an SDK knows a device by: who is anonymous is told apart by it.
ALTER TABLE raw.events ADD COLUMN IF NOT EXISTS device_id String DEFAULT '' AFTER user_id;
