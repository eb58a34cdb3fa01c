DROP TABLE IF EXISTS ops.alert_messages;
ALTER TABLE gosight.alert_rules DROP COLUMN IF EXISTS muted_until;
