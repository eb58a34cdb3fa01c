-- Views of stage use the function; the next run makes them again.
ALTER TABLE landing.planned_sessions RESET (autovacuum_enabled);
DO $$
DECLARE
    name TEXT;
BEGIN
    FOR name IN SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE schemaname = 'hxi' LOOP
        EXECUTE format('ALTER SEQUENCE %s CACHE 1', name);
    END LOOP;
END
$$;

ALTER FUNCTION landing.restore_keys() RESET default_statistics_target;
DROP FUNCTION landing.json_or_null(TEXT) CASCADE;
