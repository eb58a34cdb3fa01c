"""OpenTelemetry: the same spans as protobuf and as JSON are the same requests and page loads."""

import gzip
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.unit.ingest_formats.recorded import NOW, events, kind, request

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


def as_protobuf() -> bytes:
    """Ids are bytes there, which protobuf's JSON writes in base64."""
    message = ExportTraceServiceRequest()
    spans = [{**one, "traceId": "", "spanId": "", "kind": "SPAN_KIND_CLIENT"} for one in SPANS]
    scope = {"scope": {"name": "@opentelemetry/instrumentation-fetch"}, "spans": spans}
    resource = DOCUMENT["resourceSpans"][0]["resource"]
    ParseDict({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}, message)
    for one, made in zip(SPANS, message.resource_spans[0].scope_spans[0].spans, strict=True):
        made.trace_id, made.span_id = bytes.fromhex(one["traceId"]), bytes.fromhex(one["spanId"])
        made.kind = one["kind"]
    return message.SerializeToString()


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
    headers = {"content-type": "application/x-protobuf"}
    sent = request("/v1/traces", gzip.compress(as_protobuf()), headers)
    assert events(sent) == events(request("/v1/traces", DOCUMENT))
