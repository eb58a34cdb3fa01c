"""Replay facts: what recordings show, payload by payload. `SIGNAL` is what the runner runs."""

from orchestration.signals.replay_facts import schema, transform
from orchestration.signals.replay_facts.reading import read_payloads
from orchestration.signals.signal import NO_SETTINGS, Signal

SIGNAL = Signal(
    table="replay_facts",
    description="One row per replay payload: when the page was recorded whole and when it moved.",
    reads=schema.READS,
    event_types=(),
    reader=read_payloads,
    after=(("intermediate", "int_replay_payloads"),),
    writes=schema.WRITES,
    transform=transform.transform,
    settings=NO_SETTINGS,
    # The payloads they were read from have expired.
    but_kept=" AND (project_id, session_id) NOT IN"
    " (SELECT project_id, session_id FROM ops.kept_replay_facts)",
)
