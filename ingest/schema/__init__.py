"""Schemas that ingest owns: numbered SQL for ClickHouse and PostgreSQL, Python for MongoDB."""
