DROP TABLE IF EXISTS ops.derived_documents;
