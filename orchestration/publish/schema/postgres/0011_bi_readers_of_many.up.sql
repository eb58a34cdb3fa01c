-- BI logins of one project (nearly all) and of many get a policy each: a comparison with one value is planned as if the query
-- named the project, in an index's order too; with an array it is not (a list of sessions took seven times as long).
DO $$
DECLARE
    it REGCLASS;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bi_reader_many') THEN
        CREATE ROLE bi_reader_many NOLOGIN;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO bi_reader_many', current_database());
    FOR it IN SELECT polrelid FROM pg_policy WHERE polname = 'BI logins read their projects' LOOP
        EXECUTE format('DROP POLICY "BI logins read their projects" ON %s', it);
        EXECUTE format(
            'CREATE POLICY "BI logins read their project" ON %s FOR SELECT TO bi_reader'
            ' USING (project_id = (SELECT project_id FROM access.bi_grants))', it);
        EXECUTE format(
            'CREATE POLICY "BI logins of many read their projects" ON %s FOR SELECT TO bi_reader_many'
            ' USING (project_id = ANY (ARRAY(SELECT project_id FROM access.bi_grants)))', it);
        EXECUTE format('GRANT SELECT ON %s TO bi_reader_many', it);
    END LOOP;
END
$$;

DROP POLICY "BI logins see their own grants" ON access.bi_grants;

CREATE POLICY "BI logins see their own grants"
ON access.bi_grants FOR SELECT TO bi_reader, bi_reader_many
USING (login = session_user);

GRANT USAGE ON SCHEMA access, hxi, hxi_v0, traceflow TO bi_reader_many;
GRANT SELECT ON access.bi_grants TO bi_reader_many;
GRANT SELECT ON ALL TABLES IN SCHEMA hxi_v0 TO bi_reader_many;

-- Opens a table to BI logins and to publishing; repeat it after a column was added. The publisher writes neither `kept`
-- columns (surrogate ids, what people and services own) nor, in rows that are there, `initial` ones.
CREATE OR REPLACE PROCEDURE access.serve(relation REGCLASS, kept TEXT [] DEFAULT '{}', initial TEXT [] DEFAULT '{}')
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
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = relation AND polname = 'BI logins read their project') THEN
        EXECUTE format(
            'CREATE POLICY "BI logins read their project" ON %s FOR SELECT TO bi_reader'
            ' USING (project_id = (SELECT project_id FROM access.bi_grants))', relation);
        EXECUTE format(
            'CREATE POLICY "BI logins of many read their projects" ON %s FOR SELECT TO bi_reader_many'
            ' USING (project_id = ANY (ARRAY(SELECT project_id FROM access.bi_grants)))', relation);
        EXECUTE format('CREATE POLICY "Publishing" ON %s TO hxi_publisher USING (true) WITH CHECK (true)', relation);
    END IF;
    EXECUTE format('REVOKE ALL ON %s FROM bi_reader, bi_reader_many, hxi_publisher', relation);
    EXECUTE format('GRANT SELECT ON %s TO bi_reader, bi_reader_many', relation);
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
