-- Run once by a superuser in the warehouse's database: takes from PUBLIC what PostgreSQL gives every login and what no
-- grant of the warehouse can take back. The database's owner keeps advisory locks: runs and migrations lock with them,
-- and any other login that held those locks would stop both.

DO $$
DECLARE
    it REGPROCEDURE;
BEGIN
    FOR it IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
          AND (proname ~ '^pg_(try_)?advisory_' OR proname ~ '^lo_(creat|put|from|truncate|unlink|open)'
               OR proname IN ('lowrite', 'pg_logical_emit_message'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', it);
        IF it::text ~ 'advisory' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', it,
                           (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()));
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
END
$$;

