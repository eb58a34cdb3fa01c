-- A row at a time, indexes and foreign keys are most of a first publish; made afterwards they are a sort and a join. The
-- publisher may not alter tables: these functions do it, to empty served tables only.
CREATE TABLE access.removed_keys (
    relation       REGCLASS NOT NULL,
    is_foreign_key BOOLEAN NOT NULL,
    definition     TEXT NOT NULL             -- the statement that makes it again
);

-- In the transaction that calls restore_keys() at its end. Fails at once where somebody reads the tables: before the server
-- would look for a deadlock, so that no reader is its victim.
CREATE FUNCTION landing.remove_keys(relations REGCLASS []) RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '800ms'
AS $$
DECLARE
    one RECORD;
    is_filled BOOLEAN;
BEGIN
    FOR one IN
        SELECT pg_class.oid::regclass AS relation, nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE pg_class.oid = ANY (relations) ORDER BY pg_class.oid
    LOOP
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', one.relation);
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', one.relation) INTO is_filled;
        IF is_filled OR one.nspname NOT IN ('hxi', 'traceflow') THEN
            RAISE EXCEPTION 'only an empty served table may do without its keys, not %', one.relation;
        END IF;
    END LOOP;
    FOR one IN
        SELECT conrelid::regclass AS relation, conname, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint WHERE conrelid = ANY (relations) AND contype = 'f'
    LOOP
        INSERT INTO access.removed_keys VALUES (
            one.relation, true, format('ALTER TABLE %s ADD CONSTRAINT %I %s', one.relation, one.conname, one.definition));
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.relation, one.conname);
    END LOOP;
    -- Keys that other tables still refer to stay.
    FOR one IN
        SELECT conrelid::regclass AS relation, conname, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint AS own
        WHERE conrelid = ANY (relations) AND contype IN ('p', 'u')
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conindid = own.conindid)
    LOOP
        INSERT INTO access.removed_keys VALUES (
            one.relation, false, format('ALTER TABLE %s ADD CONSTRAINT %I %s', one.relation, one.conname, one.definition));
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.relation, one.conname);
    END LOOP;
    FOR one IN
        SELECT indrelid::regclass AS relation, indexrelid::regclass AS index, pg_get_indexdef(indexrelid) AS definition
        FROM pg_index
        WHERE indrelid = ANY (relations) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    LOOP
        INSERT INTO access.removed_keys VALUES (one.relation, false, one.definition);
        EXECUTE format('DROP INDEX %s', one.index);
    END LOOP;
END
$$;

CREATE FUNCTION landing.restore_keys() RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET maintenance_work_mem = '256MB'
AS $$
DECLARE
    one RECORD;
BEGIN
    -- Foreign keys need the keys they refer to.
    FOR one IN SELECT definition FROM access.removed_keys ORDER BY is_foreign_key LOOP
        EXECUTE one.definition;
    END LOOP;
    FOR one IN SELECT DISTINCT relation FROM access.removed_keys LOOP
        EXECUTE format('ANALYZE %s', one.relation);
    END LOOP;
    DELETE FROM access.removed_keys;
END
$$;

REVOKE EXECUTE ON FUNCTION landing.remove_keys(REGCLASS []), landing.restore_keys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION landing.remove_keys(REGCLASS []), landing.restore_keys() TO hxi_publisher;
