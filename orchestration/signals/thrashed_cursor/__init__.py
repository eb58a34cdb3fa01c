"""Thrashed cursors: the pointer shaken to and fro. `SIGNAL` is what the runner runs."""

from orchestration.signals.signal import Signal
from orchestration.signals.thrashed_cursor import schema, transform

SIGNAL = Signal(
    table="thrashed_cursors",
    description="One row per time a desktop pointer was shaken to and fro.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    transform=transform.transform,
    settings=schema.ThrashedCursorSettings(),
    name="thrashed_cursor",
)
