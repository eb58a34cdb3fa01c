-- A mute ends by itself; `is_active` does not.
ALTER TABLE gosight.alert_rules ADD COLUMN IF NOT EXISTS muted_until TIMESTAMPTZ;

-- Messages to send, one row per entry of alert_history and channel: written with the entry, in one transaction.
CREATE TABLE IF NOT EXISTS ops.alert_messages
(
    message_id      UUID PRIMARY KEY,
    history_id      UUID NOT NULL REFERENCES gosight.alert_history (id) ON DELETE CASCADE,
    channel         JSONB NOT NULL,
    state           TEXT NOT NULL DEFAULT 'waiting'
                    CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'unknown')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    claimed_until   TIMESTAMPTZ,
    error           TEXT
);
CREATE INDEX IF NOT EXISTS alert_messages_due ON ops.alert_messages (next_attempt_at)
    WHERE state IN ('waiting', 'sending');
