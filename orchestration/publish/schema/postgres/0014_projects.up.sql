-- What projects are called, for those who read their rows: BI logins see theirs, publishing and the owner all. The view reads
-- as its owner, because gosight is nobody else's; a barrier, so that no condition of a query is asked of other projects' rows.
CREATE VIEW hxi.projects WITH (security_barrier) AS
SELECT
    id AS project_id,
    name,
    slug,
    created_at
FROM gosight.projects
WHERE
    id = ANY (ARRAY(SELECT project_id FROM access.bi_grants WHERE login = session_user))
    OR pg_has_role(session_user, 'hxi_publisher', 'USAGE');

GRANT SELECT ON hxi.projects TO bi_reader, bi_reader_many;
