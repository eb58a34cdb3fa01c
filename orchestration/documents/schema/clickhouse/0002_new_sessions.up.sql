-- Whether a session was new when its documents were begun: what others were written has to go first. Earlier rows
-- cannot tell: a merge takes them away.
ALTER TABLE ops.derived_documents ADD COLUMN IF NOT EXISTS is_new Bool DEFAULT false;
