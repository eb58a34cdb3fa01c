"""What one request carries: batches of a size that ingest takes, made without judging events."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import DecodeError
from gosight.ingest_pb2 import EventBatch

# Ingest takes 5,000 events, 5 MiB as protobuf, and bodies of 16 MiB.
MAX_EVENTS = 5_000
MAX_PROTOBUF_BYTES = 5 << 20
MAX_BODY_BYTES = 16 << 20
# What the loader itself puts into one batch.
GATHER_EVENTS = 1_000
GATHER_BYTES = 1 << 20

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Packet:
    """One request's body, an EventBatch without a key; `origin` tells a person where it came from.

    `read` is how many bytes of all input had been read when it was made.
    """

    body: bytes
    is_json: bool
    events: int
    origin: str
    read: int = 0


def from_batch(batch: EventBatch, origin: str, read: int = 0) -> Iterator[Packet]:
    """The batch less its key, in parts when it is larger than ingest takes."""
    head = EventBatch(sent_at=batch.sent_at, sdk_version=batch.sdk_version)
    if batch.project_key:
        batch.ClearField("project_key")
    body = batch.SerializeToString()
    if len(batch.events) <= MAX_EVENTS and len(body) <= MAX_PROTOBUF_BYTES:
        yield Packet(body, is_json=False, events=len(batch.events), origin=origin, read=read)
        return
    for events in filled((event, event.ByteSize()) for event in batch.events):
        head.ClearField("events")
        head.events.extend(events)
        part = head.SerializeToString()
        yield Packet(part, is_json=False, events=len(events), origin=origin, read=read)


def from_message(body: bytes, key: str, origin: str, read: int = 0) -> Iterator[Packet]:
    """The same for a serialised EventBatch; one with events that do not parse is left to ingest."""
    try:
        batch = EventBatch.FromString(body)
    except DecodeError:
        # Parts of a serialised message may be concatenated, and the last key wins.
        body += EventBatch(project_key=key).SerializeToString()
        yield Packet(body, is_json=False, events=0, origin=origin, read=read)
        return
    yield from from_batch(batch, origin, read)


def filled(items: Iterable[tuple[Item, int]]) -> Iterator[list[Item]]:
    """Items with their sizes, put into lists as the loader fills batches; a huge one is alone."""
    held: list[Item] = []
    size = 0
    for item, item_bytes in items:
        if held and (len(held) >= GATHER_EVENTS or size + item_bytes > GATHER_BYTES):
            yield held
            held, size = [], 0
        held.append(item)
        size += item_bytes
    if held:
        yield held
