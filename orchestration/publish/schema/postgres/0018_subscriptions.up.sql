-- What a subscription has used follows the marts: counted again by every publish, in its transaction, and whenever a period or an
-- owner changes. A subscription pays for the projects that its user owns. Nothing is thrown away over a limit: what was used goes
-- on beyond it, and whoever is about to use more asks check_subscription_limit first.

-- Recordings that were made: one row per session. They outlive the recording, which is kept for days (docs/retention.md), not the
-- session, and no period is longer than 400 days.
CREATE TABLE traceflow.recordings_made (
    project_id UUID NOT NULL,
    session_id TEXT NOT NULL,
    made_at    TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, session_id)
);

CREATE INDEX idx_recordings_made_at ON traceflow.recordings_made (made_at);

INSERT INTO traceflow.recordings_made SELECT project_id, session_id, start_time FROM traceflow.session_recordings;

CREATE FUNCTION traceflow.note_recordings() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    INSERT INTO traceflow.recordings_made AS it SELECT project_id, session_id, start_time FROM noted
    ON CONFLICT (project_id, session_id) DO UPDATE SET made_at = excluded.made_at WHERE it.made_at <> excluded.made_at;
    RETURN NULL;
END;
$$;

CREATE FUNCTION traceflow.forget_recordings() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    -- What expires was made all the same.
    IF current_setting('hxi.expiring', true) IS DISTINCT FROM 'on' THEN
        DELETE FROM traceflow.recordings_made AS it USING gone
        WHERE it.project_id = gone.project_id AND it.session_id = gone.session_id;
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER recordings_are_noted AFTER INSERT ON traceflow.session_recordings
REFERENCING NEW TABLE AS noted FOR EACH STATEMENT EXECUTE FUNCTION traceflow.note_recordings();
CREATE TRIGGER changed_recordings_are_noted AFTER UPDATE ON traceflow.session_recordings
REFERENCING NEW TABLE AS noted FOR EACH STATEMENT EXECUTE FUNCTION traceflow.note_recordings();
CREATE TRIGGER recordings_are_forgotten AFTER DELETE ON traceflow.session_recordings
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION traceflow.forget_recordings();

-- A session that has a recording all the same (of replay payloads alone) keeps its row.
CREATE FUNCTION traceflow.forget_sessions() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    DELETE FROM traceflow.recordings_made AS it USING gone
    WHERE it.project_id = gone.project_id AND it.session_id = gone.session_id
      AND NOT EXISTS (
          SELECT FROM traceflow.session_recordings AS still
          WHERE still.project_id = gone.project_id AND still.session_id = gone.session_id);
    RETURN NULL;
END;
$$;

CREATE TRIGGER sessions_are_forgotten AFTER DELETE ON traceflow.traceflow_sessions
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION traceflow.forget_sessions();

-- Who asks through a gateway; NULL for every other login, whatever it writes into the claims.
CREATE FUNCTION access.claimed_user() RETURNS UUID
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN current_setting('role') = 'authenticated' THEN auth.uid() END;

-- One row per subscription: what of its period is in the tables now. Bots are in no number.
CREATE VIEW traceflow.subscription_counts AS
SELECT
    it.id,
    (SELECT count(*) FROM gosight.project_members AS owned
     JOIN traceflow.traceflow_sessions AS met USING (project_id)
     WHERE owned.user_id = it.user_id AND owned.role = 'owner' AND NOT met.is_excluded
       AND met.started_at >= it.current_period_start AND met.started_at < it.current_period_end) AS sessions,
    (SELECT count(*) FROM gosight.project_members AS owned
     JOIN traceflow.recordings_made AS made USING (project_id)
     WHERE owned.user_id = it.user_id AND owned.role = 'owner'
       AND made.made_at >= it.current_period_start AND made.made_at < it.current_period_end) AS recordings
FROM traceflow.traceflow_subscriptions AS it;

