"""Waiting for a query, known by a text in it, to run or to be gone."""

import time

from clickhouse_connect.driver.client import Client

WAIT_SECONDS = 10


def running(client: Client, text: str) -> int:
    """How many queries with this text in them run now, this question not counted."""
    query = """SELECT count() FROM system.processes
               WHERE position(query, {text:String}) > 0
                 AND position(query, 'system.processes') = 0"""
    return int(client.query(query, {"text": text}).result_rows[0][0])


def wait_running(client: Client, text: str, wanted: int = 1) -> float:
    """Return once exactly `wanted` such queries run; the seconds it took."""
    start = time.monotonic()
    while running(client, text) != wanted:
        assert time.monotonic() - start < WAIT_SECONDS
        time.sleep(0.02)
    return time.monotonic() - start
