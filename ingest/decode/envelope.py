"""Request bodies to candidate events: the envelope must parse, each event is judged alone."""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from gosight.events_pb2 import Event
from gosight.ingest_pb2 import EventBatch

from ingest.decode.json_message import JsonValueError, event_from_json
from ingest.errors import BatchTooLargeError, MalformedBatchError

MAX_EVENTS = 5_000
MAX_BATCH_BYTES = 5 * 1024 * 1024
# Longer runs of digits fit no field, and Python refuses to convert very long ones.
MAX_DIGITS = 40
_LENGTH_DELIMITED, _VARINT, _FIXED64, _FIXED32 = 2, 0, 1, 5
_EVENT_TAG = bytes([EventBatch.EVENTS_FIELD_NUMBER << 3 | _LENGTH_DELIMITED])


@dataclass(frozen=True, slots=True)
class Malformed:
    """An event that does not parse."""

    event_id: str
    session_id: str
    detail: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed body; `events` has one entry for each event sent, in order."""

    project_key: str
    sdk_version: str
    sent_at: int
    events: list[Event | Malformed]
    batch: EventBatch | None = None  # what `events` are part of, when all came from one parse
    elements: list[Any] | None = None  # the events as JSON values, when they came as JSON


def parse_protobuf(body: bytes) -> Envelope:
    """MalformedBatchError when the envelope cannot be taken apart.

    BatchTooLargeError for more than MAX_BATCH_BYTES or MAX_EVENTS, before memory is spent on them.
    """
    _check_size(len(body))
    # Counting one byte is far cheaper than walking the fields, and no batch has more events.
    if body.count(_EVENT_TAG) > MAX_EVENTS:
        check_count(_count_events(body))
    try:
        batch = EventBatch.FromString(body)
    except DecodeError:
        return _parse_event_by_event(body)
    return Envelope(
        batch.project_key, batch.sdk_version, batch.sent_at, list(batch.events), batch=batch
    )


def _check_size(size: int) -> None:
    if size > MAX_BATCH_BYTES:
        raise BatchTooLargeError(
            f"the batch has {size} bytes as protobuf, {MAX_BATCH_BYTES} are allowed"
        )


def check_count(count: int) -> None:
    """BatchTooLargeError for more events than a batch may have."""
    if count > MAX_EVENTS:
        raise BatchTooLargeError(f"the batch has more than {MAX_EVENTS} events: send fewer at once")


def _count_events(body: bytes) -> int:
    """Up to one more than are allowed."""
    fields = _wire_fields(body)
    events = (None for number, _, content in fields if _is_event(number, content))
    return sum(1 for _ in islice(events, MAX_EVENTS + 1))


def _is_event(number: int, content: bytes | None) -> bool:
    return number == EventBatch.EVENTS_FIELD_NUMBER and content is not None


def _parse_event_by_event(body: bytes) -> Envelope:
    """For a batch with a bad event in it: take the envelope apart and parse the events alone."""
    head, events = bytearray(), list[Event | Malformed]()
    for number, field, content in _wire_fields(body):
        if content is not None and _is_event(number, content):
            events.append(_event_from_wire(content))
        else:
            head += field
    try:
        batch = EventBatch.FromString(bytes(head))
    except DecodeError as error:
        raise _not_a_batch() from error
    return Envelope(batch.project_key, batch.sdk_version, batch.sent_at, events)


def _event_from_wire(content: bytes) -> Event | Malformed:
    try:
        return Event.FromString(content)
    except DecodeError:
        return Malformed("", "", "does not parse as an Event", content)


def _wire_fields(body: bytes) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Number, all bytes and, where length-delimited, content of each field at the top level."""
    position = 0
    while position < len(body):
        start = position
        tag, position = _varint(body, position)
        number, kind = tag >> 3, tag & 7
        content = None
        if kind == _VARINT:
            _, position = _varint(body, position)
        elif kind == _LENGTH_DELIMITED:
            length, position = _varint(body, position)
            content = body[position : position + length]
            position += length
        elif kind in (_FIXED64, _FIXED32):
            position += 8 if kind == _FIXED64 else 4
        else:
            raise _not_a_batch()
        if position > len(body) or not number:
            raise _not_a_batch()
        yield number, body[start:position], content


def _varint(body: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(body):
            break
        byte = body[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise _not_a_batch()


def _not_a_batch() -> MalformedBatchError:
    return MalformedBatchError("the body is not a protobuf EventBatch")


def parse_json(body: bytes) -> Envelope:
    """MalformedBatchError when the body is no JSON object or an envelope field has a wrong type.

    BatchTooLargeError as for protobuf; events that do not parse count as an event of no bytes.
    """
    value = load_json(body)
    if not isinstance(value, dict):
        raise MalformedBatchError("the body must be one JSON object, an EventBatch")
    elements = value.get("events")
    if elements is None:
        elements = []
    if not isinstance(elements, list):
        raise MalformedBatchError("events must be a list")
    check_count(len(elements))
    events = [_event_from_element(element) for element in elements]
    _check_size(sum(event.ByteSize() for event in events if isinstance(event, Event)))
    envelope = {key: inner for key, inner in value.items() if key != "events"}
    return Envelope(
        project_key=_text(envelope, "projectKey", "project_key"),
        sdk_version=_text(envelope, "sdkVersion", "sdk_version"),
        sent_at=_milliseconds(envelope),
        events=events,
        elements=elements,
    )


def _event_from_element(element: Any) -> Event | Malformed:
    try:
        return event_from_json(element)
    except JsonValueError as error:
        return Malformed(
            _id(element, "eventId", "event_id"),
            _id(element, "sessionId", "session_id"),
            str(error),
            compact_json(element),
        )


def compact_json(element: Any) -> bytes:
    """A JSON value without white space; a note where it is nested too deeply to be written."""
    try:
        return json.dumps(element, separators=(",", ":")).encode()
    except RecursionError:
        return b"(nested too deeply)"


def _id(element: Any, *names: str) -> str:
    """What the client meant as an id, if it can be told."""
    if isinstance(element, dict):
        for name in names:
            if isinstance(element.get(name), str):
                return str(element[name])
    return ""


def load_json(body: bytes) -> Any:
    """MalformedBatchError for what is no JSON.

    Fast where the body is strict JSON; else with what only some events may have wrong.

    A bare NaN, a lone surrogate or bytes that are no UTF-8 must cost one event, not its batch.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body.decode("utf-8", "surrogateescape"), parse_int=_parse_int)
    except (ValueError, RecursionError) as error:
        raise MalformedBatchError(f"the body is not JSON: {str(error)[:200]}") from error


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float("inf")


def _text(envelope: dict[str, Any], *names: str) -> str:
    for name in names:
        value = envelope.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise MalformedBatchError(f"{name} must be a text")
        return value
    return ""


def _milliseconds(envelope: dict[str, Any]) -> int:
    value = envelope.get("sentAt", envelope.get("sent_at"))
    if value is None:
        return 0
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) <= 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise MalformedBatchError("sentAt must be milliseconds since 1970")
    return value
