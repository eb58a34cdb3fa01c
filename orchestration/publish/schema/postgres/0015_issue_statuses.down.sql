DROP FUNCTION access.change_issue(UUID, UUID, TEXT);
DROP VIEW access.issue_statuses;
ALTER TABLE access.bi_grants DROP COLUMN may_change_issues;
