"""What error-click detection reads and writes, and its thresholds."""

from dataclasses import dataclass

import polars as pl

from orchestration.signals.columns import CLICK_COLUMNS, EVENT_COLUMNS

INSIGHT_TYPE = "error_click"
DETECTOR_VERSION = "error_click-1"

ERROR_TYPES = ("js_error", "unhandled_rejection")
EVENT_TYPES = ("click", *ERROR_TYPES)

READS = pl.Schema(
    EVENT_COLUMNS
    | CLICK_COLUMNS
    | {
        "error_message": pl.String(),
    }
)


@dataclass(frozen=True)
class ErrorClickSettings:
    """Bounds are inclusive. Defaults: the warehouse's rule book."""

    max_delay_ms: int = 1000
    """From the click to the error."""
    max_messages: int = 10
    """Messages kept in the details, the first in order; error ids are all kept."""
    max_message_chars: int = 500
