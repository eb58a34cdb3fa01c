"""Reads the replay payloads of the open plan's sessions and decodes them block by block."""

from collections.abc import Iterator

import polars as pl
from clickhouse_connect.driver.client import Client

from orchestration.signals.replay_facts.decode import decode_payloads
from orchestration.signals.replay_facts.schema import PAYLOADS
from orchestration.signals.signal import AnySignal

# The view holds the plan's sessions only.
PAYLOADS_QUERY = """
SELECT project_id, toString(session_id) AS session_id, toString(event_id) AS event_id,
    timestamp, sent_order, data
FROM intermediate.int_replay_payloads AS p
ORDER BY p.project_id, p.session_id"""

# Payloads of up to 4 MiB: few at once, or a block fills the memory.
BLOCK_SETTINGS = {"max_block_size": 64}


def read_payloads(client: Client, signal: AnySignal) -> Iterator[pl.DataFrame]:
    """Batches of decoded payloads as declared; each session's rows are adjacent."""
    # Payloads are bytes, not UTF-8, so all texts come as bytes.
    with client.query_arrow_stream(
        PAYLOADS_QUERY, settings=BLOCK_SETTINGS, use_strings=False
    ) as batches:
        for batch in batches:
            yield decode_payloads(pl.DataFrame(batch).cast(PAYLOADS)).select(signal.reads.names())
