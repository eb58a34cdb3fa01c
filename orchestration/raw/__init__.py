"""Raw tables as Dagster sees them: landed by ingest, judged by the ledger."""
