"""Dead clicks: clicks that nothing answered. `SIGNAL` is what the runner runs."""

from orchestration.signals.dead_click import schema, transform
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="dead_clicks",
    description="One row per click on something interactive that nothing answered.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    writes=schema.WRITES,
    transform=transform.transform,
    settings=schema.DeadClickSettings(),
)
