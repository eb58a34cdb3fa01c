-- The roles stay: other databases of the server may use them.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOR name IN SELECT polrelid::regclass::text FROM pg_policy WHERE polname = 'BI logins read their projects' LOOP
        EXECUTE format('DROP POLICY "BI logins read their projects" ON %s', name);
        EXECUTE format('DROP POLICY "Publishing" ON %s', name);
        EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', name);
        IF name LIKE 'hxi.%' THEN
            EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', name);
        END IF;
    END LOOP;
    FOR name IN SELECT format('%I.%I', schemaname, viewname) FROM pg_views WHERE schemaname = 'stage' LOOP
        EXECUTE format('ALTER VIEW %s OWNER TO %I', name, current_user);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM bi_reader, hxi_publisher, hxi_ingest', current_database());
END
$$;

DROP SCHEMA access CASCADE;
ALTER DEFAULT PRIVILEGES IN SCHEMA landing REVOKE ALL ON TABLES FROM hxi_publisher;
REVOKE ALL ON ALL TABLES IN SCHEMA hxi, hxi_v0, traceflow, landing, gosight FROM bi_reader, hxi_publisher, hxi_ingest;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA hxi, traceflow, ops FROM hxi_publisher;
REVOKE ALL ON SCHEMA hxi, hxi_v0, traceflow, landing, stage, ops, gosight FROM bi_reader, hxi_publisher, hxi_ingest;
