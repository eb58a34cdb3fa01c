CREATE INDEX idx_emotion_predictions_session ON hxi.emotion_predictions (project_id, session_id);
ALTER TABLE hxi.emotion_predictions
    DROP COLUMN prediction_id,
    DROP COLUMN model_version;
