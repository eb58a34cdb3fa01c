-- A publish reads and writes nothing twice.
-- Text as JSONB, NULL where PostgreSQL cannot hold it: read once, where the server can tell both at once.
DO $$
BEGIN
    EXECUTE
        'CREATE FUNCTION landing.json_or_null(text TEXT) RETURNS JSONB LANGUAGE sql STABLE PARALLEL SAFE AS $sql$'
        || CASE
            WHEN current_setting('server_version_num')::integer >= 170000
                THEN 'SELECT JSON_QUERY(to_jsonb(text), ''$'' RETURNING JSONB OMIT QUOTES NULL ON ERROR)'
            ELSE 'SELECT CASE WHEN pg_input_is_valid(text, ''jsonb'') THEN text::jsonb END'
        END
        || '$sql$';
END
$$;

REVOKE EXECUTE ON FUNCTION landing.json_or_null(TEXT) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION landing.json_or_null(TEXT) TO hxi_publisher;

-- Enough to plan with; the server itself looks at more of the rows once they are committed.
ALTER FUNCTION landing.restore_keys() SET default_statistics_target = '10';

-- A sequence is locked and written once for 32 rows of a publish, not for each; a publish leaves the rest of them unused.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOR name IN SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE schemaname = 'hxi' LOOP
        EXECUTE format('ALTER SEQUENCE %s CACHE 32', name);
    END LOOP;
END
$$;

-- Landing tables are analysed by each copy and emptied by the next, so nothing is left to clean up; the copy makes them anew.
DROP TABLE IF EXISTS
    landing.sessions, landing.events, landing.insights, landing.journeys, landing.experience_scores,
    landing.behaviour_states, landing.replay_chunks CASCADE;
TRUNCATE landing.copied, landing.planned_sessions;
ALTER TABLE landing.planned_sessions SET (autovacuum_enabled = off);
