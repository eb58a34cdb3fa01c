-- Predictions get what they are merged by.
-- prediction_id: the session's id where rules predict once a session; an outside model's own id else.
ALTER TABLE hxi.emotion_predictions
    ADD COLUMN prediction_id UUID NOT NULL,
    ADD COLUMN model_version VARCHAR(50),
    ADD UNIQUE (project_id, session_id, prediction_id);

-- The unique key serves the sessions' index too.
DROP INDEX hxi.idx_emotion_predictions_session;

-- Replaces fc759fae150dc16cb6f15134b0a24e9209d1f87902568bae293d9dbaa8433e30: it made landing tables, which the copy makes now (0012).
