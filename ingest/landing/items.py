"""Events on their way into the stores: one item for each valid event of the batches of a block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from ingest.decode.checks import canonical_uuid
from ingest.decode.documents import Document, event_document, replay_document
from ingest.decode.events import BatchFacts, Decoded, Flattener, decode
from ingest.decode.rows import Row, Templates, event_row, replay_row
from ingest.rejects import Reason, Reject, reject
from ingest.sinks.interface import Kind, Session
from ingest.spooled import SpooledBatch

# What code that reads an event raises for one it cannot read.
UNUSABLE = (ValueError, TypeError, KeyError, ArithmeticError)


class Fate(StrEnum):
    """What became of an event; the names are the ledger's columns."""

    LANDED = "landed"
    DUPLICATE = "duplicate"
    REFUSED = "refused_by_store"
    ERASED = "erased"


# Of an event that cannot be decoded.
NO_SESSION = "00000000-0000-0000-0000-000000000000"
# As much of a request's header as anyone needs.
USER_AGENT_CHARACTERS = 1000


@dataclass(slots=True, eq=False)
class Item:
    """`decoded` is None when the event cannot be decoded; then it is refused from the start."""

    facts: BatchFacts
    position: int  # in the batch as sent
    event: Event
    decoded: Decoded | None
    kind: Kind  # which collection and table
    key: tuple[Kind, str, str]  # items with one key are copies of one event
    session: Session
    fate: Fate | None = None
    reason: str = ""

    @property
    def _decoded(self) -> Decoded:
        if self.decoded is None:
            raise ValueError("the event could not be decoded")
        return self.decoded

    def document(self) -> Document:
        """A new document for MongoDB."""
        make = replay_document if self.kind is Kind.REPLAY else event_document
        return make(self._decoded, self.facts)

    def row(self, templates: Templates | None = None) -> Row:
        """A new row for ClickHouse; of many, with templates that they share."""
        if self.kind is Kind.REPLAY:
            return replay_row(self._decoded, self.facts)
        return event_row(self._decoded, self.facts, templates)

    def refuse(self, reason: str) -> None:
        """A store does not take it, for ever."""
        self.fate, self.reason = Fate.REFUSED, reason

    def reject(self) -> Reject:
        """How a refused event is kept: whole."""
        ids = (self.event.event_id, self.event.session_id)
        raw = self.event.SerializeToString()
        return reject(self.position, ids, Reason.REFUSED_BY_STORE, self.reason, raw)


def items_of(batches: Sequence[SpooledBatch]) -> Iterator[Item]:
    """All valid events, in order; what repeats between events is decoded once."""
    memory = Flattener()
    for batch in batches:
        body = EventBatch.FromString(batch.body)
        events = body.events
        facts = BatchFacts(
            batch_id=batch.batch_id,
            project_id=batch.project_id,
            ingested_at=batch.ingested_at,
            sdk_version=batch.sdk_version,
            sent_at=batch.sent_at,
            clock_skew_ms=body.clock_skew_ms,
            geo=memory.flat(body.geo) if body.HasField("geo") else {},
            user_agent=body.user_agent.replace("\0", "")[:USER_AGENT_CHARACTERS],
        )
        positions = orjson.loads(batch.positions) if batch.positions else range(len(events))
        for position, event in zip(positions, events, strict=True):
            yield _item(facts, position, event, memory)


def _item(facts: BatchFacts, position: int, event: Event, memory: Flattener) -> Item:
    try:
        return item_of(facts, position, event, decode(event, memory, position))
    except UNUSABLE as error:
        key = (Kind.EVENTS, facts.project_id, f"{facts.batch_id} {position}")
        session = (facts.project_id, NO_SESSION)
        item = Item(facts, position, event, None, Kind.EVENTS, key, session)
        item.refuse(f"cannot be decoded: {error!r}")
        return item


def item_of(facts: BatchFacts, position: int, event: Event, decoded: Decoded) -> Item:
    """An item not yet landed."""
    kind = Kind.REPLAY if decoded.is_replay else Kind.EVENTS
    project_id = facts.project_id
    key = (kind, project_id, decoded.event_id)
    return Item(facts, position, event, decoded, kind, key, (project_id, decoded.session_id))


def session_of_reject(project_id: str, one: Reject) -> Session | None:
    """The session a refused event meant; None when its id is no UUID."""
    plain = one.session_id.replace("-", "")
    is_uuid = len(plain) == 32 and all(letter in "0123456789abcdefABCDEF" for letter in plain)
    return (project_id, canonical_uuid(plain)) if is_uuid else None
