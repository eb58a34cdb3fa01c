"""What rage-click detection reads and writes, and its thresholds."""

from dataclasses import dataclass

import polars as pl

from orchestration.signals.columns import CLICK_COLUMNS, EVENT_COLUMNS

INSIGHT_TYPE = "rage_click"
DETECTOR_VERSION = "rage_click-2"

ANSWER_TYPES = ("input_change", "custom", "page_view")
"""What a page tells when a click worked: a value or the page changed. Requests and scrolls are
none, for a control that hangs makes them as well."""

EVENT_TYPES = ("click", *ANSWER_TYPES)

READS = pl.Schema(
    EVENT_COLUMNS
    | CLICK_COLUMNS
    | {
        "target_is_editable": pl.Boolean(),
        "target_is_interactive": pl.Boolean(),
    }
)


@dataclass(frozen=True)
class RageClickSettings:
    """Thresholds of a burst; each bound is inclusive. Defaults: the warehouse's rule book."""

    min_clicks: int = 3
    max_gap_ms: int = 1000
    """From the previous click of the burst."""
    max_distance_px: int = 50
    """Euclidean, from the burst's first click."""
    max_answer_ms: int = 1000
    """A burst is none whose every click the page answers so soon, before the next click."""
    max_duration_ms: int | None = None
    """From the burst's first click to its last; a click later than that opens the next burst."""
    selection_gap_ms: int = 500
    """Three clicks on nothing interactive, each so soon after the last, select a paragraph."""
    selection_distance_px: int = 5
    """And each so near the last."""


STRICT = RageClickSettings(min_clicks=5, max_duration_ms=2000)
"""For pages where fast clicking is normal (galleries, counters): 5 clicks within 2 seconds."""
