"""What thrashed-cursor detection reads and writes, and its thresholds."""

from dataclasses import dataclass

import polars as pl

from orchestration.signals.columns import EVENT_COLUMNS, SESSION_DEVICE_TYPE

INSIGHT_TYPE = "thrashed_cursor"
DETECTOR_VERSION = "thrashed_cursor-1"

EVENT_TYPES = ("mouse_move",)

READS = pl.Schema(
    EVENT_COLUMNS
    | {
        "move_x": pl.List(pl.Int32()),
        "move_y": pl.List(pl.Int32()),
        "move_t": pl.List(pl.Int64()),
        SESSION_DEVICE_TYPE: pl.String(),
    }
)

NOT_MEASURABLE = "not_measurable"

LOST = 65535
"""Recorders report a pointer whose place they lost at (65535, 65535)."""


@dataclass(frozen=True)
class ThrashedCursorSettings:
    """What a window of samples must show; each bound is inclusive. Defaults: the rule book."""

    min_window_ms: int = 2000
    max_window_ms: int = 5000
    min_reversals: int = 10
    min_leg_px: int = 30
    """Of both legs of a reversal."""
    min_speed_px_s: int = 500
    min_path_to_displacement: int = 4
    min_samples_per_s: int = 8

    @property
    def min_samples(self) -> int:
        """No window has fewer."""
        by_rate = -(-self.min_samples_per_s * self.min_window_ms // 1000)
        return max(by_rate, self.min_reversals + 2)
