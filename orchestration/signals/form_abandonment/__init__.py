"""Abandoned forms: filled in and never sent. `SIGNAL` is what the runner runs."""

from orchestration.signals.form_abandonment import schema, transform
from orchestration.signals.signal import Signal

SIGNAL = Signal(
    table="form_abandonments",
    description="One row per page view on which a form was filled in and none was sent.",
    reads=schema.READS,
    event_types=schema.EVENT_TYPES,
    narrowed_to=schema.NARROWED_TO,
    transform=transform.transform,
    settings=schema.FormAbandonmentSettings(),
    name="form_abandonment",
)
