"""What slow-page detection reads and writes, and its thresholds."""

from dataclasses import dataclass

import polars as pl

from orchestration.signals.columns import EVENT_COLUMNS

INSIGHT_TYPE = "slow_page"
DETECTOR_VERSION = "slow_page-1"

TIMING_TYPES = ("page_load", "web_vitals")
EVENT_TYPES = ("page_view", *TIMING_TYPES)

READS = pl.Schema(
    EVENT_COLUMNS
    | {
        "view_id": pl.String(),
        "lcp": pl.UInt32(),
        "ttfb": pl.UInt32(),
        "load_complete": pl.UInt32(),
    }
)


@dataclass(frozen=True)
class SlowPageSettings:
    """A view is slow above any of these. Defaults: the warehouse's rule book."""

    max_lcp_ms: int = 4000
    max_ttfb_ms: int = 1800
    max_load_complete_ms: int = 6000
