"""U-turns: a page left again at once for the page before it. `SIGNAL` is what the runner runs."""

from orchestration.signals.signal import Signal
from orchestration.signals.u_turn import schema, transform

SIGNAL = Signal(
    table="u_turns",
    description="One row per page that was left within seconds for the page before it.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    transform=transform.transform,
    settings=schema.UTurnSettings(),
    name="u_turn",
)
