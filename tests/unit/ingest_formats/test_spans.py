"""OpenTelemetry: the same spans as protobuf and as JSON are the same requests and page loads."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ingest.formats.request import Request
from ingest.formats.routes import find
from tests.unit.ingest_formats.recorded import (
    NOW,
    as_protobuf,
    events,
    kind,
    of_kind,
    otlp_visit,
    request,
)

SESSION = "01a21e72-aa62-73c4-bb5f-6358e319cb7d"
START = NOW - 60_000


def nanos(at: int) -> str:
    return str(at * 1_000_000)


def attribute(name: str, value: str | int) -> dict[str, Any]:
    kept: dict[str, Any] = {"intValue": value} if isinstance(value, int) else {"stringValue": value}
    return {"key": name, "value": kept}


def span(name: str, number: int, kind: int, moments: dict[str, int], **said: Any) -> dict[str, Any]:
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": name,
        "kind": kind,
        "startTimeUnixNano": nanos(START),
        "endTimeUnixNano": nanos(START + 250),
        "attributes": [attribute(key.replace("__", "."), value) for key, value in said.items()],
        "events": [
            {"name": moment, "timeUnixNano": nanos(START + after)}
            for moment, after in moments.items()
        ],
    }


LOADED = {"fetchStart": 5, "domContentLoadedEventEnd": 105, "loadEventEnd": 205}
SPANS = [
    span("documentLoad", 1, 1, LOADED, http__url="https://shop.example/cart"),
    span(
        "documentFetch",
        2,
        1,
        {"fetchStart": 5, "responseStart": 45},
        http__url="https://shop.example/cart",
    ),
    span(
        "HTTP POST",
        3,
        3,
        {},
        http__method="POST",
        http__url="https://shop.example/api",
        http__status_code=500,
    ),
    span("resourceFetch", 4, 1, {}, http__url="https://shop.example/a.png"),
]
DOCUMENT = {
    "resourceSpans": [
        {
            "resource": {"attributes": [attribute("session.id", SESSION)]},
            "scopeSpans": [
                {"scope": {"name": "@opentelemetry/instrumentation-fetch"}, "spans": SPANS}
            ],
        }
    ]
}


def test_spans_are_page_views_loads_and_requests() -> None:
    told = events(request("/v1/traces", DOCUMENT))
    assert [kind(event) for event in told] == [
        "page_view",
        "page_load",
        "page_load",
        "fetch_request",
    ]
    assert {event.session_id for event in told} == {SESSION}
    view, load, fetched, called = told
    assert (view.page_view.page_path, view.timestamp.millis) == ("/cart", START)
    assert (load.performance.dom_content_loaded, load.performance.load_complete) == (100, 200)
    assert fetched.performance.ttfb == 40
    assert (called.network_request.status, called.network_request.duration_ms) == (500, 250)
    assert called.timestamp.millis == START + 250


def test_protobuf_says_the_same_as_json() -> None:
    sent = as_protobuf(request("/v1/traces", DOCUMENT))
    zipped = replace(sent, body=gzip.compress(sent.body))
    assert events(zipped) == events(request("/v1/traces", DOCUMENT))


def test_each_writing_is_answered_in_its_own() -> None:
    found = find("/v1/traces", "POST")
    assert found is not None
    one = request("/v1/traces", DOCUMENT)
    assert found.route.thanks(one).content_type == "application/json"
    answer = found.route.thanks(as_protobuf(one))
    assert answer.content_type == "application/x-protobuf"
    assert ExportTraceServiceResponse.FromString(answer.body) == ExportTraceServiceResponse()


@pytest.mark.parametrize("written", [lambda one: one, as_protobuf])
def test_a_browsers_visit_is_its_pages_and_requests(written: Callable[[Request], Request]) -> None:
    told = [event for one in otlp_visit() for event in events(written(one))]
    assert len({event.session_id for event in told}) == 1
    viewed = [event.page_view.page_path for event in of_kind(told, "page_view")]
    assert viewed == ["/otlp/", "/otlp/product", "/otlp/checkout"]
    requests = [event.network_request for event in of_kind(told, "fetch_request")]
    assert [(one.method, one.status) for one in requests] == [
        ("POST", 500),
        ("GET", 404),
        ("POST", 200),
    ]
    loads = of_kind(told, "page_load")
    assert [bool(one.performance.ttfb) for one in loads] == [True, False] * 3
    assert all(one.performance.load_complete for one in loads[1::2])
