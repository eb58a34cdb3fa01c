-- Who may do what, least privilege each. Everybody else, PUBLIC included, has nothing.
--   bi_reader      group of the BI logins: reads served tables and views, rows of its projects only
--   hxi_publisher  what the owner becomes to copy, shape and merge
--   hxi_ingest     looks keys up
-- On a server of your own the owner needs CREATEROLE, or the roles made before and hxi_publisher granted to it.
DO $$
DECLARE
    role TEXT;
BEGIN
    FOREACH role IN ARRAY ARRAY['bi_reader', 'hxi_publisher', 'hxi_ingest'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
    -- Row security binds the owner too: it is let through as a publisher.
    IF NOT pg_has_role(current_user, 'hxi_publisher', 'USAGE') THEN
        EXECUTE format('GRANT hxi_publisher TO %I', current_user);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO bi_reader, hxi_publisher, hxi_ingest', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO hxi_publisher', current_database());
END
$$;

CREATE SCHEMA access;

-- Which projects a BI login reads. A login cannot change what it logged in as, whatever it SETs: judged by session_user.
CREATE TABLE access.bi_grants (
    login      NAME NOT NULL,
    project_id UUID NOT NULL REFERENCES gosight.projects (id) ON DELETE CASCADE,
    granted_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (login, project_id)
);

ALTER TABLE access.bi_grants ENABLE ROW LEVEL SECURITY;

CREATE POLICY "BI logins see their own grants"
ON access.bi_grants FOR SELECT TO bi_reader
USING (login = session_user);

GRANT USAGE ON SCHEMA access TO bi_reader;
GRANT SELECT ON access.bi_grants TO bi_reader;

-- Opens a table to BI logins and to publishing; repeat it after a column was added. The publisher writes neither `kept`
-- columns (surrogate ids, what people and services own) nor, in rows that are there, `initial` ones. The policy's array is
-- made once a query, and an index on project_id serves it.
CREATE PROCEDURE access.serve(relation REGCLASS, kept TEXT [] DEFAULT '{}', initial TEXT [] DEFAULT '{}')
LANGUAGE plpgsql
AS $$
DECLARE
    inserted TEXT;
    updated TEXT;
    sequence TEXT;
BEGIN
    SELECT
        string_agg(quote_ident(attname), ', ' ORDER BY attnum),
        string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> ALL (initial))
    INTO inserted, updated
    FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname <> ALL (kept);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', relation);
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = relation AND polname = 'BI logins read their projects') THEN
        EXECUTE format(
            'CREATE POLICY "BI logins read their projects" ON %s FOR SELECT TO bi_reader'
            ' USING (project_id = ANY (ARRAY(SELECT project_id FROM access.bi_grants)))', relation);
        EXECUTE format('CREATE POLICY "Publishing" ON %s TO hxi_publisher USING (true) WITH CHECK (true)', relation);
    END IF;
    EXECUTE format('REVOKE ALL ON %s FROM bi_reader, hxi_publisher', relation);
    EXECUTE format('GRANT SELECT ON %s TO bi_reader', relation);
    EXECUTE format(
        'GRANT SELECT, DELETE, INSERT (%s), UPDATE (%s) ON %s TO hxi_publisher', inserted, updated, relation);
    FOR sequence IN
        SELECT pg_get_serial_sequence(relation::text, attname) FROM pg_attribute
        WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
    LOOP
        IF sequence IS NOT NULL THEN
            EXECUTE format('GRANT USAGE ON SEQUENCE %s TO hxi_publisher', sequence);
        END IF;
    END LOOP;
END
$$;

REVOKE EXECUTE ON PROCEDURE access.serve FROM PUBLIC;

CALL access.serve('hxi.users', '{email}');
CALL access.serve('hxi.sessions');
CALL access.serve('hxi.events', '{event_id}');
CALL access.serve('hxi.rage_click_events', '{id}');
CALL access.serve('hxi.heatmap_points', '{id}');
CALL access.serve('hxi.journey_steps', '{id}');
CALL access.serve('hxi.latency_metrics', '{id}');
CALL access.serve('hxi.emotion_predictions', '{id,event_id}');
CALL access.serve('hxi.experience_scores', '{id}');
CALL access.serve('hxi.session_replay_chunks', '{id}');
CALL access.serve('hxi.error_logs', '{id}');
CALL access.serve(
    'traceflow.traceflow_sessions', '{geolocation,ai_analyzed,ai_summary,ai_root_cause,custom_properties}', '{id}'
);
CALL access.serve('traceflow.traceflow_events');
CALL access.serve('traceflow.session_recordings', '{device_fingerprint}', '{id}');
CALL access.serve('traceflow.traceflow_ux_issue_sessions');
CALL access.serve(
    'traceflow.traceflow_ux_issues',
    '{session_id,component,ai_confidence,ai_code_suggestion,estimated_revenue_impact,status,resolved_at,resolved_by,updated_at}',
    '{id,ai_description,ai_recommendation}'
);

GRANT USAGE ON SCHEMA hxi, traceflow TO bi_reader, hxi_publisher;
GRANT USAGE ON SCHEMA hxi_v0 TO bi_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA hxi_v0 TO bi_reader;

-- What publishing works with. dbt makes the views of stage again and again, so they are the publisher's own.
GRANT USAGE ON SCHEMA landing, ops, gosight TO hxi_publisher;
GRANT USAGE, CREATE ON SCHEMA stage TO hxi_publisher;
GRANT SELECT, INSERT, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA landing TO hxi_publisher;
ALTER DEFAULT PRIVILEGES IN SCHEMA landing GRANT SELECT, INSERT, DELETE, TRUNCATE ON TABLES TO hxi_publisher;
GRANT SELECT ON SEQUENCE ops.plan_fence TO hxi_publisher;
GRANT SELECT ON gosight.projects TO hxi_publisher;

DO $$
DECLARE
    name TEXT;
BEGIN
    -- Copies end with ANALYZE; older servers allow it to a table's owner only and warn otherwise.
    IF current_setting('server_version_num')::integer >= 170000 THEN
        EXECUTE 'GRANT MAINTAIN ON ALL TABLES IN SCHEMA landing TO hxi_publisher';
        EXECUTE 'ALTER DEFAULT PRIVILEGES IN SCHEMA landing GRANT MAINTAIN ON TABLES TO hxi_publisher';
    END IF;
    FOR name IN SELECT format('%I.%I', schemaname, viewname) FROM pg_views WHERE schemaname = 'stage' LOOP
        EXECUTE format('ALTER VIEW %s OWNER TO hxi_publisher', name);
    END LOOP;
END
$$;

-- A key is known by its hash; what project it leads to, what it may do, and its project's settings.
GRANT USAGE ON SCHEMA gosight TO hxi_ingest;
GRANT SELECT (id, project_id, key_hash, key_prefix, permissions, rate_limit, is_active, expires_at),
UPDATE (last_used_at, request_count) ON gosight.api_keys TO hxi_ingest;
GRANT SELECT (id, allowed_domains, settings) ON gosight.projects TO hxi_ingest;
