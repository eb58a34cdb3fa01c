-- hxi_service: what the document's services log in as, or a member of it. It adds rows of its own beside the derived ones, keeps
-- what belongs to services, works the AI queue and keeps plans; it neither changes nor deletes what a publish wrote, makes no
-- keys, members or grants, and erases nothing of what was logged.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hxi_service') THEN
        CREATE ROLE hxi_service NOLOGIN;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO hxi_service', current_database());
END
$$;

-- Rows of every project: a service works for the platform. A mark tells published rows from its own.
CREATE PROCEDURE access.open_to_services(relation REGCLASS, mark NAME, kept TEXT [], own TEXT [] DEFAULT '{}')
LANGUAGE plpgsql
AS $$
DECLARE
    inserted TEXT;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO inserted
    FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname <> mark;
    EXECUTE format('REVOKE ALL ON %s FROM hxi_service', relation);
    EXECUTE format('GRANT SELECT, DELETE, INSERT (%s) ON %s TO hxi_service', inserted, relation);
    IF kept || own <> '{}' THEN
        EXECUTE format(
            'GRANT UPDATE (%s) ON %s TO hxi_service',
            (SELECT string_agg(quote_ident(name), ', ') FROM unnest(kept || own) AS name), relation);
    END IF;
    EXECUTE format('CREATE POLICY "Services read" ON %s FOR SELECT TO hxi_service USING (true)', relation);
    EXECUTE format('CREATE POLICY "Services update" ON %s FOR UPDATE TO hxi_service USING (true)', relation);
    EXECUTE format('CREATE POLICY "Services add" ON %s FOR INSERT TO hxi_service WITH CHECK (%I IS NULL)', relation, mark);
    EXECUTE format('CREATE POLICY "Services delete their own" ON %s FOR DELETE TO hxi_service USING (%I IS NULL)', relation, mark);
END
$$;

REVOKE EXECUTE ON PROCEDURE access.open_to_services FROM PUBLIC;

CALL access.open_to_services(
    'traceflow.traceflow_sessions', 'source_session_id', '{geolocation,ai_analyzed,ai_summary,ai_root_cause}'
);
CALL access.open_to_services('traceflow.traceflow_events', 'source_event_id', '{}');
CALL access.open_to_services('traceflow.session_recordings', 'source_session_id', '{device_fingerprint}');
CALL access.open_to_services(
    'traceflow.traceflow_ux_issues', 'issue_key',
    '{session_id,component,ai_description,ai_recommendation,ai_confidence,ai_code_suggestion,estimated_revenue_impact}',
    '{status,resolved_by,updated_at}'
);

DO $$
DECLARE
    relation TEXT;
BEGIN
    FOREACH relation IN ARRAY ARRAY[
        'traceflow_ai_queue', 'neurorouter_logs', 'traceflow_subscriptions', 'traceflow_user_features', 'user_roles',
        'audit_logs'
    ] LOOP
        EXECUTE format('CREATE POLICY "Services" ON traceflow.%I TO hxi_service USING (true) WITH CHECK (true)', relation);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA traceflow, auth TO hxi_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON traceflow.traceflow_ai_queue TO hxi_service;
GRANT SELECT, INSERT ON traceflow.neurorouter_logs, traceflow.audit_logs TO hxi_service;
GRANT SELECT ON
traceflow.user_roles, traceflow.traceflow_projects, traceflow.traceflow_project_members, traceflow.traceflow_ux_issue_sessions
TO hxi_service;
CREATE POLICY "Services read" ON traceflow.traceflow_ux_issue_sessions FOR SELECT TO hxi_service USING (true);
-- sessions_used and recordings_used are counted by publishing alone.
GRANT SELECT, DELETE,
INSERT (
    id, user_id, plan, status, role, billing_cycle, current_period_start, current_period_end, sessions_limit, recordings_limit,
    ai_credits_limit, ai_credits_used, trial_ends_at, stripe_customer_id, stripe_subscription_id, created_at, updated_at
),
UPDATE (
    plan, status, role, billing_cycle, current_period_start, current_period_end, sessions_limit, recordings_limit,
    ai_credits_limit, ai_credits_used, trial_ends_at, stripe_customer_id, stripe_subscription_id, updated_at
)
ON traceflow.traceflow_subscriptions TO hxi_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON traceflow.traceflow_user_features TO hxi_service;
GRANT SELECT ON auth.users TO hxi_service;
GRANT EXECUTE ON FUNCTION
traceflow.subscription_usage(UUID), traceflow.check_subscription_limit(UUID, TEXT), traceflow.has_feature(UUID, TEXT),
traceflow.feature_is_on(UUID, TEXT), traceflow.is_traceflow_admin(UUID)
TO hxi_service;

-- Saved filters: of who saved them, and those that are shared in a project one is a member of.
ALTER TABLE gosight.saved_filters ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view own and shared filters"
ON gosight.saved_filters FOR SELECT TO authenticated
USING (project_id IN (SELECT traceflow.member_projects()) AND (user_id = (SELECT auth.uid()) OR is_shared));

CREATE POLICY "Users can manage own filters"
ON gosight.saved_filters TO authenticated
USING (project_id IN (SELECT traceflow.member_projects()) AND user_id = (SELECT auth.uid()))
WITH CHECK (project_id IN (SELECT traceflow.member_projects()) AND user_id = (SELECT auth.uid()));

GRANT USAGE ON SCHEMA gosight TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON gosight.saved_filters TO authenticated;
