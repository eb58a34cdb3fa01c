"""What becomes of each event of a batch at the door: refused, filtered, or kept and masked."""

from collections import Counter
from dataclasses import dataclass, field

import orjson
from gosight.common_pb2 import GeoLocation
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from ingest import rejects
from ingest.decode import clock
from ingest.decode.checks import fault_of
from ingest.decode.envelope import MAX_BATCH_BYTES, Envelope, Malformed
from ingest.decode.rrweb import facts_only
from ingest.privacy.filtering import filtered
from ingest.privacy.masking import mask, masked_bytes, naming
from ingest.privacy.policy import Policy
from ingest.rejects import Reason, Reject

# Raw bytes kept of all rejects of a batch together: JSON escapes may make them longer than sent.
MAX_REJECTED_BYTES = MAX_BATCH_BYTES


@dataclass(slots=True)
class Judged:
    """`positions` are the kept events' indexes in the batch as sent; `events` are in that order.

    `privacy` counts events that were filtered by reason, and masked by what was masked.
    """

    refused: list[Reject] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    privacy: Counter[str] = field(default_factory=Counter)
    filtered: int = 0

    @property
    def received(self) -> int:
        """All events of the batch."""
        return len(self.refused) + len(self.events) + self.filtered


def judge(envelope: Envelope, now: int, skew: int, policy: Policy, *, is_backfill: bool) -> Judged:
    """Events are moved by the skew before they are judged; refused ones are kept as sent, masked.

    Times are ms since 1970. What is kept is changed in place: moved and masked.
    """
    judged = Judged()
    left = MAX_REJECTED_BYTES
    may_name = naming(envelope, policy)
    for position, event in enumerate(envelope.events):
        fault = _fault(event, now, skew, is_backfill=is_backfill)
        if fault is not None:
            ids = (event.event_id, event.session_id)
            raw = masked_bytes(envelope, position, policy)
            judged.refused.append(rejects.reject(position, ids, *fault, raw[:left]))
            left -= len(judged.refused[-1].raw)
        elif isinstance(event, Event):
            _keep(judged, position, event, policy, may_name_values=position in may_name)
    return judged


def _fault(
    event: Event | Malformed, now: int, skew: int, *, is_backfill: bool
) -> tuple[Reason, str] | None:
    if isinstance(event, Malformed):
        return Reason.MALFORMED_EVENT, event.detail
    clock.move(event, skew)
    fault = fault_of(event, now, backfill=is_backfill)
    if fault is not None:
        clock.move(event, -skew)
    return fault


def _keep(
    judged: Judged, position: int, event: Event, policy: Policy, *, may_name_values: bool
) -> None:
    reason = filtered(event, policy)
    if reason is not None:
        judged.filtered += 1
        judged.privacy[reason] += 1
        return
    for what in mask(event, policy, may_name_values=may_name_values):
        judged.privacy[f"masked_{what}"] += 1
    if not policy.keeps_recordings and event.HasField("replay"):
        event.replay.data = facts_only(event.replay.data)
        judged.privacy["recording_not_kept"] += 1
    judged.events.append(event)
    judged.positions.append(position)


def body_of(
    envelope: Envelope, judged: Judged, skew: int, geo: GeoLocation | None, user_agent: str
) -> bytes:
    """The kept events alone, as an EventBatch without the key, with what ingest knows of it."""
    if not judged.events:
        return b""
    batch = envelope.batch
    if batch is None or len(judged.events) < len(envelope.events):
        batch = EventBatch(events=judged.events)
    batch.ClearField("project_key")
    batch.clock_skew_ms = skew
    batch.user_agent = user_agent
    batch.ClearField("geo")
    if geo is not None:
        batch.geo.CopyFrom(geo)
    return batch.SerializeToString()


def positions_of(judged: Judged) -> bytes:
    """As the spool keeps them: empty when nothing was left out."""
    is_whole = len(judged.positions) == judged.received
    return b"" if is_whole else orjson.dumps(judged.positions)
