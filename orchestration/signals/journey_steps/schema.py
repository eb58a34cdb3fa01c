"""What journey steps read and write."""

import polars as pl

from orchestration.signals.columns import EVENT_COLUMNS, SESSION_ENDED_AT, TIMESTAMP

EVENT_TYPES = ("page_view",)

READS = pl.Schema(EVENT_COLUMNS | {"title": pl.String(), SESSION_ENDED_AT: TIMESTAMP})

WRITES = pl.Schema(
    {
        "project_id": pl.String(),
        "session_id": pl.String(),
        "step": pl.UInt32(),
        "path": pl.String(),
        "url": pl.String(),
        "title": pl.String(),
        "started_at": TIMESTAMP,
        "dwell_ms": pl.UInt64(),
        "run_length": pl.UInt32(),
        "view_id": pl.String(),
    }
)
"""Grain: one row per session and step; steps count from 1. url, title and view_id are those of the
first page view of the run."""
