-- Reports that are mailed, a row per project, week and receiver: who was sent one is not sent it again, whatever is repeated.
CREATE TABLE IF NOT EXISTS ops.report_messages
(
    message_id      UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id      UUID NOT NULL REFERENCES gosight.projects (id) ON DELETE CASCADE,
    since           DATE NOT NULL CHECK (extract(isodow FROM since) = 1),
    channel         JSONB NOT NULL,
    state           TEXT NOT NULL DEFAULT 'waiting'
                    CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'unknown')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    claimed_until   TIMESTAMPTZ,
    error           TEXT,
    UNIQUE (project_id, since, channel)
);
