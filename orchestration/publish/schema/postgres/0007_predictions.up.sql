-- Behaviour states and replay payloads arrive; predictions get what they are merged by.
CREATE UNLOGGED TABLE landing.behaviour_states (
    project_id   UUID NOT NULL,
    session_id   UUID NOT NULL,
    ended_at     TIMESTAMP NOT NULL,
    state        TEXT NOT NULL,
    confidence   DOUBLE PRECISION NOT NULL,
    rule_version TEXT NOT NULL
);

CREATE UNLOGGED TABLE landing.replay_chunks (
    project_id      UUID NOT NULL,
    session_id      UUID NOT NULL,
    chunk_index     BIGINT NOT NULL,
    timestamp_start TIMESTAMP NOT NULL,
    chunk           TEXT NOT NULL            -- rrweb's JSON; '' where the payload cannot be decoded
);

-- prediction_id: the session's id where rules predict once a session; an outside model's own id else.
ALTER TABLE hxi.emotion_predictions
    ADD COLUMN prediction_id UUID NOT NULL,
    ADD COLUMN model_version VARCHAR(50),
    ADD UNIQUE (project_id, session_id, prediction_id);

-- The unique key serves the sessions' index too.
DROP INDEX hxi.idx_emotion_predictions_session;
