-- A job that this project queued is there once for what it is about, however often and by however many it is queued. Rows that
-- services insert are theirs.
CREATE UNIQUE INDEX IF NOT EXISTS ai_queue_once
ON traceflow.traceflow_ai_queue (project_id, session_id, task_type, (input_data ->> 'about'))
WHERE input_data ? 'about';
