"""What the detection of abandoned forms reads and writes, and its threshold."""

from dataclasses import dataclass

import polars as pl

from orchestration.signals.columns import EVENT_COLUMNS

INSIGHT_TYPE = "form_abandonment"
DETECTOR_VERSION = "form_abandonment-1"

EVENT_TYPES = ()
"""All: any event of the view shows that its visitor is still there."""

NARROWED_TO = """e.view_id IN (
    SELECT view_id FROM gosight.events AS e WHERE e.event_type = 'input_change' AND {planned})"""
"""Few views have an input, so few events are read."""

READS = pl.Schema(
    EVENT_COLUMNS
    | {
        "view_id": pl.String(),
        "target_selector": pl.String(),
    }
)


@dataclass(frozen=True)
class FormAbandonmentSettings:
    """Default: the warehouse's rule book."""

    max_gap_ms: int = 30 * 60 * 1000
    """A view without any event for this long is left; what follows is not part of it."""
