"""Wire form of the generator's pieces: events are put together from parts serialised once.

Serialised protobuf messages may be concatenated: reading the result merges the parts. A visit's
device, a page or a click target is therefore serialised once and appended to each event's own part.
"""

from collections.abc import Iterable

from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

_EVENTS_TAG = bytes([EventBatch.EVENTS_FIELD_NUMBER << 3 | 2])  # length-delimited


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


def batch_of(events: Iterable[bytes]) -> EventBatch:
    """One batch of serialised events."""
    pieces: list[bytes] = []
    for event in events:
        size = len(event)
        pieces += (_EVENTS_TAG, _LENGTHS[size] if size < 1 << 14 else varint(size), event)
    return EventBatch.FromString(b"".join(pieces))
