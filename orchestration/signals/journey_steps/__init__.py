"""Journey steps: the pages of a session in order. `SIGNAL` is what the runner runs."""

from orchestration.signals.journey_steps.schema import (
    EVENT_TYPES,
    READS,
    WRITES,
    JourneyStepsSettings,
)
from orchestration.signals.journey_steps.transform import transform
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="journey_steps",
    reads=READS,
    event_types=EVENT_TYPES,
    writes=WRITES,
    transform=transform,
    settings=JourneyStepsSettings(),
)
