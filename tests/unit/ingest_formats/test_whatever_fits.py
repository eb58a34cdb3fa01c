"""Whatever stands in a field of an SDK's message costs that message at most: no adapter breaks."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from gosight.events_pb2 import Event

from ingest.decode.checks import fault_of
from ingest.decode.envelope import Envelope
from ingest.errors import BatchTooLargeError, MalformedBatchError
from tests.unit.ingest_formats.recorded import NOW, read, request
from tests.unit.ingest_formats.test_request_bodies import SESSION, VIEW
from tests.unit.ingest_formats.test_spans import DOCUMENT

TRIES = 1_000
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, -(2**63), 2**64, 10**400, "", " ", "\0", "\ud83d", "%"),
    *([], {}, [[]], [{}], {"": None}, "null", "NaN", "1e999", "{", "[1,", "eyJhIjoxfQ", "é" * 999),
    *("0000-00-00", "9999-12-31T23:59:60Z", "2026-11-27T19:19:20.903+99:99", "1970-01-01", SESSION),
    *("https://[::1", "javascript:", "//", "https://s.test/%E9?%", "a" * 70_000, "$pageview"),
    *([1, "a", None], {"a": {"b": [{}]}}, {"x": 1, "y": "2"}, [{"type": 3, "timestamp": None}]),
)
SEEN = {"$session_id": SESSION, "$window_id": SESSION, "$current_url": "https://s.test/a"}
TAG = {"tag_name": "a", "attr__class": "btn", "nth_child": 1, "$el_text": "Pay"}
FRAME = {"type": 2, "data": {"node": {"id": 1, "childNodes": []}}, "timestamp": NOW}
CLICK = {"type": 3, "data": {"source": 2, "type": 2, "id": 1, "x": 1, "y": 2}, "timestamp": NOW}
SAID: dict[str, dict[str, Any]] = {
    "$autocapture": {"$event_type": "click", "$elements": [TAG], "$el_text": "Pay"},
    "$snapshot": {"$snapshot_data": [FRAME, CLICK], "$snapshot_bytes": 9},
    "$web_vitals": {"$web_vitals_LCP_value": 1200, "$web_vitals_CLS_value": 0.1},
    "$$heatmap": {"$heatmap_data": {"https://s.test/a": [{"x": 1, "y": 2, "type": "click"}]}},
    "$exception": {"$exception_list": [{"type": "E", "value": "no", "stacktrace": {"frames": []}}]},
    "$identify": {"$set": {"email": "a@b.test"}, "$anon_distinct_id": "x"},
    "$rageclick": {"$elements_chain": 'a.btn:nth-child="1"text="Pay"'},
    "bought": {"price": 3, "$lib": "web"},
}
TRACKED = {
    "type": "track",
    "event": "bought",
    "messageId": "m1",
    "anonymousId": "a",
    "userId": "u",
    "timestamp": "2026-11-27T19:19:20.903Z",
    "properties": {"price": 3, "url": "https://s.test/a"},
    "context": {
        "page": {"url": "https://s.test/a", "path": "/a", "referrer": ""},
        "campaign": {"source": "x"},
        "sessionId": 1,
        "screen": {"width": 9},
    },
}
PAYLOAD = {
    "e": "pv",
    "eid": SESSION,
    "dtm": str(NOW),
    "stm": str(NOW),
    "aid": "k",
    "tv": "js-3",
    "duid": "d",
    "sid": SESSION,
    "uid": "u",
    "url": "https://s.test/a",
    "refr": "",
    "vp": "9x9",
    "page": "A",
    "pp_mix": "0",
    "pp_may": "9",
    "ds": "9x99",
    "se_ca": "c",
    "se_ac": "a",
    "ue_pr": '{"data":{"schema":"iglu:a/link_click/jsonschema/1-0-0","data":{}}}',
    "co": "",
}
CASES: dict[str, tuple[str, Any]] = {
    "posthog": (
        "/batch/",
        {
            "api_key": "k",
            "sent_at": "2026-11-27T19:19:21Z",
            "batch": [
                VIEW,
                *({**VIEW, "event": e, "properties": SEEN | s} for e, s in SAID.items()),
            ],
        },
    ),
    "segment": (
        "/v1/batch",
        {
            "writeKey": "k",
            "sentAt": "2026-11-27T19:19:21Z",
            "batch": [{**TRACKED, "type": kind} for kind in ("track", "page", "identify", "alias")],
        },
    ),
    "snowplow": (
        "/com.snowplowanalytics.snowplow/tp2",
        {"data": [{**PAYLOAD, "e": kind} for kind in ("pv", "pp", "se", "ue")]},
    ),
    "rrweb": (
        "/v1/replay",
        {"session": SESSION, "href": "https://s.test/a", "w": 9, "h": 9, "events": [FRAME, CLICK]},
    ),
    "vitals": (
        "/v1/vitals",
        [{"session": SESSION, "href": "https://s.test/a", "at": NOW, "name": "LCP", "value": 1200}],
    ),
    "spans": ("/v1/traces", DOCUMENT),
}


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every field of a document: what holds it and its key."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], (dict, list)):
            yield from places(node[key])


def soiled(document: Any, rng: random.Random) -> Any:
    """A copy with one to three fields that hold something else, or are missing."""
    copy = deepcopy(document)
    for _ in range(rng.randint(1, 3)):
        holder, key = rng.choice([*places(copy)] or [(copy, None)])
        if isinstance(holder, dict) and rng.random() < 0.2:
            holder.pop(key, None)
        elif key is not None:
            holder[key] = deepcopy(rng.choice(ODD))
    return copy


@pytest.mark.parametrize("sdk", CASES)
def test_odd_values_cost_their_message_or_their_body_and_nothing_else(sdk: str) -> None:
    path, document = CASES[sdk]
    rng = random.Random(sdk)
    read_ones = 0
    for _ in range(TRIES):
        body = soiled(document, rng)
        try:
            told = read(request(path, body))
        except (MalformedBatchError, BatchTooLargeError):
            continue
        read_ones += check(told)
    assert read_ones > TRIES // 2


def check(told: Envelope) -> int:
    """Each event is either judged, and then fits the wire, or says why it is none."""
    kept = [event for event in told.events if isinstance(event, Event)]
    for event in kept:
        fault_of(event, NOW, backfill=False)
        assert Event.FromString(event.SerializeToString()) == event or "nan" in str(event)
    return len(told.events)
