DROP INDEX IF EXISTS traceflow.ai_queue_once;
