"""Batches with whatever the wire allows: all fields of the contract, with the oddest values."""

import gzip
import random
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from gosight.events_pb2 import Event, EventType
from gosight.ingest_pb2 import EventBatch

from ingest.decode.event_types import RULES

NIL = str(UUID(int=0))
TEXTS = (
    *("", " ", "\0", "a\0b", "\t\n\r\\N\\.", "'\"`\\", "\u2028\ufeff\ufffe", "\U0001f680"),
    *("%", "%E9%00%ff", "%ED%A0%BD", "https://s.test/%E9?utm_source=%E9%00&utm_medium=a?b&c#d?e=f"),
    *("//", "https://", "javascript:0", "blob:x", "/a//b/../%2F?", "http://[::1]:99999/%"),
    *("null", "NaN", "-1", "1e999", "{}", "[[", '{"$a.b": 1}', "9" * 400, "\u00e9" * 3000),
    *("button", "input", "a", "a" * 65_536),
)
DEEP = b'{"type":2,"data":{"node":' + b'{"c":[' * 4_000 + b"]}" * 4_000 + b'},"timestamp":1}'
PAYLOADS = (
    b"[" * 40_000 + b"]" * 40_000,
    *(b"", b"\0", b"\xff\xfe", b"{", b"null", b"[]", b"[null]", b"7", b'"\xed\xa0\xbd"', DEEP),
    b'[{"type":3,"timestamp":1e400},{"type":2,"timestamp":-1e400,"data":{"t":"\\ud83d\\u0000"}}]',
    b'[{"type":null,"timestamp":"x"},{"type":true,"timestamp":[]},{"type":3,"data":{"source":1e99}}]',
    b'{"type":2,"timestamp":99999999999999999999999999}',
    gzip.compress(b"[", mtime=0) + gzip.compress(b'{"type":4,"timestamp":0}]', mtime=0) * 2,
    gzip.compress(b"x" * 999, mtime=0)[:-3],
    *(orjson.dumps({"type": 3, "data": {"source": n}, "timestamp": 2**53}) for n in range(16)),
)
FLOATS = (0.0, -0.0, 1.5, -1e38, 3.4028235e38, 1e-45, float("inf"), float("nan"))


def batch(rng: random.Random, now_ms: int, events: int) -> EventBatch:
    """Few sessions and moments, so that odd events meet. Most pass the checks of the door."""
    return EventBatch(
        sent_at=rng.choice((0, now_ms, -1, 2**63 - 1)),
        sdk_version=rng.choice(TEXTS),
        events=[event(rng, now_ms) for _ in range(events)],
    )


def event(rng: random.Random, now_ms: int) -> Event:
    """Of a type that exists, with a payload that goes with it; the rest is chance."""
    made = Event()
    fill(made, rng)
    made.event_id = str(UUID(int=rng.getrandbits(128))) if rng.random() < 0.95 else NIL
    made.session_id = rng.choice((NIL, str(UUID(int=1)), str(UUID(int=2**128 - 1)), "F" * 32))
    kind = rng.choice([*RULES])
    made.event_type = cast("EventType", kind)
    made.timestamp.millis = now_ms - rng.choice((0, 0, 1, 1000, 2500, rng.randrange(10**9)))
    for name in _PAYLOADS:
        made.ClearField(name)
    wanted = rng.choice(sorted(RULES[kind].payloads, key=str))
    if wanted is not None:
        fill(getattr(made, wanted), rng)
        getattr(made, wanted).SetInParent()
    return made


_PAYLOADS = [field.name for field in Event.DESCRIPTOR.oneofs_by_name["payload"].fields]


def fill(message: Message, rng: random.Random) -> None:
    """Half of the fields, each with a value that is seldom thought of."""
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.5:
            _fill_field(message, cast(FieldDescriptor, field), rng)


def _fill_field(message: Message, field: FieldDescriptor, rng: random.Random) -> None:
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        for _ in range(rng.randrange(4)):
            value[rng.choice(TEXTS)] = rng.choice(TEXTS)
    elif field.message_type is not None:
        for one in [value.add() for _ in range(rng.randrange(9))] if field.is_repeated else [value]:
            fill(one, rng)
    elif field.is_repeated:
        value.extend(_scalar(field, rng) for _ in range(rng.randrange(9)))
    else:
        setattr(message, field.name, _scalar(field, rng))


def _scalar(field: FieldDescriptor, rng: random.Random) -> Any:
    if field.enum_type is not None:
        return rng.choice([*field.enum_type.values_by_number, 99])
    return _SCALARS[field.cpp_type](field, rng)


def _text_or_bytes(field: FieldDescriptor, rng: random.Random) -> str | bytes:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return rng.choice(PAYLOADS)
    return rng.choice(TEXTS)


def _integer(bits: int) -> Callable[[FieldDescriptor, random.Random], int]:
    ends = (0, 1, -1, 100, 65_535, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)))
    return lambda _, rng: rng.choice(ends)


_SCALARS: dict[int, Callable[[FieldDescriptor, random.Random], Any]] = {
    FieldDescriptor.CPPTYPE_STRING: _text_or_bytes,
    FieldDescriptor.CPPTYPE_BOOL: lambda _, rng: rng.random() < 0.5,
    FieldDescriptor.CPPTYPE_INT32: _integer(32),
    FieldDescriptor.CPPTYPE_INT64: _integer(64),
    FieldDescriptor.CPPTYPE_FLOAT: lambda _, rng: rng.choice(FLOATS),
    FieldDescriptor.CPPTYPE_DOUBLE: lambda _, rng: rng.choice(FLOATS),
}
