"""The embedded ClickHouse: the chDB engine behind ClickHouse's HTTP interface, one process."""
