-- access.serve stays as it is until 0009 drops it; the role stays, as other databases of the server may use it.
DO $$
DECLARE
    it REGCLASS;
BEGIN
    FOR it IN SELECT polrelid FROM pg_policy WHERE polname = 'BI logins read their project' LOOP
        EXECUTE format('DROP POLICY "BI logins read their project" ON %s', it);
        EXECUTE format('DROP POLICY "BI logins of many read their projects" ON %s', it);
        EXECUTE format(
            'CREATE POLICY "BI logins read their projects" ON %s FOR SELECT TO bi_reader'
            ' USING (project_id = ANY (ARRAY(SELECT project_id FROM access.bi_grants)))', it);
        EXECUTE format('REVOKE ALL ON %s FROM bi_reader_many', it);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM bi_reader_many', current_database());
END
$$;

DROP POLICY "BI logins see their own grants" ON access.bi_grants;

CREATE POLICY "BI logins see their own grants"
ON access.bi_grants FOR SELECT TO bi_reader
USING (login = session_user);

REVOKE ALL ON access.bi_grants FROM bi_reader_many;
REVOKE ALL ON ALL TABLES IN SCHEMA hxi_v0 FROM bi_reader_many;
REVOKE ALL ON SCHEMA access, hxi, hxi_v0, traceflow FROM bi_reader_many;
