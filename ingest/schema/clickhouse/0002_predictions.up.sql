-- One row per prediction that an outside model wrote to MongoDB's emotion_predictions, as it stands there now.
-- ORDER BY: a plan asks by session. No partitions: a session's rows are deleted and written anew when one changes.
CREATE TABLE IF NOT EXISTS raw.predictions
(
    project_id    String,
    session_id    UUID,
    prediction_id String,                            -- _id of the document, as text
    event_id      Nullable(UUID),                    -- NULL: of the whole session
    emotion       String,
    confidence    Float64,                           -- 0 to 1
    timestamp     DateTime64(3, 'UTC'),              -- when it was predicted, by the model
    model_version String,                            -- 'outside' where the document names none
    landed_at     DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (project_id, session_id, prediction_id);
