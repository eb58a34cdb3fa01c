ALTER TABLE raw.ingest_ledger DROP COLUMN privacy;
