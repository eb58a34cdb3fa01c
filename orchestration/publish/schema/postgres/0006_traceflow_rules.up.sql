-- Functions, triggers and row security of traceflow. Policies ask for projects through one uncorrelated subquery: a function
-- called per row is far slower. Functions run as their owner, so that policies need no rights on the tables they look into.

CREATE FUNCTION traceflow.member_projects() RETURNS SETOF UUID
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT project_id FROM traceflow.traceflow_project_members WHERE user_id = auth.uid()
$$;

CREATE FUNCTION traceflow.has_admin_role() RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM traceflow.user_roles WHERE user_id = auth.uid() AND role = 'admin')
$$;

CREATE FUNCTION traceflow.is_traceflow_admin(check_user_id UUID) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT
        EXISTS (SELECT FROM traceflow.user_roles WHERE user_id = check_user_id AND role = 'admin')
        OR EXISTS (
            SELECT FROM traceflow.traceflow_subscriptions
            WHERE user_id = check_user_id AND role IN ('admin', 'owner'))
$$;

CREATE FUNCTION traceflow.update_traceflow_session_stats() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    UPDATE traceflow.traceflow_sessions SET
        event_count = event_count + 1,
        rage_click_count = rage_click_count + (NEW.event_type = 'rage_click')::integer,
        dead_click_count = dead_click_count + (NEW.event_type = 'dead_click')::integer,
        error_count = error_count + (NEW.event_type = 'error')::integer,
        updated_at = now()
    WHERE project_id = NEW.project_id AND session_id = NEW.session_id;
    RETURN NEW;
END;
$$;

-- For rows that services insert. A publish brings counts of its own and sets hxi.publishing for its transaction.
CREATE TRIGGER on_traceflow_event_insert
AFTER INSERT ON traceflow.traceflow_events
FOR EACH ROW
WHEN (current_setting('hxi.publishing', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION traceflow.update_traceflow_session_stats();

CREATE FUNCTION traceflow.update_updated_at_column() RETURNS TRIGGER
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END;
$$;

CREATE TRIGGER update_session_recording_timestamp
BEFORE UPDATE ON traceflow.session_recordings
FOR EACH ROW
WHEN (current_setting('hxi.publishing', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION traceflow.update_updated_at_column();

ALTER TABLE traceflow.traceflow_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.traceflow_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.session_recordings ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.traceflow_ux_issues ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.traceflow_ai_queue ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.neurorouter_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.traceflow_subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.traceflow_user_features ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.user_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE traceflow.audit_logs ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view their project sessions"
ON traceflow.traceflow_sessions FOR SELECT TO authenticated
USING (project_id IN (SELECT traceflow.member_projects()));

CREATE POLICY "Users can view their project events"
ON traceflow.traceflow_events FOR SELECT TO authenticated
USING (project_id IN (SELECT traceflow.member_projects()));

CREATE POLICY "Users can manage their project issues"
ON traceflow.traceflow_ux_issues FOR ALL TO authenticated
USING (project_id IN (SELECT traceflow.member_projects()))
WITH CHECK (project_id IN (SELECT traceflow.member_projects()));

CREATE POLICY "Allow anonymous insert for recording"
ON traceflow.session_recordings FOR INSERT TO anon, authenticated
WITH CHECK (true);

CREATE POLICY "Admins can view all recordings"
ON traceflow.session_recordings FOR SELECT TO authenticated
USING ((SELECT traceflow.has_admin_role()));

CREATE POLICY "Users can view own subscription"
ON traceflow.traceflow_subscriptions FOR SELECT TO authenticated
USING (user_id = (SELECT auth.uid()));

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA traceflow FROM PUBLIC;
GRANT USAGE ON SCHEMA traceflow TO anon, authenticated;
GRANT INSERT ON traceflow.session_recordings TO anon, authenticated;
GRANT SELECT ON
    traceflow.traceflow_sessions,
    traceflow.traceflow_events,
    traceflow.session_recordings,
    traceflow.traceflow_subscriptions
TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON traceflow.traceflow_ux_issues TO authenticated;
GRANT EXECUTE ON FUNCTION
    traceflow.member_projects(),
    traceflow.has_admin_role(),
    traceflow.is_traceflow_admin(UUID)
TO authenticated;
