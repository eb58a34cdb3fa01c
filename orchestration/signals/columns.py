"""Column names and types the signals share: their keys, their order, the row of a detection."""

import polars as pl

SESSION_KEY = ("project_id", "session_id")
# The order of events everywhere: order sent decides between equal times, for ids are random.
# ClickHouse sorts UUIDs by their second half, so ids travel as lower-case text.
EVENT_ORDER = ("timestamp", "sent_order", "event_id")

TIMESTAMP = pl.Datetime("ms", "UTC")

SESSION_ENDED_AT = "session_ended_at"
"""Time of the session's last event of any type; the reader adds it to gosight.events' columns."""

SESSION_DEVICE_TYPE = "session_device_type"
"""The session's device_type as in gosight.sessions; the reader adds it, too."""

EVENT_COLUMNS: dict[str, pl.DataType] = {
    "project_id": pl.String(),
    "session_id": pl.String(),
    "event_id": pl.String(),
    "event_type": pl.String(),
    "timestamp": TIMESTAMP,
    "sent_order": pl.UInt64(),
    "url": pl.String(),
    "path": pl.String(),
}
"""What every signal of events reads; UUIDs as lower-case text."""

CLICK_COLUMNS: dict[str, pl.DataType] = {
    "click_x": pl.Int32(),
    "click_y": pl.Int32(),
    "click_button": pl.String(),
    "target_selector": pl.String(),
}
"""What signals of clicks read besides."""

INSIGHT_COLUMNS = pl.Schema(
    {
        "project_id": pl.String(),
        "session_id": pl.String(),
        "insight_id": pl.String(),
        "insight_type": pl.String(),
        "timestamp": TIMESTAMP,
        "url": pl.String(),
        "path": pl.String(),
        "x": pl.Int32(),
        "y": pl.Int32(),
        "target_selector": pl.String(),
        "details": pl.String(),
        "related_event_ids": pl.List(pl.String()),
        "detector_version": pl.String(),
    }
)
"""Grain: one row per detection. UUIDs as text, which ClickHouse parses on insert."""
