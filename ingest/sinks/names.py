"""The tables of ClickHouse's database raw by name; apart from their columns, which load Arrow."""

EVENTS = "raw.events"
REPLAY_CHUNKS = "raw.replay_chunks"
SESSION_INDEX = "raw.session_index"
REJECTED_EVENTS = "raw.rejected_events"
LEDGER = "raw.ingest_ledger"
TOMBSTONES = "raw.tombstones"
PREDICTIONS = "raw.predictions"
