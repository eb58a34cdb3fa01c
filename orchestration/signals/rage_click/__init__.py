"""Rage clicks: bursts of clicks on one spot. `SIGNAL` is what the runner runs."""

from orchestration.signals.rage_click import schema, transform
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="rage_clicks",
    description="One row per burst of clicks on one spot.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    transform=transform.transform,
    settings=schema.RageClickSettings(),
    name="rage_click",
)
