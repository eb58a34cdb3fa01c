-- Who did what: a row of audit_logs for each change of keys, members, grants, settings, roles, plans, features, alert rules (mutes
-- among them) and an issue's status. Written by triggers, so it does not depend on who changes them. Never a key's hash.
CREATE FUNCTION access.audit() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
-- Arguments: what it is, the column that names it, the columns that count.
DECLARE
    old_row JSONB := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row JSONB := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    it JSONB := coalesce(new_row, old_row);
    before JSONB;
    after JSONB;
BEGIN
    SELECT jsonb_object_agg(name, old_row -> name), jsonb_object_agg(name, new_row -> name) INTO before, after
    FROM unnest(string_to_array(TG_ARGV[2], ',')) AS name
    WHERE old_row -> name IS DISTINCT FROM new_row -> name;
    IF TG_OP = 'UPDATE' AND after IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO traceflow.audit_logs (project_id, user_id, action, target_type, target_id, details) VALUES (
        (CASE TG_ARGV[0] WHEN 'project' THEN it ->> 'id' ELSE it ->> 'project_id' END)::uuid,
        access.claimed_user(),
        TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '_created' WHEN 'UPDATE' THEN '_changed' ELSE '_deleted' END,
        TG_ARGV[0],
        it ->> TG_ARGV[1],
        jsonb_strip_nulls(jsonb_build_object(
            'login', session_user,
            'before', CASE WHEN TG_OP <> 'INSERT' THEN before END,
            'after', CASE WHEN TG_OP <> 'DELETE' THEN after END)));
    RETURN NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION access.audit() FROM PUBLIC;

CREATE TRIGGER audited
AFTER INSERT OR DELETE OR UPDATE OF key_prefix, name, permissions, rate_limit, is_active, expires_at ON gosight.api_keys
FOR EACH ROW EXECUTE FUNCTION access.audit('api_key', 'id', 'key_prefix,name,permissions,rate_limit,is_active,expires_at');
CREATE TRIGGER audited
AFTER INSERT OR DELETE OR UPDATE OF name, slug, allowed_domains, settings ON gosight.projects
FOR EACH ROW EXECUTE FUNCTION access.audit('project', 'id', 'name,slug,allowed_domains,settings');
CREATE TRIGGER audited
AFTER INSERT OR DELETE OR UPDATE ON gosight.project_members
FOR EACH ROW EXECUTE FUNCTION access.audit('project_member', 'user_id', 'role');
-- Channels hold addresses and secrets.
CREATE TRIGGER audited
AFTER INSERT OR DELETE OR UPDATE OF name, condition_type, condition, cooldown_mins, is_active, muted_until ON gosight.alert_rules
FOR EACH ROW EXECUTE FUNCTION access.audit(
    'alert_rule', 'id', 'name,condition_type,condition,cooldown_mins,is_active,muted_until');
CREATE TRIGGER audited
AFTER INSERT OR DELETE OR UPDATE ON access.bi_grants
FOR EACH ROW EXECUTE FUNCTION access.audit('bi_grant', 'login', 'login,may_change_issues');
CREATE TRIGGER audited
AFTER INSERT OR DELETE OR UPDATE ON traceflow.user_roles
FOR EACH ROW EXECUTE FUNCTION access.audit('user_role', 'user_id', 'role');
CREATE TRIGGER audited
AFTER INSERT OR DELETE OR UPDATE OF plan, status, role, billing_cycle, sessions_limit, recordings_limit, ai_credits_limit, trial_ends_at
ON traceflow.traceflow_subscriptions
FOR EACH ROW EXECUTE FUNCTION access.audit(
    'subscription', 'user_id',
    'plan,status,role,billing_cycle,sessions_limit,recordings_limit,ai_credits_limit,trial_ends_at');
CREATE TRIGGER audited
AFTER INSERT OR DELETE OR UPDATE OF enabled, usage_limit, expires_at ON traceflow.traceflow_user_features
FOR EACH ROW EXECUTE FUNCTION access.audit('user_feature', 'user_id', 'feature_id,enabled,usage_limit,expires_at');

-- Made with its table (0002_audit of the erasures); here for databases that have the table already.
DO $$
BEGIN
    IF to_regclass('ops.erasure_requests') IS NOT NULL THEN
        CREATE OR REPLACE TRIGGER audited
        AFTER INSERT OR UPDATE OF done_at ON ops.erasure_requests
        FOR EACH ROW EXECUTE FUNCTION access.audit('erasure', 'request_id', 'before,requested_at,done_at,sessions');
    END IF;
END
$$;

-- When an issue was resolved, and by whom where an account says so, follow its status: of people as they say it, of services as they write it; the statuses are the document's.
UPDATE traceflow.traceflow_ux_issues SET status = 'in_progress' WHERE status = 'investigating';

CREATE FUNCTION traceflow.follow_status() RETURNS TRIGGER
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_person BOOLEAN := current_setting('role') = 'authenticated';
BEGIN
    IF NEW.status <> ALL (ARRAY['open', 'in_progress', 'resolved', 'ignored']) THEN
        RAISE EXCEPTION 'no status of an issue: %', NEW.status USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NEW.status IS DISTINCT FROM 'resolved' THEN
        NEW.resolved_at = NULL;
        NEW.resolved_by = NULL;
    ELSIF TG_OP = 'INSERT' OR OLD.status IS DISTINCT FROM 'resolved' THEN
        NEW.resolved_at = CASE WHEN is_person THEN now() ELSE coalesce(NEW.resolved_at, now()) END;
        NEW.resolved_by = CASE WHEN is_person THEN auth.uid() ELSE NEW.resolved_by END;
    ELSE
        NEW.resolved_at = CASE WHEN is_person THEN OLD.resolved_at ELSE coalesce(NEW.resolved_at, OLD.resolved_at) END;
        NEW.resolved_by = CASE WHEN is_person THEN OLD.resolved_by ELSE NEW.resolved_by END;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.updated_at = OLD.updated_at THEN
        NEW.updated_at = now();
    END IF;
    RETURN NEW;
END
$$;

REVOKE EXECUTE ON FUNCTION traceflow.follow_status() FROM PUBLIC;
CREATE TRIGGER status_is_followed
BEFORE INSERT OR UPDATE OF status, resolved_at, resolved_by ON traceflow.traceflow_ux_issues
FOR EACH ROW WHEN (current_setting('hxi.publishing', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION traceflow.follow_status();

CREATE FUNCTION traceflow.log_status() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO traceflow.audit_logs (project_id, user_id, action, target_type, target_id, details) VALUES (
        NEW.project_id, access.claimed_user(), 'issue_status', 'traceflow_ux_issue', coalesce(NEW.issue_key, NEW.id)::text,
        jsonb_build_object('login', session_user, 'before', OLD.status, 'status', NEW.status));
    RETURN NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION traceflow.log_status() FROM PUBLIC;
CREATE TRIGGER status_is_logged
AFTER UPDATE OF status ON traceflow.traceflow_ux_issues
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION traceflow.log_status();

-- The rest is the triggers' now.
CREATE OR REPLACE FUNCTION access.change_issue(project UUID, issue UUID, new_status TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM access.bi_grants WHERE login = session_user AND project_id = project AND may_change_issues
    ) THEN
        RAISE EXCEPTION 'this login may not change issues of this project' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE traceflow.traceflow_ux_issues SET status = new_status, resolved_by = NULL
    WHERE project_id = project AND issue_key = issue;
    RETURN FOUND;
END
$$;
