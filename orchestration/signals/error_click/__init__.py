"""Error clicks: clicks that an error followed. `SIGNAL` is what the runner runs."""

from orchestration.signals.error_click.schema import EVENT_TYPES, READS, WRITES, ErrorClickSettings
from orchestration.signals.error_click.transform import transform
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="error_clicks",
    reads=READS,
    event_types=EVENT_TYPES,
    writes=WRITES,
    transform=transform,
    settings=ErrorClickSettings(),
)
