"""What u-turn detection reads and writes, and its threshold."""

from dataclasses import dataclass

import polars as pl

from orchestration.signals.columns import EVENT_COLUMNS

INSIGHT_TYPE = "u_turn"
DETECTOR_VERSION = "u_turn-1"

EVENT_TYPES = ("page_view", "form_submit")

READS = pl.Schema(EVENT_COLUMNS)


@dataclass(frozen=True)
class UTurnSettings:
    """Default: the warehouse's rule book."""

    max_away_ms: int = 10_000
    """From the first view of the page turned back from to the return; inclusive."""
