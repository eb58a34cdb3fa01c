"""Rage clicks: bursts of clicks on one spot. `SIGNAL` is what the runner runs."""

from orchestration.signals.rage_click.schema import EVENT_TYPES, READS, WRITES, RageClickSettings
from orchestration.signals.rage_click.transform import transform
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="rage_clicks",
    reads=READS,
    event_types=EVENT_TYPES,
    writes=WRITES,
    transform=transform,
    settings=RageClickSettings(),
)
