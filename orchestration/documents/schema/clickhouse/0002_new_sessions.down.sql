ALTER TABLE ops.derived_documents DROP COLUMN IF EXISTS is_new;
