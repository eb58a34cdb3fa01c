"""Journey steps: the pages of a session in order. `SIGNAL` is what the runner runs."""

from orchestration.signals.journey_steps import schema, transform
from orchestration.signals.signal import NO_SETTINGS, Signal

SIGNAL = Signal(
    table="journey_steps",
    description="One row per session and journey step: a run of page views of one path.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    writes=schema.WRITES,
    transform=transform.transform,
    settings=NO_SETTINGS,
)
