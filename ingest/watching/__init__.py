"""What an operator sees of a running ingest: metrics, logs, traces."""
