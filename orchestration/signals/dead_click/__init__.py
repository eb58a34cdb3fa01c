"""Dead clicks: clicks that nothing answered. `SIGNAL` is what the runner runs."""

from orchestration.signals.dead_click.schema import EVENT_TYPES, READS, WRITES, DeadClickSettings
from orchestration.signals.dead_click.transform import transform
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="dead_clicks",
    reads=READS,
    event_types=EVENT_TYPES,
    writes=WRITES,
    transform=transform,
    settings=DeadClickSettings(),
)
