DROP VIEW IF EXISTS ops.landed_days;
DROP VIEW IF EXISTS ops.landed_sessions;
