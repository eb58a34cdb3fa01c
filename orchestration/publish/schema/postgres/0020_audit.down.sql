CREATE OR REPLACE FUNCTION access.change_issue(project UUID, issue UUID, new_status TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    earlier TEXT;
BEGIN
    IF NOT EXISTS (
        SELECT FROM access.bi_grants WHERE login = session_user AND project_id = project AND may_change_issues
    ) THEN
        RAISE EXCEPTION 'this login may not change issues of this project' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF new_status <> ALL (ARRAY['open', 'investigating', 'resolved', 'ignored']) THEN
        RAISE EXCEPTION 'no status of an issue: %', new_status USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT status INTO earlier FROM traceflow.traceflow_ux_issues
    WHERE project_id = project AND issue_key = issue FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE traceflow.traceflow_ux_issues SET
        status = new_status,
        resolved_at = CASE WHEN new_status = 'resolved' THEN now() END,
        resolved_by = NULL,
        updated_at = now()
    WHERE project_id = project AND issue_key = issue;
    INSERT INTO traceflow.audit_logs (project_id, action, target_type, target_id, details) VALUES (
        project, 'issue_status', 'traceflow_ux_issue', issue::text,
        jsonb_build_object('login', session_user, 'before', earlier, 'status', new_status));
    RETURN true;
END
$$;
DROP TRIGGER status_is_logged ON traceflow.traceflow_ux_issues;
DROP TRIGGER status_is_followed ON traceflow.traceflow_ux_issues;
DROP FUNCTION traceflow.log_status();
DROP FUNCTION traceflow.follow_status();
UPDATE traceflow.traceflow_ux_issues SET status = 'investigating' WHERE status = 'in_progress';
DROP TRIGGER IF EXISTS audited ON ops.erasure_requests;
DROP TRIGGER audited ON traceflow.traceflow_user_features;
DROP TRIGGER audited ON traceflow.traceflow_subscriptions;
DROP TRIGGER audited ON traceflow.user_roles;
DROP TRIGGER audited ON access.bi_grants;
DROP TRIGGER audited ON gosight.alert_rules;
DROP TRIGGER audited ON gosight.project_members;
DROP TRIGGER audited ON gosight.projects;
DROP TRIGGER audited ON gosight.api_keys;
DROP FUNCTION access.audit();
