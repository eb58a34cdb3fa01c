"""The warehouse on two ClickHouse servers that replicate: `make cluster-test`. Needs Docker."""
