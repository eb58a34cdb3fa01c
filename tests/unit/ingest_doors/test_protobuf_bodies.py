"""Protobuf bodies with one event that does not parse, and bodies that are no batch at all."""

from collections.abc import Iterator

import pytest
from gosight.ingest_pb2 import EventBatch

from ingest import rejects
from tests.unit.ingest_doors.door_clients import Door, open_way
from tests.unit.ingest_doors.running_doors import KEY, RunningDoors
from tests.unit.ingest_doors.sent_events import clicks

EVENT_FIELD = b"\x12"


@pytest.fixture(params=["grpc_batch", "grpc_stream", "http_protobuf"])
def door(request: pytest.FixtureRequest, doors: RunningDoors) -> Iterator[Door]:
    with open_way(request.param, doors.http_url, doors.grpc_address) as way:
        yield way


def framed(event: bytes) -> bytes:
    assert len(event) < 128
    return EVENT_FIELD + bytes([len(event)]) + event


MALFORMED = {
    "text that is no UTF-8": b"\x0a\x02\xff\xfe",
    "a field that ends beyond the event": b"\x0a\x7f1",
    "a tag of field 0": b"\x00\x01",
    "a group that does not end": b"\x7b",
    "an endless number": b"\x28" + b"\xff" * 11,
}


@pytest.mark.parametrize("event", MALFORMED.values(), ids=MALFORMED.keys())
def test_an_event_that_does_not_parse_costs_itself_alone(
    doors: RunningDoors, door: Door, event: bytes
) -> None:
    good = clicks(2, key=KEY)
    body = good.SerializeToString() + framed(event) + clicks(1).SerializeToString()
    outcome = door.send_bytes(body)
    assert (outcome.code, outcome.counts) == ("OK", (3, 1))
    assert outcome.response.error == "malformed_event"
    assert doors.spooled_ids()[:2] == [one.event_id for one in good.events]
    (kept,) = doors.spooled()
    (refused,) = rejects.load(kept.rejects)
    # What cannot be read cannot be masked, so nothing of it is kept.
    assert (refused.position, refused.raw) == (2, b"")
    assert KEY.encode() not in kept.body


def test_fields_of_a_newer_contract_pass(doors: RunningDoors, door: Door) -> None:
    newer = b"\xfa\x07\x03abc" + b"\xf8\x06\x01" + b"\xf5\x06\x01\x02\x03\x04"
    assert door.send_bytes(clicks(2, key=KEY).SerializeToString() + newer).counts == (2, 0)
    body = newer + framed(MALFORMED["a tag of field 0"]) + clicks(2, key=KEY).SerializeToString()
    assert door.send_bytes(body).counts == (2, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"\x12\x7f",
        b"\x12\xff\xff\xff\xff\x0f",
        b"\x00",
        b"\x0b",
        b"\x17",
        b"\x12\x01\x00" + b"\x0a\x02\xff\xff",
        b'{"events": []}',
        b"\x80",
    ],
)
def test_a_body_that_cannot_be_taken_apart_is_refused_whole(
    doors: RunningDoors, door: Door, body: bytes
) -> None:
    outcome = door.send_bytes(body, key=KEY)
    assert outcome.code == "INVALID_ARGUMENT"
    assert outcome.error == "the body is not a protobuf EventBatch"
    assert doors.spooled() == []


def test_millions_of_empty_events_are_refused_before_they_take_memory(
    doors: RunningDoors, door: Door
) -> None:
    outcome = door.send_bytes(framed(b"") * 2_000_000, key=KEY)
    assert outcome.code == "INVALID_ARGUMENT"
    assert outcome.error == "the batch has more than 5000 events: send fewer at once"


def test_bytes_that_look_like_many_events_are_not_counted_as_such(
    doors: RunningDoors, door: Door
) -> None:
    sent = clicks(10, key=KEY)
    for event in sent.events:
        event.page.title = "\x12" * 1_000
    assert sent.SerializeToString().count(EVENT_FIELD) > 5_000
    assert door.send(sent).counts == (10, 0)
    (kept,) = doors.spooled()
    assert list(EventBatch.FromString(kept.body).events) == list(sent.events)
