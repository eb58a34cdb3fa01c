"""What error-click detection reads and writes, and its thresholds."""

from dataclasses import dataclass

import polars as pl

from orchestration.signals.columns import EVENT_COLUMNS, INSIGHT_COLUMNS

INSIGHT_TYPE = "error_click"
DETECTOR_VERSION = "error_click-1"

ERROR_TYPES = ("js_error", "unhandled_rejection")
EVENT_TYPES = ("click", *ERROR_TYPES)

READS = pl.Schema(
    EVENT_COLUMNS
    | {
        "url": pl.String(),
        "path": pl.String(),
        "click_x": pl.Int32(),
        "click_y": pl.Int32(),
        "click_button": pl.String(),
        "target_selector": pl.String(),
        "error_message": pl.String(),
    }
)

WRITES = INSIGHT_COLUMNS


@dataclass(frozen=True)
class ErrorClickSettings:
    """Bounds are inclusive. Defaults: the warehouse's rule book."""

    max_delay_ms: int = 1000
    """From the click to the error."""
    max_messages: int = 10
    """Messages kept in the details, the first in order; error ids are all kept."""
    max_message_chars: int = 500
