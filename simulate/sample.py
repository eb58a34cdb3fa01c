"""The bundled sample: a small fixed plan, dated to the days before now so as never to age out."""

from collections.abc import Iterator
from datetime import datetime

from gosight.ingest_pb2 import EventBatch

from simulate.generate import generate
from simulate.plan import Plan, last_midnight
from simulate.truth import Truth


def sample_plan(end: datetime | None = None) -> Plan:
    """The sample's plan for the week before `end` (default: the last UTC midnight)."""
    return Plan(sessions=400, days=7, seed=20_240, end=end or last_midnight())


def sample_batches(end: datetime | None = None, truth: Truth | None = None) -> Iterator[EventBatch]:
    """The sample's batches. Its event ids never change: loading it twice counts duplicates."""
    return generate(sample_plan(end), truth)
