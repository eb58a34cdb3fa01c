"""What dead-click detection reads and writes, and its thresholds."""

from dataclasses import dataclass

import polars as pl

from orchestration.signals.columns import (
    CLICK_COLUMNS,
    EVENT_COLUMNS,
    SESSION_ENDED_AT,
    TIMESTAMP,
)

INSIGHT_TYPE = "dead_click"
DETECTOR_VERSION = "dead_click-2"

REQUEST_TYPES = ("xhr_request", "fetch_request", "websocket")
REACTION_TYPES = (
    *("page_view", "page_exit", "page_hidden", "session_end", "custom"),
    *("scroll", "scroll_milestone"),
    *("input_change", "input_focus", "input_blur"),
    *("form_start", "form_submit", "form_abandon", "form_error"),
    *REQUEST_TYPES,
)
"""Events that show that the page answered a click."""

EVENT_TYPES = ("click", *REACTION_TYPES)

READS = pl.Schema(
    EVENT_COLUMNS
    | CLICK_COLUMNS
    | {
        "target_tag": pl.String(),
        "target_href": pl.String(),
        "target_is_interactive": pl.Boolean(),
        "target_is_answered_by_browser": pl.Boolean(),
        "request_duration_ms": pl.Int64(),
        SESSION_ENDED_AT: TIMESTAMP,
    }
)

FULL_SNAPSHOT = "full_snapshot"
CHANGE = "change"
UNREADABLE = "unreadable"
END = "end"
REPLAY_FACTS = pl.Schema(
    {"project_id": pl.String(), "session_id": pl.String(), "at": TIMESTAMP, "kind": pl.String()}
)
"""Grain: one row per moment of a recording. kind: FULL_SNAPSHOT, each; CHANGE, each mutation,
scroll or selection; UNREADABLE, a payload that may hold any of them; END, the last of a payload."""

OBSERVED = "observed"
INFERRED = "inferred"
NOT_MEASURABLE = "not_measurable"


@dataclass(frozen=True)
class DeadClickSettings:
    """Default: the warehouse's rule book."""

    window_ms: int = 2500
    """A reaction counts in (click, click + window]."""