-- Periods begin with the subscription where nobody says when, and follow one another where no payment provider moves them.
CREATE FUNCTION traceflow.roll_periods() RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    UPDATE traceflow.traceflow_subscriptions SET
        current_period_start = coalesce(current_period_start, created_at),
        current_period_end = coalesce(current_period_start, created_at)
            + CASE billing_cycle WHEN 'annual' THEN interval '1 year' ELSE interval '1 month' END
    WHERE current_period_end IS NULL OR current_period_start IS NULL;
    -- The months are added to the first day at once: 31 January is followed by 28 February and by 31 March.
    UPDATE traceflow.traceflow_subscriptions AS it SET
        current_period_start = it.current_period_start + months.n * interval '1 month',
        current_period_end = it.current_period_start
            + (months.n + CASE it.billing_cycle WHEN 'annual' THEN 12 ELSE 1 END) * interval '1 month',
        ai_credits_used = 0,
        updated_at = now()
    FROM traceflow.traceflow_subscriptions AS old
    CROSS JOIN LATERAL (
        SELECT max(n) AS n
        FROM generate_series(0, 12000, CASE old.billing_cycle WHEN 'annual' THEN 12 ELSE 1 END) AS n
        WHERE old.current_period_start + n * interval '1 month' <= now()
    ) AS months
    WHERE it.id = old.id AND it.current_period_end <= now() AND it.stripe_subscription_id IS NULL
      AND it.status IN ('active', 'trial', 'past_due') AND months.n > 0;
END;
$$;

CREATE FUNCTION traceflow.count_usage() RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    PERFORM traceflow.roll_periods();
    DELETE FROM traceflow.recordings_made WHERE made_at < now() - interval '400 days';
    UPDATE traceflow.traceflow_subscriptions AS it SET
        sessions_used = counted.sessions,
        recordings_used = counted.recordings,
        updated_at = now()
    FROM traceflow.subscription_counts AS counted
    WHERE counted.id = it.id
      AND (it.sessions_used, it.recordings_used) IS DISTINCT FROM (counted.sessions, counted.recordings);
    -- Of features that are counted here; all others belong to services.
    UPDATE traceflow.traceflow_user_features AS it SET current_usage = used.used
    FROM traceflow.traceflow_subscriptions AS paid
    CROSS JOIN LATERAL (
        VALUES ('session_replay', paid.recordings_used), ('ai_analysis', paid.ai_credits_used)
    ) AS used (feature_id, used)
    WHERE paid.id = traceflow.subscription_of(it.user_id) AND used.feature_id = it.feature_id
      AND it.current_usage IS DISTINCT FROM used.used;
END;
$$;

-- The subscription that counts: the newest one that runs, else the newest one.
CREATE FUNCTION traceflow.subscription_of(check_user_id UUID) RETURNS UUID
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT id FROM traceflow.traceflow_subscriptions WHERE user_id = check_user_id
    ORDER BY status IN ('active', 'trial', 'past_due') DESC, created_at DESC, id LIMIT 1
$$;

CREATE FUNCTION traceflow.recount() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
BEGIN
    PERFORM traceflow.count_usage();
    RETURN NULL;
END;
$$;

CREATE TRIGGER subscriptions_are_counted
AFTER INSERT OR UPDATE ON traceflow.traceflow_subscriptions
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION traceflow.recount();
CREATE TRIGGER owners_are_counted
AFTER INSERT OR UPDATE OR DELETE ON gosight.project_members
FOR EACH STATEMENT EXECUTE FUNCTION traceflow.recount();

