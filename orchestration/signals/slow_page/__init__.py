"""Slow pages: page views that loaded slowly. `SIGNAL` is what the runner runs."""

from orchestration.signals.signal import Signal
from orchestration.signals.slow_page import schema, transform

SIGNAL = Signal(
    table="slow_pages",
    description="One row per page view that loaded slowly.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    transform=transform.transform,
    settings=schema.SlowPageSettings(),
    name="slow_page",
)
