"""Dead clicks: clicks that nothing answered. `SIGNAL` is what the runner runs."""

from orchestration.signals.dead_click import schema, transform
from orchestration.signals.dead_click.replay import read_replay_facts
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="dead_clicks",
    description="One row per click on something interactive that nothing answered, with a grade.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    transform=transform.transform,
    settings=schema.DeadClickSettings(),
    name="dead_click",
    side_reader=read_replay_facts,
    after=(("gosight", "events"), ("signals", "replay_facts")),
)
