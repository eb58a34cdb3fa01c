"""dbt on both engines: events and marts in ClickHouse, the published shape in PostgreSQL."""
