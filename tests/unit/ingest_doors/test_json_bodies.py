"""Protobuf-JSON as browsers and hands write it: one odd event costs itself, never its batch."""

import json
from typing import Any

import httpx
import pytest
from gosight.events_pb2 import Event, EventType
from gosight.ingest_pb2 import EventBatch

from ingest import rejects
from tests.unit.ingest_doors.door_clients import Outcome, http_outcome
from tests.unit.ingest_doors.running_doors import KEY, RunningDoors
from tests.unit.ingest_doors.sent_events import SESSION, click, now

EVENT_ID = "6f9619ff-8b86-4d01-b42d-00cf4fc96401"


def event(**changes: Any) -> dict[str, Any]:
    return {
        "eventId": EVENT_ID,
        "sessionId": SESSION,
        "eventType": "EVENT_TYPE_CLICK",
        "timestamp": {"millis": str(now())},
        "click": {"position": {"x": 17, "y": 4}},
        **changes,
    }


def post(http: httpx.Client, body: str | bytes, **headers: str) -> Outcome:
    all_headers = {"Content-Type": "application/json", "X-GoSight-Key": KEY, **headers}
    return http_outcome(http.post("/v1/events", content=body, headers=all_headers))


def send(http: httpx.Client, *events: object) -> Outcome:
    return post(http, json.dumps({"projectKey": KEY, "events": events}))


def kept_events(doors: RunningDoors) -> list[Event]:
    return [event for one in doors.spooled() for event in EventBatch.FromString(one.body).events]


MALFORMED = {
    "an unknown enum name": event(click={"button": "MOUSE_BUTTON_FOURTH"}),
    "12.5 in an integer": event(click={"position": {"x": 12.5}}),
    "an integer out of range": event(click={"position": {"x": 2**31}}),
    "a huge integer": event(timestamp={"millis": 10**400}),
    "a null element": None,
    "a number for an event": 17,
    "a list for an event": [[]],
    "a text for an object": event(page="/products"),
    "a number for a text": event(page={"path": 17}),
    "a boolean for an integer": event(click={"position": {"x": True}}),
    "an object for a list": event(click={"target": {"classes": {}}}),
    "null in a list": event(click={"target": {"classes": ["a", None]}}),
    "a number in a map of texts": event(custom={"a": 1}),
    "what is no base64": event(
        eventType="EVENT_TYPE_REPLAY", click=None, replay={"data": "not base64!"}
    ),
    "two payloads": event(scroll={}),
    "an event nested beyond reading": json.loads("[" * 900 + "]" * 900),
}


