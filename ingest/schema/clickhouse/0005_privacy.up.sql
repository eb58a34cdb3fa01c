-- What a project's privacy took out of a batch: events filtered by reason, masked by what was masked.
ALTER TABLE raw.ingest_ledger ADD COLUMN privacy Map(LowCardinality(String), UInt32) AFTER reasons;
