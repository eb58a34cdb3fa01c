"""What replay facts are made of, and what is made of them."""

import polars as pl

from orchestration.signals.columns import TIMESTAMP

TIMES = pl.List(TIMESTAMP)

PAYLOADS = pl.Schema(
    {
        "project_id": pl.String(),
        "session_id": pl.String(),
        "event_id": pl.String(),
        "timestamp": TIMESTAMP,
        "sent_order": pl.UInt64(),
        "data": pl.Binary(),
    }
)
"""Grain: one row per replay payload, its bytes as sent."""

READS = pl.Schema(
    {
        "project_id": pl.String(),
        "session_id": pl.String(),
        "event_id": pl.String(),
        "timestamp": TIMESTAMP,
        "sent_order": pl.UInt64(),
        "started_at": TIMESTAMP,
        "ended_at": TIMESTAMP,
        "data_size": pl.UInt64(),
        "event_count": pl.UInt32(),
        "snapshots": TIMES,
        "mutations": TIMES,
        "scrolls": TIMES,
        "selections": TIMES,
        "problem": pl.String(),
    }
)
"""Grain: one row per payload, decoded. Each list holds, in order, the times at which the recorder
told of it. `problem`: why the payload could not be decoded; then it counts no event."""

WRITES = pl.Schema(
    {name: dtype for name, dtype in READS.items() if name != "sent_order"}
    | {"chunk_index": pl.UInt32(), "gap_ms": pl.UInt64()}
)
"""`chunk_index`: place in the session, from 0. `gap_ms`: since the end of all payloads before."""
