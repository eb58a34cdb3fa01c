"""Wire form of the generator's pieces: events are put together from parts serialised once.

Serialised protobuf messages may be concatenated: reading the result merges the parts. A visit's
device, a page or a click target is therefore serialised once and appended to each event's own part.
"""

from collections.abc import Iterable

from google.protobuf.message import Message
from gosight import events_pb2
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch


def varint(value: int) -> bytes:
    """`value` (not negative) as a protobuf varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


_LENGTHS = [varint(length) for length in range(1 << 14)]


def part(event: Event) -> bytes:
    """A piece to append to other pieces of the same event."""
    return event.SerializeToString(deterministic=True)


def _tag(number: int) -> bytes:
    return varint(number << 3 | 2)  # 2: length-delimited


_PAYLOAD_TAGS = {
    getattr(events_pb2, field.message_type.name): _tag(field.number)
    for field in Event.DESCRIPTOR.oneofs_by_name["payload"].fields
    if field.message_type is not None
}


def payload(message: Message) -> bytes:
    """An event's payload as a part, without the cost of an Event around it."""
    body = message.SerializeToString()
    return _PAYLOAD_TAGS[type(message)] + _length(body) + body


def _length(body: bytes) -> bytes:
    size = len(body)
    return _LENGTHS[size] if size < len(_LENGTHS) else varint(size)


def batch_of(events: Iterable[bytes]) -> EventBatch:
    """One batch of serialised events."""
    tag = _tag(EventBatch.EVENTS_FIELD_NUMBER)
    pieces: list[bytes] = []
    for event in events:
        pieces += (tag, _length(event), event)
    return EventBatch.FromString(b"".join(pieces))
