-- The order events were sent in, which decides between equal timestamps: ids are random.
ALTER TABLE raw.events
    ADD COLUMN IF NOT EXISTS sent_at DateTime64(3, 'UTC') DEFAULT toDateTime64(0, 3, 'UTC'),  -- EventBatch.sent_at by the client's clock; 1970: not said
    ADD COLUMN IF NOT EXISTS position UInt16 DEFAULT 0;                                       -- index of the event in its batch as sent
ALTER TABLE raw.replay_chunks
    ADD COLUMN IF NOT EXISTS sent_at DateTime64(3, 'UTC') DEFAULT toDateTime64(0, 3, 'UTC'),
    ADD COLUMN IF NOT EXISTS position UInt16 DEFAULT 0;
