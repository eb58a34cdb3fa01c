DROP VIEW IF EXISTS ops.documents_freshness;
DROP TABLE IF EXISTS ops.documents_served;
