DROP TRIGGER credits_are_used ON traceflow.traceflow_subscriptions;
DROP FUNCTION traceflow.use_credits();
DROP TRIGGER subscriptions_are_counted ON traceflow.traceflow_subscriptions;
CREATE TRIGGER subscriptions_are_counted
AFTER INSERT OR UPDATE ON traceflow.traceflow_subscriptions
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION traceflow.recount();
