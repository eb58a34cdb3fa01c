"""Checks of a single event at the door: the first reason to refuse it, or none."""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from gosight.events_pb2 import Event

from ingest.decode.event_types import REPLAY, RULES
from ingest.rejects import Reason

DAY_MS = 86_400_000
MAX_AGE_MS = 30 * DAY_MS
MAX_AHEAD_MS = DAY_MS
YEAR_1990_MS = 631_152_000_000
YEAR_2100_MS = 4_102_444_800_000
MAX_TEXT_BYTES = 64 * 1024
MAX_EVENT_BYTES = 1024 * 1024
MAX_REPLAY_BYTES = 4 * 1024 * 1024
MAX_SESSIONS_REMEMBERED = 1_000

_UUID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}"
)

Fault = tuple[Reason, str]


def canonical_uuid(text: str) -> str:
    """Lower case with dashes; the text must have passed the checks."""
    lower = text.lower()
    if len(lower) == 36:
        return lower
    return f"{lower[:8]}-{lower[8:12]}-{lower[12:16]}-{lower[16:20]}-{lower[20:]}"


def fault_of(event: Event, ingested_at: int, *, backfill: bool) -> Fault | None:
    """Reason and detail; times are ms since 1970. `backfill` lifts the age limit, nothing else."""
    return (
        _fault_of_ids(event)
        or _fault_of_time(event, ingested_at, backfill=backfill)
        or _fault_of_type(event)
        or _fault_of_numbers(event)
        or _fault_of_size(event)
    )


def _fault_of_ids(event: Event) -> Fault | None:
    event_id, session_id = event.event_id, event.session_id
    if not event_id:
        return Reason.MISSING_EVENT_ID, "event_id is empty"
    if not session_id:
        return Reason.MISSING_SESSION_ID, "session_id is empty"
    if not _UUID.fullmatch(event_id):
        return Reason.INVALID_UUID, "event_id is no UUID"
    if not is_uuid(session_id):
        return Reason.INVALID_UUID, "session_id is no UUID"
    return None


def is_uuid(text: str) -> bool:
    """In one of the forms that are taken; remembered, since a session's events come together."""
    return len(text) <= 36 and _is_uuid(text)


@lru_cache(MAX_SESSIONS_REMEMBERED)
def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def _fault_of_time(event: Event, ingested_at: int, *, backfill: bool) -> Fault | None:
    millis = event.timestamp.millis
    if not millis:
        return Reason.MISSING_TIMESTAMP, "timestamp is not set"
    if millis < YEAR_1990_MS:
        return Reason.TIMESTAMP_TOO_OLD, f"{millis} ms is before 1990"
    if millis > ingested_at + MAX_AHEAD_MS or millis >= YEAR_2100_MS:
        return Reason.TIMESTAMP_IN_FUTURE, f"{millis} ms is more than 24 h ahead"
    if millis < ingested_at - MAX_AGE_MS and not backfill:
        return Reason.TIMESTAMP_TOO_OLD, f"{millis} ms is more than 30 days ago"
    return None


def _fault_of_type(event: Event) -> Fault | None:
    rule = RULES.get(event.event_type)
    if rule is None:
        return Reason.UNKNOWN_EVENT_TYPE, f"event_type {event.event_type} is none a client may send"
    payload = event.WhichOneof("payload")
    if payload not in rule.payloads:
        return (
            Reason.PAYLOAD_TYPE_MISMATCH,
            f"{rule.name} does not go with {payload or 'no payload'}",
        )
    return None


def _fault_of_numbers(event: Event) -> Fault | None:
    """All floats of the contract; a new one must be added here (a test says so)."""
    numbers = [("device.device_pixel_ratio", event.device.device_pixel_ratio)]
    payload = event.WhichOneof("payload")
    if payload == "scroll":
        numbers.append(("scroll.velocity", event.scroll.velocity))
    elif payload == "performance":
        numbers.append(
            ("performance.cumulative_layout_shift", event.performance.cumulative_layout_shift)
        )
    for name, number in numbers:
        if not math.isfinite(number):
            return Reason.INVALID_NUMBER, f"{name} is {number}"
    return None


def _fault_of_size(event: Event) -> Fault | None:
    size = event.ByteSize()
    if size <= MAX_TEXT_BYTES:  # then no field in it is longer
        return None
    for name, text in _texts(event):
        length = len(text.encode())
        if length > MAX_TEXT_BYTES:
            return Reason.TEXT_TOO_LONG, f"{name} has {length} bytes, {MAX_TEXT_BYTES} are allowed"
    limit = MAX_REPLAY_BYTES if event.event_type == REPLAY else MAX_EVENT_BYTES
    if size > limit:
        return Reason.EVENT_TOO_LARGE, f"{size} bytes, {limit} are allowed"
    return None


def _texts(message: Message) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        yield from _texts_in(field, value)


def _texts_in(field: FieldDescriptor, value: Any) -> Iterator[tuple[str, str]]:
    if field.type == FieldDescriptor.TYPE_STRING:
        for text in value if field.is_repeated else (value,):
            yield field.name, text
    elif field.message_type is not None:
        if field.message_type.GetOptions().map_entry:
            for key, text in value.items():
                yield field.name, key
                yield field.name, text
        else:
            for inner in value if field.is_repeated else (value,):
                yield from _texts(inner)
