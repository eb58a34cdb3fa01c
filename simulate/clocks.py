"""Devices whose clocks are wrong by hours or days: what they send, and when they say so."""

from collections.abc import Iterable
from random import Random

from gosight.ingest_pb2 import EventBatch

HOUR_MS = 3_600_000
_OFFSETS = (-480, -26, -2, 2, 20, 26, 480)  # hours, ahead where positive


def with_wrong_clocks(
    batches: Iterable[EventBatch], share: float, rng: Random, now_ms: int
) -> tuple[list[EventBatch], dict[str, int]]:
    """The batches without sessions of such devices, then one batch of each, as sent at `now_ms`.

    Also by session how far ahead its clock is, in ms. Received at once, their events are dated as
    planned but for the time on the way, which is taken for the clock's.
    """
    kept = list(batches)
    sessions = sorted({event.session_id for batch in kept for event in batch.events})
    ahead = {
        session: rng.choice(_OFFSETS) * HOUR_MS + rng.randrange(HOUR_MS)
        for session in sessions
        if rng.random() < share
    }
    own = {session: EventBatch(sent_at=now_ms + ahead[session]) for session in ahead}
    return [*(_without(batch, ahead, own) for batch in kept), *own.values()], ahead


def _without(batch: EventBatch, ahead: dict[str, int], own: dict[str, EventBatch]) -> EventBatch:
    left = EventBatch(sdk_version=batch.sdk_version)
    for event in batch.events:
        if (offset := ahead.get(event.session_id)) is None:
            left.events.append(event)
            continue
        moved = own[event.session_id].events.add()
        moved.CopyFrom(event)
        moved.timestamp.millis += offset
    return left
