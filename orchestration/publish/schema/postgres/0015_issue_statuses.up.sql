-- What people decide about issues, and who decided it. A BI login of a project may be let do so (`hxi grant-bi --issues`), through
-- one function, which judges by what the login logged in as. It may write nothing else.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bi_issue_editor') THEN
        CREATE ROLE bi_issue_editor NOLOGIN;
    END IF;
END
$$;

ALTER TABLE access.bi_grants ADD COLUMN may_change_issues BOOLEAN NOT NULL DEFAULT false;

-- What was decided, for those who read the project. As its owner, because audit_logs is nobody else's; a barrier, so that no
-- condition of a query is asked of other projects' rows.
CREATE VIEW access.issue_statuses WITH (security_barrier) AS
SELECT
    project_id,
    target_id::uuid AS issue_key,
    created_at AS changed_at,
    details ->> 'login' AS login,
    details ->> 'before' AS status_before,
    details ->> 'status' AS status
FROM traceflow.audit_logs
WHERE
    action = 'issue_status' AND target_type = 'traceflow_ux_issue'
    AND project_id = ANY (ARRAY(SELECT project_id FROM access.bi_grants WHERE login = session_user));

GRANT SELECT ON access.issue_statuses TO bi_reader, bi_reader_many;

-- Whether there was such an issue. resolved_by stays empty: it names an account of the platform, which a BI login is not.
CREATE FUNCTION access.change_issue(project UUID, issue UUID, new_status TEXT) RETURNS BOOLEAN
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

REVOKE EXECUTE ON FUNCTION access.change_issue(UUID, UUID, TEXT) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.change_issue(UUID, UUID, TEXT) TO bi_issue_editor;