@pytest.mark.parametrize("bad", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_event_costs_itself_alone(
    doors: RunningDoors, http: httpx.Client, bad: object
) -> None:
    outcome = send(http, event(eventId=SESSION), bad, event(sessionId=EVENT_ID))
    assert (outcome.code, outcome.counts) == ("OK", (2, 1))
    assert outcome.response.error == "malformed_event"
    assert [one.event_id for one in kept_events(doors)] == [SESSION, EVENT_ID]
    (refused,) = rejects.load(doors.spooled()[0].rejects)
    assert (refused.position, refused.reason) == (1, "malformed_event")
    assert refused.event_id == (bad["eventId"] if isinstance(bad, dict) else "")
    assert refused.detail


NOT_STRICT_JSON = {
    "a bare NaN": ("invalid_number", "NaN"),
    "a bare Infinity": ("invalid_number", "Infinity"),
    "a number beyond floats": ("invalid_number", "1e999"),
}


@pytest.mark.parametrize(("reason", "number"), NOT_STRICT_JSON.values(), ids=NOT_STRICT_JSON)
def test_a_number_that_is_none_costs_its_event_alone(
    doors: RunningDoors, http: httpx.Client, reason: str, number: str
) -> None:
    bad = json.dumps(event(eventType="EVENT_TYPE_SCROLL", click=None, scroll={"velocity": 4711}))
    body = f'{{"events": [{json.dumps(event())}, {bad.replace("4711", number)}]}}'
    outcome = post(http, body)
    assert (outcome.counts, outcome.response.error) == ((1, 1), reason)


@pytest.mark.parametrize(
    "title", [b'"\\ud800"', b'"\xff\xfe"'], ids=["a lone surrogate", "bytes that are no UTF-8"]
)
def test_text_that_is_none_costs_its_event_alone(
    doors: RunningDoors, http: httpx.Client, title: bytes
) -> None:
    bad = json.dumps(event(page={"title": "?"})).encode().replace(b'"?"', title)
    outcome = post(http, b'{"events": [%s, %s]}' % (json.dumps(event()).encode(), bad))
    assert (outcome.counts, outcome.response.error) == ((1, 1), "malformed_event")


def test_an_unknown_event_type_has_its_own_reason(doors: RunningDoors, http: httpx.Client) -> None:
    outcome = send(http, event(), event(eventType="EVENT_TYPE_TELEPATHY"), event(eventType=4711))
    assert (outcome.counts, outcome.response.error) == ((1, 2), "unknown_event_type")


def test_a_reject_keeps_the_json_that_was_sent(doors: RunningDoors, http: httpx.Client) -> None:
    bad = event(eventId="17", unheardOf="kept too")
    send(http, bad)
    (refused,) = rejects.load(doors.spooled()[0].rejects)
    assert json.loads(refused.raw) == bad


def test_the_ways_to_write_one_event_are_one_event(doors: RunningDoors, http: httpx.Client) -> None:
    at = now()
    outcome = send(
        http,
        event(timestamp={"millis": at}),
        event(timestamp={"millis": str(at)}),
        event(timestamp={"millis": float(at)}),
        event(timestamp={"millis": at, "nanos": 5}, unheardOf={"a": [1]}, page=None),
        event(timestamp={"millis": at}, click={"position": {"x": "17", "y": 4.0}, "button": 0}),
        {
            "event_id": EVENT_ID,
            "session_id": SESSION,
            "event_type": 20,
            "timestamp": {"millis": at},
            "click": {"position": {"x": 17, "y": 4}, "button": "MOUSE_BUTTON_LEFT"},
        },
    )
    assert outcome.counts == (6, 0)
    wanted = Event(event_id=EVENT_ID, session_id=SESSION, event_type=EventType.EVENT_TYPE_CLICK)
    wanted.timestamp.millis = at
    wanted.click.position.x, wanted.click.position.y = 17, 4
    assert kept_events(doors) == [wanted] * 6


def test_base64_of_both_alphabets_is_read(doors: RunningDoors, http: httpx.Client) -> None:
    replay = {"eventType": "EVENT_TYPE_REPLAY", "click": None}
    texts = ["+/8=", "-_8=", "-_8"]
    outcome = send(http, *(event(**replay, replay={"data": text}) for text in texts))
    assert outcome.counts == (3, 0)
    assert [one.replay.data for one in kept_events(doors)] == [b"\xfb\xff"] * 3


def test_upper_case_and_dashless_ids_are_taken(doors: RunningDoors, http: httpx.Client) -> None:
    ids = [EVENT_ID.upper(), EVENT_ID.replace("-", "")]
    assert send(http, *(event(eventId=one) for one in ids)).counts == (2, 0)


def test_the_client_does_not_choose_the_project(doors: RunningDoors, http: httpx.Client) -> None:
    assert send(http, event(projectId="somebody else's")).counts == (1, 0)
    assert doors.spooled()[0].project_id != "somebody else's"


def test_envelope_fields_have_both_names_and_unknown_ones_pass(
    doors: RunningDoors, http: httpx.Client
) -> None:
    at = now()
    for sent_at in (at, str(at), float(at)):
        for names in (
            ("projectKey", "sdkVersion", "sentAt"),
            ("project_key", "sdk_version", "sent_at"),
        ):
            fields = dict(zip(names, (KEY, "1.2", sent_at), strict=True))
            answer = http.post("/v1/events", json={**fields, "events": [event()], "more": {}})
            assert answer.status_code == 200
    assert {(one.sdk_version, one.sent_at) for one in doors.spooled()} == {("1.2", at)}
    assert len(doors.spooled()) == 6


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "17",
        '"text"',
        '{"events": {}}',
        '{"events": [}',
        '{"events": []} more',
        '{"projectKey": 17}',
        '{"sentAt": 12.5}',
        '{"sentAt": "yesterday"}',
        "[" * 100_000,
        '{"events":' + "[" * 100_000,
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(
    doors: RunningDoors, http: httpx.Client, body: str
) -> None:
    outcome = post(http, body)
    assert outcome.status == 400
    assert outcome.error
    assert "\n" not in outcome.error
    assert doors.spooled() == []


def test_a_batch_without_events_is_an_empty_one(doors: RunningDoors, http: httpx.Client) -> None:
    for body in ("{}", '{"events": null}', '{"events": []}'):
        assert post(http, body).counts == (0, 0)


def test_sixteen_mebibytes_of_nothing_are_refused_for_their_number(
    doors: RunningDoors, http: httpx.Client
) -> None:
    outcome = post(http, '{"events":[' + "{}," * 5_000_000 + "{}]}")
    assert (outcome.status, doors.spooled()) == (413, [])


def test_what_is_kept_of_rejects_is_bounded(doors: RunningDoors, http: httpx.Client) -> None:
    bad = event(eventId=17, page={"title": "é" * 1_500})
    body = json.dumps({"events": [bad] * 4_000}, ensure_ascii=False)
    assert post(http, body.encode()).counts == (0, 4_000)
    (kept,) = doors.spooled()
    assert len(rejects.load(kept.rejects)) == 4_000
    assert kept.size < 10 * 1024 * 1024


def test_json_and_protobuf_of_one_event_are_kept_alike(
    doors: RunningDoors, http: httpx.Client
) -> None:
    sent = EventBatch(events=[click()])
    http.post("/v1/events", content=sent.SerializeToString(), headers={"X-GoSight-Key": KEY})
    from_protobuf = kept_events(doors)
    doors.forget_all()
    one = sent.events[0]
    send(
        http,
        {
            "eventId": one.event_id,
            "sessionId": SESSION,
            "eventType": "EVENT_TYPE_CLICK",
            "timestamp": {"millis": one.timestamp.millis},
            "page": {"url": "https://shop.example/products/17", "path": "/products/17"},
            "click": {"position": {"x": 17, "y": 4}, "target": {"selector": "#buy"}},
        },
    )
    assert kept_events(doors) == from_protobuf
