"""Error clicks: clicks that an error followed. `SIGNAL` is what the runner runs."""

from orchestration.signals.error_click import schema, transform
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="error_clicks",
    description="One row per click that errors of the same path followed, with all of them.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    transform=transform.transform,
    settings=schema.ErrorClickSettings(),
    name="error_click",
    narrowed_to="NOT e.is_foreign_error",
)
