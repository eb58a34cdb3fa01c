DROP FUNCTION access.forget_filter(UUID, UUID);
DROP FUNCTION access.save_filter(UUID, TEXT, TEXT, JSONB);
DROP FUNCTION access.require_editor(UUID);
DROP VIEW access.saved_filters;
