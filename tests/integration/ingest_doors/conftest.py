"""Every way through the doors of a running ingest, and what has landed behind them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from stack.embedded import Stack
from tests.unit.ingest_doors.door_clients import WAYS, Door, open_way
from tests.waiting import until

# A batch's row in the ledger by column name.
Ledger = dict[str, Any]


@pytest.fixture(params=WAYS)
def door(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Door]:
    """Each way in, one after another."""
    endpoints = stack.endpoints
    with open_way(request.param, endpoints.ingest_url, endpoints.ingest_grpc) as way:
        yield way


@pytest.fixture
def landed(clickhouse: Client) -> Callable[[list[str]], list[Ledger]]:
    """Waits for batches by their ids; their ledger rows in the same order."""
    return lambda batch_ids: wait_landed(clickhouse, batch_ids)


def wait_landed(clickhouse: Client, batch_ids: list[str]) -> list[Ledger]:
    def rows() -> dict[str, Ledger]:
        result = clickhouse.query(
            "SELECT * FROM raw.ingest_ledger FINAL WHERE batch_id IN {ids:Array(UUID)}",
            parameters={"ids": batch_ids},
        )
        return {str(row["batch_id"]): row for row in result.named_results()}

    until(lambda: len(rows()) == len(set(batch_ids)), rows)
    found = rows()
    return [found[batch_id] for batch_id in batch_ids]
