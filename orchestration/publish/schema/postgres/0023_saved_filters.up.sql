-- Filters that people saved in the pages: shared ones of the projects a BI login reads. Who may decide about a project's issues
-- (`hxi grant-bi --issues`) may keep its filters; all others read, and nothing else. Accounts keep their own behind a gateway (0019).
CREATE VIEW access.saved_filters WITH (security_barrier) AS
SELECT id, project_id, name, filter_type, filter, created_at
FROM gosight.saved_filters
WHERE is_shared AND project_id = ANY (ARRAY(SELECT project_id FROM access.bi_grants WHERE login = session_user));

CREATE FUNCTION access.require_editor(project UUID) RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM access.bi_grants WHERE login = session_user AND project_id = project AND may_change_issues
    ) THEN
        RAISE EXCEPTION 'this login may not keep filters of this project' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- The project's owner has it, for the table needs an account. One of the same name and kind is replaced.
CREATE FUNCTION access.save_filter(project UUID, filter_name TEXT, kind TEXT, saved JSONB) RETURNS UUID
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner UUID;
    made UUID;
BEGIN
    PERFORM access.require_editor(project);
    IF btrim(filter_name) = '' OR length(filter_name) > 255 OR length(kind) > 50 OR length(saved::text) > 8000 THEN
        RAISE EXCEPTION 'a filter has a name of at most 255 characters, and at most 8,000 itself'
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT user_id INTO owner FROM gosight.project_members
    WHERE project_id = project AND role = 'owner' ORDER BY created_at, user_id LIMIT 1;
    IF owner IS NULL THEN
        RAISE EXCEPTION 'the project has no owner to keep filters for: hxi member add'
        USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    DELETE FROM gosight.saved_filters
    WHERE project_id = project AND is_shared AND name = btrim(filter_name) AND filter_type = kind;
    IF (SELECT count(*) FROM gosight.saved_filters WHERE project_id = project AND is_shared) >= 500 THEN
        RAISE EXCEPTION 'the project has 500 saved filters: forget one first' USING ERRCODE = 'program_limit_exceeded';
    END IF;
    INSERT INTO gosight.saved_filters (project_id, user_id, name, filter_type, filter, is_shared)
    VALUES (project, owner, btrim(filter_name), kind, saved, true) RETURNING id INTO made;
    RETURN made;
END
$$;

-- Whether there was one.
CREATE FUNCTION access.forget_filter(project UUID, filter_id UUID) RETURNS BOOLEAN
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM access.require_editor(project);
    DELETE FROM gosight.saved_filters WHERE project_id = project AND id = filter_id AND is_shared;
    RETURN FOUND;
END
$$;

GRANT SELECT ON access.saved_filters TO bi_reader, bi_reader_many;
REVOKE EXECUTE ON FUNCTION
access.require_editor(UUID), access.save_filter(UUID, TEXT, TEXT, JSONB), access.forget_filter(UUID, UUID)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.save_filter(UUID, TEXT, TEXT, JSONB), access.forget_filter(UUID, UUID)
TO bi_issue_editor;
