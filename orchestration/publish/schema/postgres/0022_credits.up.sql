-- An AI credit that is used changes no count of sessions: what is written for each job counts nothing anew.
DROP TRIGGER subscriptions_are_counted ON traceflow.traceflow_subscriptions;

CREATE TRIGGER subscriptions_are_counted
AFTER INSERT OR UPDATE OF user_id, billing_cycle, current_period_start, current_period_end ON traceflow.traceflow_subscriptions
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION traceflow.recount();

CREATE FUNCTION traceflow.use_credits() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    UPDATE traceflow.traceflow_user_features SET current_usage = NEW.ai_credits_used
    WHERE user_id = NEW.user_id AND feature_id = 'ai_analysis' AND current_usage IS DISTINCT FROM NEW.ai_credits_used
      AND NEW.id = traceflow.subscription_of(NEW.user_id);
    RETURN NULL;
END;
$$;

REVOKE EXECUTE ON FUNCTION traceflow.use_credits() FROM PUBLIC;

CREATE TRIGGER credits_are_used
AFTER UPDATE OF ai_credits_used ON traceflow.traceflow_subscriptions
FOR EACH ROW WHEN (OLD.ai_credits_used IS DISTINCT FROM NEW.ai_credits_used) EXECUTE FUNCTION traceflow.use_credits();
