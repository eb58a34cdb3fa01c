"""Bodies of every writing that SDKs use, and the place where each puts its key."""

import gzip
import json
from base64 import b64encode
from urllib.parse import quote

import pytest

from ingest.errors import BatchTooLargeError, MalformedBatchError
from ingest.formats import routes
from ingest.formats.request import Request
from tests.unit.ingest_formats.recorded import NOW, events, kind, read, request

SESSION = "01a21e72-aa62-73c4-bb5f-6358e319cb7d"
VIEW = {
    "event": "$pageview",
    "api_key": "phc_key",
    "uuid": "01a21e72-aa47-7448-b236-601f57acc8d6",
    "timestamp": "2026-11-27T19:19:20.903Z",
    "distinct_id": "someone",
    "properties": {"$session_id": SESSION, "$current_url": "https://shop.example/cart?a=1"},
}
PLAIN = json.dumps(VIEW).encode()
BODIES = {
    "json": PLAIN,
    "gzip": gzip.compress(PLAIN),
    "base64": b64encode(PLAIN),
    "base64 of gzip": b64encode(gzip.compress(PLAIN)),
    "form": b"data=" + quote(b64encode(PLAIN)).encode(),
    "form of base64 as it is": b"data=" + b64encode(PLAIN) + b"&compression=base64",
    "form of JSON": b"data=" + quote(PLAIN).encode(),
    "list": b"[" + PLAIN + b"]",
}


@pytest.mark.parametrize("path", ["/e/", "/i/v0/e/", "/batch/", "/capture/", "/s/", "/capture"])
@pytest.mark.parametrize("writing", BODIES)
def test_posthog_bodies_say_the_same_however_they_are_written(writing: str, path: str) -> None:
    told = read(request(path, BODIES[writing], {"content-type": "text/plain"}))
    (event,) = told.events
    assert told.project_key == "phc_key"
    assert (event.event_id, event.session_id) == (VIEW["uuid"], SESSION)
    assert event == events(request("/e/", PLAIN))[0]


@pytest.mark.parametrize(
    ("one", "key"),
    [
        (request("/batch", {"api_key": "k1", "batch": [VIEW]}), "k1"),
        (request("/s", [{**VIEW, "api_key": None, "properties": {"token": "k2"}}]), "k2"),
        (request("/v1/track", {"writeKey": "k3", "event": "x", "anonymousId": "a"}), "k3"),
        (
            request(
                "/v1/batch",
                {"batch": [{"type": "track", "event": "x", "userId": "u"}]},
                {"authorization": "Basic " + b64encode(b"k4:").decode()},
            ),
            "k4",
        ),
        (request("/beacon/v1/batch", {"batch": []}, query={"writeKey": "k8"}), "k8"),
        (
            request(
                "/i", query={"aid": "k5", "e": "pv", "duid": "v", "dtm": str(NOW)}, method="GET"
            ),
            "k5",
        ),
        (request("/v1/vitals", [], query={"key": "k6"}), "k6"),
        (
            request("/v1/traces", {"resourceSpans": []}, {"authorization": "Bearer k7"}),
            "k7",
        ),
    ],
    ids=lambda one: one.path if isinstance(one, Request) else one,
)
def test_the_key_is_where_each_sdk_puts_it(one: Request, key: str) -> None:
    assert read(one).project_key == key


@pytest.mark.parametrize(
    "one",
    [
        request("/e/", b"\x1f\x8bnot gzip"),
        request("/e/", b"{"),
        request("/batch/", {"batch": []}),
        request("/v1/track", []),
        request("/v1/batch", {"batch": None}),
        request("/com.snowplowanalytics.snowplow/tp2", {"data": {}}),
        request("/v1/replay", 3),
        request("/v1/traces", b"\x08\x08\x08"),
        request("/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}),
    ],
    ids=lambda one: f"{one.path} {one.body[:12]!r}",
)
def test_a_body_that_is_none_is_refused_whole(one: Request) -> None:
    with pytest.raises(MalformedBatchError):
        read(one)


def test_too_many_events_are_refused_whole() -> None:
    with pytest.raises(BatchTooLargeError):
        read(request("/batch/", {"api_key": "k", "batch": [VIEW] * 5_001}))


@pytest.mark.parametrize(
    "broken",
    [
        {},
        None,
        3,
        {**VIEW, "timestamp": "yesterday"},
        {**VIEW, "properties": {"$session_id": "\ud83d"}},
        {"event": "$autocapture", "properties": {"$session_id": SESSION, "$elements": [1]}}
        | {"properties": {"$session_id": SESSION, "$event_type": "click", "$elements": [1]}},
        {"event": "lonely", "properties": {}},
    ],
    ids=str,
)
def test_a_message_that_cannot_be_read_costs_itself_alone(broken: object) -> None:
    bad, good = read(request("/batch/", {"api_key": "k", "batch": [broken, VIEW]})).events
    assert "detail" in dir(bad)
    assert good.event_id == VIEW["uuid"]


@pytest.mark.parametrize("name", ["sent_at", "sentAt"])  # PostHog's libraries write both
def test_when_a_body_was_sent_is_read(name: str) -> None:
    body = {"batch": [VIEW], name: "2026-11-27T19:19:21Z"}
    assert read(request("/batch/", body)).sent_at == 1_795_807_161_000


@pytest.mark.parametrize(
    "path",
    [
        "/array/gs_key/config",
        "/array/gs_key/config.js",
        "/flags/",
        "/decide",
        "/v1/projects/k/settings",
    ],
)
def test_sdks_are_told_what_they_ask_before_they_begin(path: str) -> None:
    found = routes.find(path, "GET")
    assert found is not None
    assert found.route.tell is not None
    one = request(path, headers={"host": "door.example"}, query={"token": "gs_key"}, method="GET")
    answer = found.route.tell(one, found.named, None)
    assert answer.status == 200
    said = b"door.example/v1" if "settings" in path else b'"token":"gs_key"'
    assert said in answer.body


def test_a_script_that_is_not_here_is_answered_with_what_to_do() -> None:
    found = routes.find("/static/recorder.js", "GET")
    assert found is not None
    assert found.route.tell is not None
    answer = found.route.tell(request("/static/recorder.js"), found.named, None)
    assert answer.status == 404
    assert b"HXI_INGEST_SDK_DIR" in answer.body


def test_names_of_the_sdk_itself_are_signals_and_those_of_the_site_are_custom() -> None:
    named = [{**VIEW, "event": name, "uuid": None} for name in ("$feature_flag_called", "Bought")]
    told = events(request("/batch/", {"api_key": "k", "batch": named}))
    assert [kind(event) for event in told] == ["sdk_signal", "custom"]
