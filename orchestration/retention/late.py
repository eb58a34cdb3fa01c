"""What came after its session was sealed, its day closed or its recording gone."""

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client


@dataclass(frozen=True)
class Late:
    """Events and replay payloads beyond retention: `waiting` are in raw until they expire."""

    waiting: int
    total: int


def late_beyond_retention(client: Client) -> Late:
    """Of all projects; `ops.late_beyond_retention` has them by session."""
    ((waiting, total),) = client.query(
        "SELECT (SELECT sum(rows) FROM ops.late_in_raw),"
        " (SELECT sum(rows) FROM ops.late_beyond_retention)"
    ).result_rows
    return Late(int(waiting or 0), int(total or 0))