-- What a user's subscription has used of what: no row without a subscription, a limit of NULL is none.
CREATE FUNCTION traceflow.usage_of(check_user_id UUID)
RETURNS TABLE (what TEXT, used BIGINT, allowed INTEGER, over BIGINT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT kind.what, kind.used, kind.allowed, greatest(kind.used - kind.allowed, 0)
    FROM traceflow.traceflow_subscriptions AS paid
    JOIN traceflow.subscription_counts AS counted USING (id)
    CROSS JOIN LATERAL (
        VALUES
        ('sessions', counted.sessions, paid.sessions_limit),
        ('recordings', counted.recordings, paid.recordings_limit),
        ('ai_credits', paid.ai_credits_used::bigint, paid.ai_credits_limit)
    ) AS kind (what, used, allowed)
    WHERE paid.id = traceflow.subscription_of(check_user_id)
$$;

-- The same for who may know: users of their own, administrators and services of all.
CREATE FUNCTION traceflow.subscription_usage(check_user_id UUID)
RETURNS TABLE (what TEXT, used BIGINT, allowed INTEGER, over BIGINT)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT * FROM traceflow.usage_of(check_user_id)
    WHERE current_setting('role') <> 'authenticated' OR check_user_id = auth.uid() OR traceflow.has_admin_role()
$$;

-- Whether one more is within the plan: of what runs, and below its limit. Who has no subscription has no limits.
CREATE FUNCTION traceflow.check_subscription_limit(check_user_id UUID, what TEXT) RETURNS BOOLEAN
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    within BOOLEAN;
BEGIN
    IF what <> ALL (ARRAY['sessions', 'recordings', 'ai_credits']) THEN
        RAISE EXCEPTION 'no limit is called %: sessions, recordings or ai_credits', what
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT traceflow.subscription_runs(check_user_id) AND (usage.allowed IS NULL OR usage.used < usage.allowed) INTO within
    FROM traceflow.usage_of(check_user_id) AS usage WHERE usage.what = check_subscription_limit.what;
    RETURN coalesce(within, true);
END;
$$;

-- Paid, or tried for not too long; past_due goes on until it is cancelled.
CREATE FUNCTION traceflow.subscription_runs(check_user_id UUID) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT coalesce(
        (SELECT status IN ('active', 'past_due') OR (status = 'trial' AND coalesce(trial_ends_at > now(), true))
         FROM traceflow.traceflow_subscriptions WHERE id = traceflow.subscription_of(check_user_id)), true)
$$;

-- A feature is on unless its row says no (switched off, over), or the subscription has ended.
CREATE FUNCTION traceflow.feature_is_on(check_user_id UUID, feature TEXT) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT
        traceflow.subscription_runs(check_user_id)
        AND NOT EXISTS (
            SELECT FROM traceflow.traceflow_user_features
            WHERE user_id = check_user_id AND feature_id = feature AND (enabled IS NOT TRUE OR expires_at <= now()))
$$;

-- It is had while it is on and not used up.
CREATE FUNCTION traceflow.has_feature(check_user_id UUID, feature TEXT) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = traceflow, pg_temp
AS $$
    SELECT
        traceflow.feature_is_on(check_user_id, feature)
        AND NOT EXISTS (
            SELECT FROM traceflow.traceflow_user_features
            WHERE user_id = check_user_id AND feature_id = feature AND current_usage >= usage_limit)
$$;

CREATE POLICY "Users can view own features"
ON traceflow.traceflow_user_features FOR SELECT TO authenticated
USING (user_id = (SELECT auth.uid()));
GRANT SELECT ON traceflow.traceflow_user_features TO authenticated;

-- Whose replays are switched off is shown none, an administrator neither.
CREATE POLICY "Recordings need the feature session_replay"
ON traceflow.session_recordings AS RESTRICTIVE FOR SELECT TO authenticated
USING ((SELECT traceflow.feature_is_on(auth.uid(), 'session_replay')));

REVOKE EXECUTE ON FUNCTION
access.claimed_user(), traceflow.note_recordings(), traceflow.forget_recordings(), traceflow.forget_sessions(), traceflow.roll_periods(),
traceflow.count_usage(), traceflow.recount(), traceflow.subscription_of(UUID), traceflow.subscription_runs(UUID),
traceflow.usage_of(UUID), traceflow.subscription_usage(UUID), traceflow.check_subscription_limit(UUID, TEXT), traceflow.has_feature(UUID, TEXT),
traceflow.feature_is_on(UUID, TEXT)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION traceflow.count_usage() TO hxi_publisher;
GRANT EXECUTE ON FUNCTION
traceflow.subscription_usage(UUID), traceflow.check_subscription_limit(UUID, TEXT), traceflow.has_feature(UUID, TEXT),
traceflow.feature_is_on(UUID, TEXT)
TO authenticated;

SELECT traceflow.count_usage();
