DROP FUNCTION access.change_issue(UUID, UUID, TEXT);
DROP FUNCTION access.may_change_issues(UUID);
DROP VIEW hxi.issue_statuses;
ALTER TABLE access.bi_grants DROP COLUMN may_change_issues;
